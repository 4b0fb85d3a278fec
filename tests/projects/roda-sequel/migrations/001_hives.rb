Sequel.migration do
  change do
    create_table :hives do
      primary_key :id
      Float :weight
    end
  end
end
