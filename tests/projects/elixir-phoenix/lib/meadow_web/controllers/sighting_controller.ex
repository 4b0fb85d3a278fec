defmodule MeadowWeb.SightingController do
  use Phoenix.Controller, formats: [:json]
  import Plug.Conn
  import Ecto.Query

  def health(conn, _params), do: send_resp(conn, 200, "ok")

  def index(conn, _params) do
    json(conn, Meadow.Repo.all(from s in "sightings", select: %{species: s.species, at: s.at}, limit: 50))
  end
end
