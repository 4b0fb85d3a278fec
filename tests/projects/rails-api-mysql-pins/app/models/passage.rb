class Passage < ActiveRecord::Base
  validates :plate, :gate, presence: true
end
