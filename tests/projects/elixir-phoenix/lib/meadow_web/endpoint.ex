defmodule MeadowWeb.Endpoint do
  use Phoenix.Endpoint, otp_app: :meadow

  plug Plug.RequestId
  plug Plug.Parsers, parsers: [:urlencoded, :json], json_decoder: Phoenix.json_library()
  plug MeadowWeb.Router
end
