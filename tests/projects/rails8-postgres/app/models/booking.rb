class Booking < ApplicationRecord
  validates :name, :starts_at, presence: true
end
