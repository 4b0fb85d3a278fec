defmodule Doorbell.MixProject do
  use Mix.Project

  def project do
    [
      app: :doorbell,
      version: "1.1.0",
      elixir: "~> 1.16",
      deps: [
        {:bandit, "~> 1.6"},
        {:plug, "~> 1.16"},
        {:redix, "~> 1.5"}
      ],
      releases: [door: [include_executables_for: [:unix]]]
    ]
  end

  def application, do: [mod: {Doorbell, []}, extra_applications: [:logger]]
end
