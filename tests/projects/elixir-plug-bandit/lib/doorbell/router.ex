defmodule Doorbell.Router do
  use Plug.Router

  plug :match
  plug :dispatch

  get "/ready" do
    case Redix.command(:redix, ["PING"]) do
      {:ok, "PONG"} -> send_resp(conn, 200, "ready")
      _ -> send_resp(conn, 503, "no redis")
    end
  end

  post "/ring/:door" do
    Redix.command!(:redix, ["PUBLISH", "rings", door])
    send_resp(conn, 204, "")
  end

  match _ do
    send_resp(conn, 404, "")
  end
end
