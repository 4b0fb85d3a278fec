class BookingsController < ApplicationController
  def index
    @bookings = Booking.order(:starts_at)
  end

  def new
    @booking = Booking.new
  end

  def create
    @booking = Booking.new(params.expect(booking: %i[name starts_at]))
    if @booking.save
      redirect_to bookings_path, notice: "Booked"
    else
      render :new, status: :unprocessable_entity
    end
  end
end
