defmodule Lantern do
  @moduledoc "Answers every request by itself: there is nothing to fetch before it runs."
  use Application

  @impl true
  def start(_type, _arguments) do
    port = Application.fetch_env!(:lantern, :port)
    children = [{Task.Supervisor, name: Lantern.Requests}, {Lantern.Listener, port}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
