"""What real projects of Ruby, PHP, Elixir, Perl, R, Crystal, Julia and of several languages showed, in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind
from deploydeck.scan.commands import parse_command
from deploydeck.scan.document import scan_document
from deploydeck.scan.facts import Broken
from deploydeck.scan.parsers.ruby_project import gemfile
from tests.clock import quick
from tests.scan.trees import codes, scan

COMPOSER = '{"require": {"php": "^8.2", "slim/slim": "4.14.0"}, "scripts": {"start": "php -S localhost:8080 -t public"}}'
SERVED = "<?php\n$app = Slim\\Factory\\AppFactory::create();\n$app->run();\n"


def test_dependencies_in_the_project_function(tmp_path: Path) -> None:
    mix = 'defmodule D do\n def project do\n [app: :d, deps: [{:plug, "~> 1.16"}, {:credo, "1.0", only: :dev}]]\n end\nend\n'
    profile = scan(tmp_path, {"mix.exs": mix})
    assert {one.name: one.development for one in profile.dependencies} == {"plug": False, "credo": True}


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("perl app.pl prefork -l http://*:8089", ("perl", "app.pl", "prefork", "-l", "http://*:{port}")),
        ("R -e \"shiny::runApp('a.R', port = 80)\"", ("R", "-e", "shiny::runApp('a.R', port = 80)")),
        ("R -e 'pr$run(port=8000)'", ("R", "-e", "pr$run(port=8000)")),
        ("node *.js", ("sh", "-c", "exec node *.js")),
        ('node "$MAIN"', ("sh", "-c", 'exec node "$MAIN"')),
    ],
)
def test_which_commands_need_a_shell(text: str, argv: tuple[str, ...]) -> None:
    command = parse_command(text)
    assert command is not None
    assert command.argv == argv


def test_a_line_for_a_shell_is_told_as_it_was_written(tmp_path: Path) -> None:
    files = {"Gemfile": 'gem "sinatra"\ngem "puma"\n', "config.ru": "run Sinatra::Application\n"}
    files["Procfile"] = "web: bundle exec puma -p ${PORT:-3000} -e ${RACK_ENV}\n"
    document = scan_document(scan(tmp_path, files))
    assert document.start_command is not None
    assert document.start_command.value == "bundle exec puma -p ${PORT:-3000} -e ${RACK_ENV}"
    assert not document.conflicts  # puma in the Gemfile is what the Procfile starts


def test_a_framework_that_is_only_listed(tmp_path: Path) -> None:
    files = {"cpanfile": "requires 'Mojolicious';\nrequires 'Dancer2';\n", "app.pl": "use Mojolicious::Lite;\nget '/' => sub {};\n"}
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert profile.framework.value.id == "mojolicious"
    assert "framework-never-imported" in codes(profile)
    assert "several-frameworks" not in codes(profile)


def test_php_start_script_is_a_development_server(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"composer.json": COMPOSER, "public/index.php": SERVED})
    assert "development-start" in codes(profile)
    assert profile.port is not None
    assert profile.port.value == 8080


@pytest.mark.parametrize(
    ("files", "components"),
    [
        ({"inc/db.php": "<?php", "htdocs/index.php": "<?php"}, []),
        ({"wp-config.php": "<?php", "wp-content/themes/a/index.php": "<?php"}, []),
        ({"shop/inc/db.php": "<?php", "shop/public/index.php": "<?php", "web/package.json": '{"scripts": {}}'}, ["shop", "web"]),
        ({"package.json": '{"scripts": {}}', "legacy/index.php": "<?php"}, ["legacy"]),
        ({"env/Project.toml": "[deps]\n", "src/app.jl": "using Genie\n"}, []),
        ({"main.tf": "", "blog/config.toml": 'title = "x"\n', "blog/themes/a/layouts/index.html": "x"}, ["blog"]),
        ({"main.tf": "", "tool/config.toml": 'title = "x"\n', "tool/src/index.html": "x"}, []),
    ],
)
def test_which_directories_are_components(tmp_path: Path, files: dict[str, str], components: list[str]) -> None:
    assert [one.path for one in scan(tmp_path, files).components] == components


def test_a_compose_command_alone_is_no_program(tmp_path: Path) -> None:
    files = {"docker-compose.yml": "services:\n  php:\n    build: .\n    command: symfony server:start\n"}
    files |= {"api/composer.json": COMPOSER, "api/public/index.php": SERVED}
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert profile.framework.value.id == "slim"


@pytest.mark.parametrize("name", [".env", ".env.dist"])
def test_the_scheme_of_an_address_names_a_service_and_nothing_else(tmp_path: Path, name: str) -> None:
    profile = scan(tmp_path, {"composer.json": COMPOSER, name: 'DATABASE_URL="postgresql://u:s3cr3tPw@db:5432/a"\n'})
    assert [one.name for one in profile.services] == ["postgresql"]
    assert "s3cr3tPw" not in profile.model_dump_json()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("define( 'DB_PASSWORD', 'Kv7!tuerkis-Ratsche-19' );", 1),
        ("define('NONCE_SALT', 'w|\"3ys?k{]Ir`B@(jBPm)xD9L]X1a?TO');", 1),
        ("define('AUTH_KEY', 'put your unique phrase here');", 0),
        ("define('DB_PASSWORD', 'database_password_here');", 0),
        ("define('DB_PASSWORD', 'wordpress');", 0),
        ("define('DB_PASSWORD', getenv('DB_PASSWORD'));", 0),
    ],
)
def test_constants_of_php_that_hold_passwords(tmp_path: Path, line: str, found: int) -> None:
    profile = scan(tmp_path, {"wp-config.php": f"<?php\n{line}\nrequire_once ABSPATH . 'wp-settings.php';\n"})
    assert len(profile.secrets) == found


def test_wordpress_whose_core_is_in_its_image(tmp_path: Path) -> None:
    files = {"Dockerfile": "FROM wordpress\nCOPY wp-content wp-content\n", "wp-content/themes/a/index.php": "<?php get_header();\n"}
    profile = scan(
        tmp_path, files | {"wp-config.php": "<?php\ndefine('DB_NAME', 'a');\nrequire_once ABSPATH . 'wp-settings.php';\n"}
    )
    assert profile.kind is Kind.SERVER
    assert profile.start is not None


def test_a_server_of_crystal_that_is_told_its_port(tmp_path: Path) -> None:
    server = "class S\n def initialize(@address : String, @port : Int32)\n end\n"
    server += " def start\n  @server.bind_tcp(@address, @port)\n end\nend\n"
    main = 'require "./s"\nport = ENV.fetch("PORT", "8080").to_i\nS.new("0.0.0.0", port).start\n'
    shard = "name: s\nversion: 0.1.0\ntargets:\n  server:\n    main: src/main.cr\n"
    profile = scan(tmp_path, {"shard.yml": shard, "src/main.cr": main, "src/s.cr": server})
    assert profile.kind is Kind.SERVER
    assert profile.port is not None
    assert profile.port.value == 8080


def test_a_runtime_older_than_every_line_we_list(tmp_path: Path) -> None:
    assert "runtime-end-of-life" in codes(scan(tmp_path, {"Gemfile": 'ruby "2.2.7"\ngem "sinatra"\n'}))


def test_a_grammar_that_is_made_to_take_minutes_is_stopped() -> None:
    def read() -> None:
        with pytest.raises(Broken):
            list(gemfile("Gemfile", b"%(" * 150_000))

    quick(read, 20)


def test_kamal_with_lines_of_ruby(tmp_path: Path) -> None:
    deploy = 'service: a\nimage: a\n<% require "dotenv"; Dotenv.load(".env") %> # loads\nservers:\n  web:\n    - 192.0.2.1\n'
    deploy += "proxy:\n  app_port: 8000\n  healthcheck:\n    path: /up\naccessories:\n  db:\n    image: postgres:17\n"
    profile = scan(
        tmp_path, {"Gemfile": 'gem "rails"\ngem "puma"\n', "config.ru": "run Rails.application\n", "config/deploy.yml": deploy}
    )
    assert "broken-manifest" not in codes(profile)
    assert [one.name for one in profile.services] == ["postgresql"]
    assert profile.health_path is not None
    assert profile.health_path.value == "/up"
