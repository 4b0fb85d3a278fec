defmodule Doorbell do
  use Application

  @impl true
  def start(_type, _args) do
    port = String.to_integer(System.get_env("PORT", "4040"))
    redis = System.get_env("REDIS_URL", "redis://localhost:6379")

    Supervisor.start_link(
      [
        {Redix, {redis, [name: :redix]}},
        {Bandit, plug: Doorbell.Router, port: port}
      ],
      strategy: :one_for_one
    )
  end
end
