require "roda"
require_relative "db"

class Beekeeper < Roda
  plugin :json
  plugin :json_parser
  plugin :all_verbs

  route do |r|
    r.root { { hives: DB[:hives].count } }

    r.get("health") { { ok: DB.test_connection } }

    r.on "hives", Integer do |id|
      hive = DB[:hives].where(id: id)
      r.get { hive.first }
      r.patch { hive.update(weight: r.params["weight"]) && hive.first }
    end
  end
end
