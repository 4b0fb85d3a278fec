defmodule Lantern.MixProject do
  use Mix.Project

  def project do
    [
      app: :lantern,
      version: "0.2.0",
      elixir: "~> 1.18",
      start_permanent: Mix.env() == :prod,
      deps: [],
      releases: [lantern: [include_executables_for: [:unix]]]
    ]
  end

  def application, do: [mod: {Lantern, []}, extra_applications: [:logger]]
end
