defmodule Meadow.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = [Meadow.Repo, {Phoenix.PubSub, name: Meadow.PubSub}, MeadowWeb.Endpoint]
    Supervisor.start_link(children, strategy: :one_for_one, name: Meadow.Supervisor)
  end
end
