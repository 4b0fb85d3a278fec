"""PHP: extensions, Composer, the document root behind Apache, and programs that listen by themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import Dependency, DeployDeckError, ServiceNeed
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.stacks.php_extensions import extensions
from deploydeck.settings import Settings
from tests.generate.samples import profile, write
from tests.generate.stacks.helpers import arguments, configured, dockerfile_of, generated, refused, sample, tree
from tests.scan.deployed_trees import TREES

PAGE = "<?php echo 'hello';\n"


def composer(**content: object) -> str:
    return json.dumps({"name": "shop/shop", "type": "project", **content}, indent=1)


def lock(*packages: dict[str, object]) -> str:
    return json.dumps({"packages": list(packages), "packages-dev": []}, indent=1)


def test_laravel_is_installed_by_its_lock_and_cannot_change_its_code(tmp_path: Path) -> None:
    files = generated(sample("laravel-mysql", tmp_path))
    content = files["Dockerfile"].content
    assert arguments(content, "FROM") == ["php:8.3-apache-trixie AS base", "base AS build", "base"]
    assert "COPY --from=composer:2.9 /usr/bin/composer /usr/local/bin/composer" in content
    early, late = (line for line in arguments(content, "RUN") if "composer install" in line)
    assert "--no-dev" in early and "--no-scripts --no-autoloader" in early and "type=cache" in early
    assert "--no-dev" in late and "--optimize-autoloader" in late and "--no-scripts" not in late
    assert content.index("COPY composer.json composer.lock ./") < content.index("--no-scripts") < content.index("COPY . .")
    final = content[content.rindex("FROM base") :]
    assert "COPY --from=build /app /app" in final and "chown -R 33:33 bootstrap/cache storage" in final
    assert "composer" not in final and "migrate" not in content
    assert arguments(content, "USER") == ["33:33"] and arguments(content, "STOPSIGNAL") == ["SIGWINCH"]
    assert json.loads(arguments(content, "CMD")[0]) == ["apache2-foreground"]
    assert "opcache.validate_timestamps = 0" in content and "LOG_CHANNEL=stderr" in content
    assert 'DocumentRoot "/app/public"' in files["deploy/apache.conf"].content
    assert {"vendor", "**/auth.json", "**/.env"} <= set(files[".dockerignore"].content.split("\n"))


def test_the_port_is_the_servers_and_agrees_everywhere(tmp_path: Path) -> None:
    made = sample("laravel-mysql", tmp_path)
    assert made.port is not None and made.port.value == 80
    for chosen, port in ((Settings(), 8080), (Settings.model_validate({"app": {"port": 9001}}), 9001)):
        files = generated(made, chosen)
        assert configured(made, chosen).port == port
        assert arguments(files["Dockerfile"].content, "EXPOSE") == [str(port)]
        assert f'"probe", "{port}", "/up"' in files["Dockerfile"].content
        conf = files["deploy/apache.conf"].content
        assert f"Listen {port}\n" in conf and f"<VirtualHost *:{port}>" in conf


def test_a_front_controller_answers_unknown_paths_and_plain_pages_do_not(tmp_path: Path) -> None:
    assert "FallbackResource /index.php" in generated(sample("symfony-rabbitmq", tmp_path))["deploy/apache.conf"].content
    assert "FallbackResource" not in generated(sample("php-guestbook", tmp_path))["deploy/apache.conf"].content


def test_symfony_gets_a_file_where_it_looks_for_variables(tmp_path: Path) -> None:
    content = dockerfile_of(sample("symfony-rabbitmq", tmp_path))
    assert 'RUN echo \'<?php return ["APP_ENV" => "prod"];\' > .env.local.php' in content
    assert content.index(".env.local.php") < content.index("--optimize-autoloader"), "its own scripts boot it"
    assert "APP_ENV=prod" in content and "chown -R 33:33 var" in content


def test_pages_without_composer_need_no_stage_to_build(tmp_path: Path) -> None:
    content = dockerfile_of(sample("php-plain-htdocs", tmp_path))
    assert arguments(content, "FROM") == ["php:8.4-apache-trixie"]
    assert 'docker-php-ext-install -j"$(nproc)" mysqli pdo_mysql' in content
    assert arguments(content, "COPY")[0] == "--chown=33:33 . /app"


def test_what_lies_in_the_served_directory_and_is_no_page_is_hidden(tmp_path: Path) -> None:
    conf = generated(sample("wordpress-site", tmp_path))["deploy/apache.conf"].content
    assert 'DocumentRoot "/app"' in conf and "vendor" in conf and "composer" in conf
    assert "vendor" not in generated(sample("php-guestbook", tmp_path))["deploy/apache.conf"].content


def test_a_configuration_of_the_projects_own_is_left_alone(tmp_path: Path) -> None:
    made = sample("php-guestbook", tmp_path)
    write(tmp_path / "php-guestbook", {"deploy/apache.conf": "# ours\n"})
    files = generated(made)
    assert "deploy/apache.conf" not in files and "deploy/deploydeck-apache.conf" in files
    assert "COPY deploy/deploydeck-apache.conf /etc/apache2/sites-available/000-default.conf" in files["Dockerfile"].content


def test_extensions_come_from_manifest_lock_services_and_packages(tmp_path: Path) -> None:
    files = {
        "composer.json": composer(require={"php": "^8.4", "ext-intl": "*", "ext-json": "*", "shop/pay": "1.0", "shop/poly": "1.0"}),
        "composer.lock": lock(
            {"name": "shop/pay", "version": "1.0.0", "require": {"ext-bcmath": "*", "ext-gd": "*"}},
            {"name": "shop/poly", "version": "1.0.0", "require": {"ext-apcu": "*"}, "provide": {"ext-apcu": "*"}},
            {"name": "mongodb/mongodb", "version": "1.20.0", "require": {"ext-mongodb": "^1.20.0"}},
        ),
        "public/index.php": PAGE,
    }
    made = tree(files, tmp_path)
    found = extensions(made, ProjectFiles(made.root), "")
    assert found.core == ("bcmath", "gd", "intl")
    assert found.pecl == ("mongodb-1.21.0",) and found.enable == ("mongodb",)
    assert ("gd", "--with-freetype", "--with-jpeg", "--with-webp") in found.configure
    command = next(line for line in arguments(dockerfile_of(made), "RUN") if "docker-php-ext-install" in line)
    assert "libicu76" in command and "apt-get purge --yes --auto-remove" in command
    assert "libicu76" not in command[command.index("purge") :], "what it runs with stays"
    assert "pecl install mongodb-1.21.0" in command and "docker-php-ext-enable mongodb" in command


@pytest.mark.parametrize(
    ("services", "framework", "dependencies", "expected"),
    [
        (("mysql",), "laravel", (), ("pdo_mysql",)),
        (("mysql",), "", (), ("mysqli", "pdo_mysql")),
        (("postgresql", "redis"), "symfony", (), ("pdo_pgsql", "redis")),
        (("redis",), "laravel", ("predis/predis",), ()),
        ((), "wordpress", (), ("exif", "gd", "intl", "mysqli", "zip")),
    ],
)
def test_services_ask_for_their_drivers(
    services: tuple[str, ...], framework: str, dependencies: tuple[str, ...], expected: tuple[str, ...], tmp_path: Path
) -> None:
    made = profile(
        tmp_path,
        services=tuple(ServiceNeed(name=name, confidence=0.9) for name in services),
        dependencies=tuple(Dependency(name=name) for name in dependencies),
    )
    assert extensions(made, ProjectFiles(tmp_path), framework).names == expected


def test_an_unknown_extension_is_refused_with_its_place(tmp_path: Path) -> None:
    error = refused(tree({"composer.json": composer(require={"ext-oci8": "*"}), "public/index.php": PAGE}, tmp_path))
    assert error.code == "generate-php-extension" and '"oci8"' in error.what


@given(st.dictionaries(st.text(max_size=20).map(lambda name: f"ext-{name}"), st.text(max_size=12), max_size=4))
def test_a_hostile_extension_is_refused_or_known(wanted: dict[str, str]) -> None:
    """No name from a manifest reaches a command unless it is one of the table."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as root:
        write(Path(root), {"composer.json": composer(require=wanted)})
        try:
            found = extensions(profile(root), ProjectFiles(root), "")
        except DeployDeckError as error:
            assert error.code == "generate-php-extension"
            return
        assert all(name.replace("_", "").isalnum() for name in (*found.core, *found.enable))


