module V1
  class PassagesController < ActionController::API
    before_action :authenticate

    def index
      render json: Passage.last(50)
    end

    def create
      passage = Passage.create!(params.require(:passage).permit(:plate, :gate))
      render json: passage, status: :created
    end

    private

    def authenticate
      token = request.headers["Authorization"].to_s.delete_prefix("Bearer ")
      JWT.decode(token, Rails.configuration.x.jwt_secret, true, algorithm: "HS256")
    rescue JWT::DecodeError
      head :unauthorized
    end
  end
end
