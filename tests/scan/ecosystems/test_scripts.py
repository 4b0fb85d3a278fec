# ruff: noqa: E501 - a table of file contents reads better unbroken
"""Projects of Perl, Lua, R and Julia: how they start, listen, and what they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind
from deploydeck.scan.parsers.script_projects import PARSERS
from tests.scan.ecosystems.cases import check_broken, check_project

CASES: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "mojolicious": (
        {
            "cpanfile": "requires 'perl', '5.026';\nrequires 'Mojolicious', '>= 9.0';\nrequires 'Mojo::Pg';\non 'test' => sub {\n  requires 'Test::More', '0.98';\n};\n",
            "myapp.pl": "#!/usr/bin/env perl\nuse Mojolicious::Lite -signatures;\nmy $k = $ENV{API_BASE} // 'http://x';\nmy $z = $ENV{DB} or die 'x';\nget '/health' => sub ($c) { 1 };\napp->start;\n",
            "cpanfile.snapshot": "# carton\nDISTRIBUTIONS\n  Mojolicious-9.35\n    pathname: S/x\n    provides:\n      Mojo 0\n",
        },
        {
            "framework": "mojolicious",
            "version": "9.35",
            "start": "carton exec perl myapp.pl daemon -m production -l http://{host}:{port}",
            "port": 3000,
            "health": "/health",
            "services": ["postgresql"],
            "variables": {"API_BASE": "http://x", "DB": "required"},
        },
    ),
    "dancer2": (
        {
            "cpanfile": "requires 'Dancer2';\nrequires 'Starman';",
            "bin/app.psgi": "use Foo;\nFoo->to_app;",
            "lib/Foo.pm": "package Foo;\nuse Dancer2;\nget '/' => sub { 1 };\n1;",
        },
        {"framework": "dancer2", "start": "starman --listen {host}:{port} bin/app.psgi", "port": 5000},
    ),
    "lapis": (
        {
            "app-1.0-1.rockspec": 'package = "app"\nversion="1.0-1"\ndependencies = {\n "lua >= 5.1",\n "lapis ~> 1.14",\n "pgmoon"\n}\n',
            "app.lua": 'local lapis = require("lapis")\nlocal app = lapis.Application()\napp:get("/health", function() return "x" end)\nlocal x = os.getenv("FOO") or "bar"\n',
            "config.lua": 'local config = require("lapis.config")\nconfig("production", {\n port = 9090,\n postgres = {\n  host = "x", port = 5432\n }\n})',
        },
        {
            "framework": "lapis",
            "start": "lapis server production",
            "port": 9090,
            "services": ["postgresql"],
            "variables": {"FOO": "bar"},
        },
    ),
    "openresty": (
        {
            "nginx.conf": "events{}\nhttp {\n server {\n  listen 8081;\n  location /health {\n   content_by_lua_block { ngx.say('ok') }\n }\n }\n}",
            "lua/x.lua": 'local redis = require "resty.redis"\n',
        },
        {"framework": "openresty", "start": "openresty -p . -c nginx.conf -g daemon off;", "port": 8081, "services": ["redis"]},
    ),
    "shiny": (
        {
            "app.R": 'library(shiny)\nx <- Sys.getenv("DB_HOST", "localhost")\ny <- Sys.getenv("KEYX")\nshinyApp(ui, server)\n',
            "renv.lock": '{\n "R": {\n  "Version": "4.3.1"\n },\n "Packages": {\n  "shiny": {\n   "Package": "shiny",\n   "Version": "1.8.0"\n  }\n }\n}',
        },
        {
            "framework": "shiny",
            "version": "1.8.0",
            "start": "Rscript -e shiny::runApp('.', host='{host}', port={port})",
            "port": 3838,
            "runtime": "4.3.1",
            "dependencies": {"shiny": "1.8.0"},
        },
    ),
    "plumber": (
        {
            "plumber.R": "library(plumber)\n#* @get /health\nfunction() 'ok'\n",
            "DESCRIPTION": "Package: api\nImports:\n    plumber (>= 1.2.0),\n    RPostgres\nDepends: R (>= 4.1.0)\nSuggests: testthat\n",
        },
        {"framework": "plumber", "port": 8000, "health": "/health", "services": ["postgresql"]},
    ),
    "plumber by a script": (
        {
            "api.R": "#* @get /health\nfunction() 'ok'\n",
            "run.R": "library(plumber)\npr('api.R') |> pr_run(host = '0.0.0.0', port = as.numeric(Sys.getenv('PORT', '8080')))\n",
        },
        {"framework": "plumber", "start": "Rscript run.R", "env": True, "port": 8080},
    ),
    "genie": (
        {
            "Project.toml": 'name = "A"\n[deps]\nGenie = "c43c736e-a2d1-11e8-161f-af95117fbd1e"\nLibPQ = "1"\n[compat]\nGenie = "5"\njulia = "1.9"\n',
            "Manifest.toml": 'julia_version = "1.10.2"\nmanifest_format = "2.0"\n[[deps.Genie]]\nversion = "5.30.1"\n',
            "app.jl": 'using Genie, HTTP\nroute("/health") do\n "x"\nend\nk = ENV["SECRETY"]\np = parse(Int, get(ENV, "PORT", "8002"))\nup(p, "0.0.0.0", async=false)\n',
        },
        {"framework": "genie", "version": "5.30.1", "start": "julia --project=. app.jl", "port": 8002, "runtime": "1.10.2"},
    ),
    "oxygen": (
        {
            "Project.toml": '[deps]\nOxygen = "x"\n',
            "src/server.jl": 'using Oxygen\n@get "/health" function(req)\nend\nserve(host="0.0.0.0", port=8090)\n',
        },
        {"framework": "oxygen", "start": "julia --project=. src/server.jl", "port": 8090},
    ),
    "http": (
        {
            "Project.toml": '[deps]\nHTTP = "x"\n',
            "server.jl": 'using HTTP\nHTTP.serve(r, "0.0.0.0", 8085)\n',
        },
        {"framework": None, "start": "julia --project=. server.jl", "port": 8085},
    ),
    "an r package": (
        {
            "DESCRIPTION": "Package: lib\nImports: dplyr\n",
            "R/a.R": "f <- function() 1\n",
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