def test_scripts_and_styles_are_built_beside_composers_packages(tmp_path: Path) -> None:
    files = {
        "composer.json": composer(require={"laravel/framework": "^12.0"}),
        "artisan": "#!/usr/bin/env php\n",
        "public/index.php": PAGE,
        "package.json": json.dumps(
            {"engines": {"node": "24"}, "scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}
        ),
        "package-lock.json": '{"lockfileVersion": 3}',
    }
    content = dockerfile_of(tree(files, tmp_path))
    assert arguments(content, "FROM")[0] == "node:24-slim AS node"
    assert "COPY --from=node /usr/local/bin/ /usr/local/bin/" in content
    assert "npm ci --include=dev" in content and "RUN npm run build" in content and "RUN rm -rf node_modules" in content
    assert content.index("--optimize-autoloader") < content.index("npm run build"), "styles may look into vendor"
    assert "node" not in content[content.rindex("FROM base") :].replace("Node.js", "")


def test_without_a_lock_it_says_that_versions_are_chosen_anew(tmp_path: Path) -> None:
    files = generated(sample("php-slim", tmp_path))
    lines = files["Dockerfile"].content.split("\n")
    number = next(n for n, line in enumerate(lines, 1) if "--no-scripts" in line)
    assert next(one for one in files["Dockerfile"].reasons if one.line == number).rule == "unlocked-install"


def test_packages_in_the_project_need_the_whole_source(tmp_path: Path) -> None:
    manifest = composer(repositories=[{"type": "path", "url": "packages/*"}], require={"shop/own": "*"})
    content = dockerfile_of(
        tree({"composer.json": manifest, "public/index.php": PAGE, "packages/own/composer.json": "{}"}, tmp_path)
    )
    assert "--no-autoloader" not in content and content.index("COPY . .") < content.index("composer install")


def test_a_program_that_listens_by_itself_runs_on_the_command_line_image(tmp_path: Path) -> None:
    files = {
        "composer.json": composer(require={"react/http": "^1.9"}),
        "server.php": "<?php\nuse React\\Socket\\SocketServer;\n$socket = new SocketServer('0.0.0.0:8010');\n",
    }
    content = dockerfile_of(tree(files, tmp_path))
    assert arguments(content, "FROM")[0] == "php:8.4-cli-trixie AS base"
    assert json.loads(arguments(content, "CMD")[0]) == ["php", "server.php"]
    assert "a2enmod" not in content and "STOPSIGNAL" not in content


def test_a_server_that_the_image_does_not_have_is_refused(tmp_path: Path) -> None:
    made = sample("php-guestbook", tmp_path)
    assert refused(made, Settings.model_validate({"app": {"start": ["rr", "serve"]}})).code == "generate-php-server"


def test_a_document_root_that_leads_outside_is_refused(tmp_path: Path) -> None:
    made = sample("php-guestbook", tmp_path)
    for path in ("../other", 'public" foo', "/etc"):
        assert refused(made, Settings.model_validate({"app": {"output_dir": path}})).code == "generate-unsafe-path"


@pytest.mark.parametrize(("wanted", "series"), [("8.2", "8.2"), ("8.3.15", "8.3"), ("^8.1", "8.4"), ("8.5", "8.5")])
def test_a_version_of_php_has_an_image(wanted: str, series: str, tmp_path: Path) -> None:
    made = sample("php-guestbook", tmp_path)
    content = dockerfile_of(made, Settings.model_validate({"app": {"runtime_version": wanted}}))
    assert arguments(content, "FROM") == [f"php:{series}-apache-trixie"]


def test_an_old_php_is_refused_and_not_replaced(tmp_path: Path) -> None:
    made = sample("php-guestbook", tmp_path)
    assert refused(made, Settings.model_validate({"app": {"runtime_version": "7.4"}})).code == "generate-runtime-version"


@pytest.mark.parametrize("id", [id for id, (files, _) in TREES.items() if any(path.endswith("index.php") for path in files)])
def test_every_framework_that_says_so_can_be_generated(id: str, tmp_path: Path) -> None:
    files = generated(tree(TREES[id][0], tmp_path))
    assert json.loads(arguments(files["Dockerfile"].content, "CMD")[0]) == ["apache2-foreground"]
    assert ("vendor" in files[".dockerignore"].content.split("\n")) is ("composer.json" in TREES[id][0])
