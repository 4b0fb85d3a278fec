# ruff: noqa: E501 - a table of file contents reads better unbroken
"""Projects of the BEAM: how they start, listen, build, and what they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind
from deploydeck.scan.parsers.beam_project import PARSERS
from tests.scan.ecosystems.cases import check_broken, check_project

CASES: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "phoenix": (
        {
            "mix.exs": 'defmodule Shop.MixProject do\n  use Mix.Project\n\n  def project do\n    [\n      app: :shop,\n      version: "0.1.0",\n      elixir: "~> 1.14",\n      aliases: aliases(),\n      deps: deps()\n    ]\n  end\n\n  def application do\n    [mod: {Shop.Application, []}, extra_applications: [:logger]]\n  end\n\n  defp deps do\n    [\n      {:phoenix, "~> 1.7.10"},\n      {:postgrex, ">= 0.0.0"},\n      {:bandit, "~> 1.2"},\n      {:heroicons, github: "tailwindlabs/heroicons", tag: "v2.1.1", sparse: "optimized", app: false, compile: false, depth: 1},\n      {:credo, "~> 1.7", only: [:dev, :test], runtime: false},\n      {:local, path: "../local"}\n    ]\n  end\n\n  defp aliases do\n    ["assets.deploy": ["tailwind shop --minify", "phx.digest"]]\n  end\nend\n',
            "mix.lock": '%{\n  "bandit": {:hex, :bandit, "1.5.0", "3b", [:mix], [], "hexpm", "x"},\n  "phoenix": {:hex, :phoenix, "1.7.12", "1c", [:mix], [], "hexpm", "y"},\n  "heroicons": {:git, "https://github.com/x", "88ab3a0d", [tag: "v2"]},\n}\n',
            "config/runtime.exs": 'import Config\nif System.get_env("PHX_SERVER") do\n  config :shop, ShopWeb.Endpoint, server: true\nend\nif config_env() == :prod do\n  database_url =\n    System.get_env("DATABASE_URL") ||\n      raise """\n      environment variable DATABASE_URL is missing.\n      """\n  maybe_ipv6 = if System.get_env("ECTO_IPV6") in ~w(true 1), do: [:inet6], else: []\n  config :shop, Shop.Repo, url: database_url, pool_size: String.to_integer(System.get_env("POOL_SIZE") || "10")\n  host = System.get_env("PHX_HOST") || "example.com"\n  port = String.to_integer(System.get_env("PORT") || "4000")\n  k = System.fetch_env!("SIGNING_SALT2")\n  z = System.get_env("REGION", "eu")\n  config :shop, ShopWeb.Endpoint,\n    url: [host: host, port: 443, scheme: "https"],\n    http: [ip: {0, 0, 0, 0, 0, 0, 0, 0}, port: port]\nend\n',
            "config/dev.exs": "import Config\nconfig :shop, ShopWeb.Endpoint, http: [ip: {127, 0, 0, 1}, port: 4010]\n",
            "config/test.exs": "import Config\nconfig :shop, ShopWeb.Endpoint, http: [ip: {127, 0, 0, 1}, port: 4002]\n",
            "lib/shop_web/endpoint.ex": "defmodule ShopWeb.Endpoint do\n use Phoenix.Endpoint, otp_app: :shop\nend",
            "lib/shop_web/router.ex": 'defmodule ShopWeb.Router do\n use ShopWeb, :router\n scope "/api", ShopWeb do\n pipe_through :api\n get "/health", HealthController, :index\n resources "/users", U do\n get "/x", X, :y\n end\n end\n scope "/", ShopWeb do\n live "/", HomeLive\n end\nend',
            "lib/shop/repo.ex": "defmodule Shop.Repo do\n use Ecto.Repo, otp_app: :shop, adapter: Ecto.Adapters.Postgres\nend",
        },
        {
            "framework": "phoenix",
            "version": "1.7.12",
            "start": "env PHX_SERVER=true _build/prod/rel/shop/bin/shop start",
            "build": "mix release",
            "port": 4000,
            "health": "/api/health",
            "runtime": "1.18",
            "services": ["postgresql"],
            "development": ["credo"],
        },
    ),
    "plug": (
        {
            "mix.exs": 'defmodule A.MixProject do\n use Mix.Project\n def project do\n [app: :api, elixir: "~> 1.15", deps: deps()]\n end\n def application do\n [mod: {A, []}]\n end\n defp deps do\n [{:plug_cowboy, "~> 2.0"}]\n end\nend',
            "lib/a.ex": 'defmodule A do\n def start(_, _) do\n port = String.to_integer(System.get_env("PORT", "8080"))\n children = [{Plug.Cowboy, scheme: :http, plug: A.Router, options: [port: port]}]\n end\nend',
            "lib/router.ex": 'defmodule A.Router do\n use Plug.Router\n get "/health" do\n send_resp(conn, 200, "ok")\n end\nend',
        },
        {"framework": "plug", "start": "_build/prod/rel/api/bin/api start", "env": True, "port": 8080, "health": "/health"},
    ),
    "cowboy": (
        {
            "rebar.config": '{erl_opts, [debug_info]}.\n{minimum_otp_vsn, "26"}.\n%% {deps, [nope]}.\n{deps, [\n  {cowboy, "2.10.0"},\n  jsx,\n  {x, {git, "https://github.com/a/b.git", {tag, "1.0"}}}\n]}.\n{relx, [{release, {hello, "0.1.0"}, [hello, sasl]}, {mode, dev}]}.\n{profiles, [{prod, [{relx, [{mode, prod}]}]}, {test, [{deps, [meck]}]}]}.\n',
            "rebar.lock": '{"1.2.0",\n[{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.10.0">>},0},\n {<<"cowlib">>,{pkg,<<"cowlib">>,<<"2.12.1">>},1}]}.\n',
            "src/hello.app.src": "{application, hello, [{mod, {hello_app, []}}]}.",
            "src/hello_app.erl": '-module(hello_app).\nstart(_, _) ->\n Dispatch = cowboy_router:compile([{\'_\', [{"/health", health_h, []}]}]),\n P = os:getenv("GREETING", "hi"),\n {ok, _} = cowboy:start_clear(http, [{port, 8081}], #{}).\n',
        },
        {
            "framework": "cowboy",
            "language": "erlang",
            "start": "_build/prod/rel/hello/bin/hello foreground",
            "build": "rebar3 as prod release",
            "port": 8081,
            "health": "/health",
            "development": ["meck"],
        },
    ),
    "wisp": (
        {
            "gleam.toml": 'name = "app"\nversion = "1.0.0"\ngleam = ">= 1.4.0"\n[dependencies]\ngleam_stdlib = ">= 0.34.0 and < 2.0.0"\nwisp = ">= 1.0.0 and < 2.0.0"\nmist = ">= 1.0.0"\n[dev-dependencies]\ngleeunit = ">= 1.0.0"\n',
            "manifest.toml": 'packages = [\n  { name = "wisp", version = "1.2.0", build_tools = ["gleam"], requirements = [] },\n]\n',
            "src/app.gleam": 'import wisp\nimport mist\nimport envoy\npub fn main() {\n  let port = envoy.get("PORT") |> result.try(int.parse) |> result.unwrap(8000)\n  let assert Ok(secret) = envoy.get("SECRET_X")\n  wisp_mist.handler(h, secret)\n  |> mist.new\n  |> mist.port(port)\n  |> mist.start_http\n}\nfn h(req) {\n  case wisp.path_segments(req) {\n    [] -> wisp.ok()\n    ["health"] -> wisp.ok()\n  }\n}\n',
        },
        {
            "framework": "wisp",
            "language": "gleam",
            "start": "./build/erlang-shipment/entrypoint.sh run",
            "build": "gleam export erlang-shipment",
            "port": 8000,
            "health": "/health",
        },
    ),
    "umbrella": (
        {
            "mix.exs": 'defmodule U.MixProject do\n use Mix.Project\n def project do\n [apps_path: "apps", deps: deps()]\n end\n defp deps, do: []\nend',
            "apps/web/mix.exs": 'defmodule W.MixProject do\n use Mix.Project\n def project do\n [app: :web, deps: deps()]\n end\n def application do\n [mod: {W, []}]\n end\n defp deps do\n [{:phoenix, "~> 1.7"}, {:core, in_umbrella: true}]\n end\nend',
            "apps/web/lib/web_web/endpoint.ex": "defmodule E do\nuse Phoenix.Endpoint\nend",
            "apps/core/mix.exs": "defmodule C.MixProject do\n def project do\n [app: :core]\n end\nend",
        },
        {"framework": "phoenix", "start": "_build/prod/rel/web/bin/web start", "port": 4000},
    ),
    "a library": (
        {
            "mix.exs": 'defmodule L.MixProject do\n def project do\n [app: :lib, elixir: "~> 1.12", deps: deps()]\n end\n defp deps do\n [{:plug, "~> 1.0", optional: true}, {:jason, "~> 1.0"}]\n end\nend',
            "lib/l.ex": "defmodule L do\nend",
        },
        {"framework": None, "kind": Kind.NONE, "start": None},
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_project(name: str, tmp_path: Path) -> None:
    check_project(tmp_path, *CASES[name])


@pytest.mark.parametrize("pattern", sorted({parser.pattern for parser in PARSERS}))
def test_a_broken_file_is_broken_and_nothing_else(pattern: str) -> None:
    check_broken(PARSERS, pattern)
