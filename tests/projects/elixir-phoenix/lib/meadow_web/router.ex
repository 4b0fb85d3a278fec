defmodule MeadowWeb.Router do
  use Phoenix.Router

  pipeline :api do
    plug :accepts, ["json"]
  end

  scope "/", MeadowWeb do
    pipe_through :api

    get "/health", SightingController, :health
    resources "/sightings", SightingController, only: [:index]
  end
end
