"""compose.yaml, .env.example and deploydeck.toml say the same as the configuration, whatever names and values a project has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import (
    Dependency,
    DeployDeckError,
    DeploymentConfig,
    EnvVariable,
    Evidence,
    Framework,
    GeneratedFile,
    Language,
    ProjectProfile,
    SecretFound,
    ServiceNeed,
)
from deploydeck.generate import Checking, ConfigurationGenerator
from deploydeck.generate.checkers import CHECKERS
from deploydeck.generate.names import yaml_text
from deploydeck.generate.services import SERVICES, service_specs
from deploydeck.settings import Settings, validate_content
from tests.generate.samples import express_npm, fact, flask_pip, static_site, write

GENERATOR = ConfigurationGenerator(Checking(checkers=tuple(checker for checker in CHECKERS if checker.quick)))
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([^}]*))?\}")


def made(profile: ProjectProfile, **sections: Any) -> tuple[DeploymentConfig, dict[str, GeneratedFile]]:
    settings = Settings.model_validate(sections)
    config = GENERATOR.deployment_config(profile, settings, project_id="p", environment="development", target="docker")
    return config, {file.path: file for file in GENERATOR.generate(profile, config, settings)}


def needs(*names: str) -> tuple[ServiceNeed, ...]:
    return tuple(ServiceNeed(name=name, confidence=0.9, evidence=(Evidence(file="app.py", line=2),)) for name in names)


def composed(text: str, env: dict[str, str]) -> Any:
    """What compose makes of the file: YAML, then `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:?message}` in every value."""

    def settled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: settled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [settled(one) for one in value]
        if not isinstance(value, str):
            return value
        found, position = "", 0
        while position < len(value):
            if value.startswith("$$", position):
                found, position = found + "$", position + 2
            elif value[position] == "$":
                match = REFERENCE.match(value, position)
                assert match, value
                if match[2] == "?":
                    assert env.get(match[1]), match[1]
                found, position = found + (env.get(match[1]) or match[3] or ""), match.end()
            else:
                found, position = found + value[position], position + 1
        return found

    return settled(yaml.safe_load(text))


def dotenv(text: str) -> dict[str, str]:
    found = {}
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name] = value[1:-1] if value.startswith("'") else value
    return found


def variable(name: str, **over: Any) -> EnvVariable:
    return EnvVariable(name=name, used=(Evidence(file="app.py", line=1),), **over)


# --- what is written ----------------------------------------------------------------------------------------------------------


def test_no_service_no_file_unless_asked(tmp_path: Path) -> None:
    assert "compose.yaml" not in made(flask_pip(tmp_path))[1]
    assert "compose.yaml" in made(flask_pip(tmp_path), generate={"compose": True})[1]
    profile = flask_pip(tmp_path, services=needs("redis"))
    assert "compose.yaml" in made(profile)[1] and "compose.yaml" not in made(profile, generate={"compose": False})[1]


def test_the_file_agrees_with_the_configuration(tmp_path: Path) -> None:
    profile = flask_pip(
        tmp_path, services=needs("postgresql", "redis"), health_path=fact("/up", "app.py", 5),
        variables=(variable("DATABASE_URL", required=True, secret=True), variable("REDIS_URL", default="redis://localhost:6379/3"),
                   variable("SECRET_KEY", required=True, secret=True), variable("PAGE", default="20"), variable("TITLE")),
    )  # fmt: skip
    config, files = made(
        profile,
        environments={"development": {"published_port": 8123, "bind_address": "::1"}},
        resources={"memory_mb": 64, "cpus": 0.5},
    )
    found = composed(files["compose.yaml"].content, {"POSTGRES_PASSWORD": "pw", "SECRET_KEY": "key"})
    app = found["services"]["app"]
    assert found["name"] == config.app and app["build"] == {"context": ".", "dockerfile": config.dockerfile}
    assert app["ports"] == [{"target": config.port, "published": "8123", "host_ip": "::1"}]
    assert app["environment"] == {
        "DATABASE_URL": "postgresql://app:pw@postgresql:5432/app", "REDIS_URL": "redis://redis:6379/3", "SECRET_KEY": "key",
        "PAGE": "20", "TITLE": None,
    }  # fmt: skip
    assert app["depends_on"] == {name: {"condition": "service_healthy"} for name in ("postgresql", "redis")}
    assert any("/up" in word for word in app["healthcheck"]["test"])
    assert app["deploy"]["resources"]["limits"] == {"cpus": "0.5", "memory": f"{64 * 1024 * 1024}b"}
    assert app["cap_drop"] == ["ALL"] and app["security_opt"] == ["no-new-privileges:true"]
    assert found["services"]["postgresql"]["environment"]["POSTGRES_PASSWORD"] == "pw"
    assert found["volumes"] == {"postgresql": None, "redis": None}
    assert "ports" not in found["services"]["postgresql"]
    env = dotenv(files[".env.example"].content)
    assert env == {
        "DATABASE_URL": "",
        "POSTGRES_PASSWORD": "",
        "SECRET_KEY": "",
        "REDIS_URL": "redis://localhost:6379/3",
        "PAGE": "20",
    }
    assert "# compose.yaml sets it itself: redis://redis:6379/3" in files[".env.example"].content
    assert not any(file.blocked for file in files.values())


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_whole(tmp_path: Path, name: str) -> None:
    config, files = made(flask_pip(tmp_path, services=needs(name)))
    (spec,) = config.services
    found = composed(files["compose.yaml"].content, {spec.password: "pw", "SECRET_KEY": "k"})
    service = found["services"][name]
    assert service["image"] == spec.image and ":" in spec.image and not spec.image.endswith(":latest")
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert bool(spec.data) == ("volumes" in service) == (name in (found.get("volumes") or {}))
    assert spec.variables and all("{" not in str(value) for value in found["services"]["app"]["environment"].values())
    assert not files["compose.yaml"].blocked
    lines = files["compose.yaml"].content.split("\n")
    told = {reason.line for reason in files["compose.yaml"].reasons}
    assert all(number in told for number, line in enumerate(lines, 1) if line and not line.startswith("#"))


def test_what_cannot_be_started_is_named(tmp_path: Path) -> None:
    _, files = made(flask_pip(tmp_path, services=needs("neo4j", "redis")))
    assert "# neo4j is needed too, and is not started here." in files["compose.yaml"].content


def test_images_of_services_come_from_the_mirror_and_by_digest(tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64
    config, _ = made(
        flask_pip(tmp_path, services=needs("redis")), build={"registry_mirror": "m.example", "digests": {"redis:8": digest}}
    )
    assert config.services[0].image == f"m.example/redis:8@{digest}"


@pytest.mark.parametrize("name", ["compose.yaml", "docker-compose.yml"])
def test_a_compose_file_of_the_people_stays(tmp_path: Path, name: str) -> None:
    profile = flask_pip(tmp_path, services=needs("redis", "postgresql"))
    own = "services:\n  web:\n    image: shop:1\n"
    write(tmp_path, {name: own})
    _, files = made(profile)
    assert files[name].content == own and files[name].verdicts[0].findings[0].rule == "own-file"
    assert set(files) & {"compose.yaml", "docker-compose.yml"} == {name}
    assert "POSTGRES_PASSWORD" not in files[".env.example"].content
    config = GENERATOR.deployment_config(profile, Settings(), project_id="p", environment="development", target="docker")
    replaced = {file.path: file for file in GENERATOR.generate(profile, config, Settings(), replace=True)}
    assert replaced["compose.yaml"].content.startswith("# Generated by DeployDeck")


def test_an_own_dockerfile_is_built_and_nothing_is_assumed_of_it(tmp_path: Path) -> None:
    profile = flask_pip(tmp_path, services=needs("redis"))
    write(tmp_path, {"Dockerfile": 'FROM python:3.13-slim\nCMD ["true"]\n'})
    app = composed(made(profile)[1]["compose.yaml"].content, {"SECRET_KEY": "k"})["services"]["app"]
    assert "healthcheck" not in app and "cap_drop" not in app and app["build"]["dockerfile"] == "Dockerfile"


def test_a_site_needs_no_variables_and_cannot_be_changed(tmp_path: Path) -> None:
    app = composed(made(static_site(tmp_path), generate={"compose": True})[1]["compose.yaml"].content, {})["services"]["app"]
    assert app["read_only"] is True and app["tmpfs"] == ["/tmp"] and "environment" not in app


# --- by which variables a program finds a service -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "names", "expected"),
    [
        ("postgresql", ("LEDGER_DATABASE_URL",), {"LEDGER_DATABASE_URL": "postgresql://app:{password}@{host}:5432/app"}),
        ("postgresql", ("PGHOST", "PGUSER", "PGPASSWORD", "PGDATABASE"),
         {"PGHOST": "{host}", "PGUSER": "app", "PGPASSWORD": "{password}", "PGDATABASE": "app"}),
        ("mysql", ("DB_HOST", "DB_PORT", "DB_USERNAME", "DB_PASSWORD", "DB_NAME"),
         {"DB_HOST": "{host}", "DB_PORT": "3306", "DB_USERNAME": "app", "DB_PASSWORD": "{password}", "DB_NAME": "app"}),
        ("postgresql", ("JDBC_DATABASE_URL",), {"JDBC_DATABASE_URL": "jdbc:postgresql://{host}:5432/app"}),
        ("postgresql", ("ConnectionStrings__Shop",),
         {"ConnectionStrings__Shop": "Host={host};Port=5432;Database=app;Username=app;Password={password}"}),
        ("mongodb", ("MONGO_URI", "MONGO_DATABASE"),
         {"MONGO_URI": "mongodb://app:{password}@{host}:27017/app?authSource=admin", "MONGO_DATABASE": "app"}),
        ("kafka", ("KAFKA_BOOTSTRAP", "KAFKA_TOPIC"), {"KAFKA_BOOTSTRAP": "{host}:9092"}),
        ("redis", ("CELERY_BROKER_URL", "CACHE_NAME"), {"CELERY_BROKER_URL": "redis://{host}:6379/0"}),
        ("rabbitmq", ("CELERY_BROKER_URL",), {"CELERY_BROKER_URL": "amqp://app:{password}@{host}:5672"}),
        ("s3", ("MINIO_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_BUCKET"),
         {"MINIO_ENDPOINT": "{host}:9000", "AWS_ACCESS_KEY_ID": "app", "AWS_SECRET_ACCESS_KEY": "{password}"}),
        ("postgresql", ("STATIC_URL", "TIMES_URL", "HOSTNAME"), {"DATABASE_URL": "postgresql://app:{password}@{host}:5432/app"}),
    ],
)  # fmt: skip
def test_names_that_the_program_reads_are_the_names(
    tmp_path: Path, service: str, names: tuple[str, ...], expected: dict[str, str]
) -> None:
    config, _ = made(flask_pip(tmp_path, services=needs(service), variables=tuple(variable(name) for name in names)))
    assert dict(config.services[0].variables) == expected


def test_its_own_password_variable_is_the_only_one(tmp_path: Path) -> None:
    profile = flask_pip(tmp_path, services=needs("postgresql"), variables=(variable("PGHOST"), variable("PGPASSWORD", secret=True)))
    config, files = made(profile)
    assert config.services[0].password == "PGPASSWORD"
    assert 'POSTGRES_PASSWORD: "${PGPASSWORD:?set it in .env}"' in files["compose.yaml"].content
    assert set(dotenv(files[".env.example"].content)) == {"PGPASSWORD"}


@pytest.mark.parametrize(
    ("framework", "service", "name", "value"),
    [
        ("spring-boot", "postgresql", "SPRING_DATASOURCE_URL", "jdbc:postgresql://{host}:5432/app"),
        ("spring-boot", "redis", "SPRING_DATA_REDIS_HOST", "{host}"),
        ("quarkus", "mysql", "QUARKUS_DATASOURCE_JDBC_URL", "jdbc:mysql://{host}:3306/app"),
        ("laravel", "mysql", "DB_CONNECTION", "mysql"),
        ("laravel", "postgresql", "DB_HOST", "{host}"),
        ("aspnet", "mssql", "ConnectionStrings__DefaultConnection",
         "Server={host},1433;User Id=sa;Password={password};TrustServerCertificate=True"),
        ("rails", "postgresql", "DATABASE_URL", "postgresql://app:{password}@{host}:5432/app"),
    ],
)  # fmt: skip
def test_a_framework_reads_its_own_names(tmp_path: Path, framework: str, service: str, name: str, value: str) -> None:
    config, _ = made(
        flask_pip(tmp_path, services=needs(service), framework=fact(Framework(id=framework, name=framework)), variables=())
    )
    assert dict(config.services[0].variables)[name] == value


@pytest.mark.parametrize(("driver", "scheme"), [("asyncpg", "postgresql+asyncpg"), ("psycopg2-binary", "postgresql")])
def test_sqlalchemy_gets_its_driver(tmp_path: Path, driver: str, scheme: str) -> None:
    dependencies = (Dependency(name="SQLAlchemy"), Dependency(name=driver))
    profile = flask_pip(tmp_path, services=needs("postgresql"), variables=(variable("DATABASE_URL"),), dependencies=dependencies)
    assert made(profile)[0].services[0].variables[0][1].startswith(f"{scheme}://app:")


POSTGRES_JDBC = "jdbc:postgresql://{host}:5432/app"
ADO = "Host={host};Port=5432;Database=app;Username=app;Password={password}"
AMQP = "amqp://app:{password}@{host}:5672"


@pytest.mark.parametrize(
    ("language", "dependency", "service", "names", "expected"),
    [
        ("java", "", "postgresql", ("DB_URL", "DB_USER", "DB_PASSWORD"), {"DB_URL": POSTGRES_JDBC}),
        ("kotlin", "", "postgresql", ("DB_URL",), {"DB_URL": f"{POSTGRES_JDBC}?user=app&password={{password}}"}),
        ("java", "", "mssql", ("DB_URL",),
         {"DB_URL": "jdbc:sqlserver://{host}:1433;encrypt=true;trustServerCertificate=true;user=sa;password={password}"}),
        ("csharp", "", "postgresql", ("SHOP_DB",), {"SHOP_DB": ADO}),
        ("csharp", "", "postgresql", ("DATABASE_URL",), {"DATABASE_URL": "postgresql://app:{password}@{host}:5432/app"}),
        ("go", "github.com/lib/pq", "postgresql", ("ORDERS_DB",),
         {"ORDERS_DB": "postgresql://app:{password}@{host}:5432/app?sslmode=disable"}),
        ("go", "github.com/jackc/pgx/v5", "postgresql", ("DATABASE_URL",),
         {"DATABASE_URL": "postgresql://app:{password}@{host}:5432/app"}),
        ("go", "github.com/go-sql-driver/mysql", "mysql", ("MYSQL_DSN",),
         {"MYSQL_DSN": "app:{password}@tcp({host}:3306)/app?parseTime=true"}),
        ("ruby", "mysql2", "mysql", ("DATABASE_URL",), {"DATABASE_URL": "mysql2://app:{password}@{host}:3306/app"}),
        ("rust", "lapin", "rabbitmq", ("AMQP_ADDR",), {"AMQP_ADDR": AMQP}),
        ("java", "", "rabbitmq", ("RABBITMQ_ADDRESSES",), {"RABBITMQ_ADDRESSES": AMQP}),
        ("java", "", "rabbitmq", ("RABBITMQ_ADDRESSES", "RABBITMQ_USERNAME"),
         {"RABBITMQ_ADDRESSES": "{host}:5672", "RABBITMQ_USERNAME": "app"}),
    ],
)  # fmt: skip
def test_a_driver_gets_the_form_it_understands(
    tmp_path: Path, language: str, dependency: str, service: str, names: tuple[str, ...], expected: dict[str, str]
) -> None:
    profile = flask_pip(
        tmp_path,
        services=needs(service),
        variables=tuple(variable(name) for name in names),
        dependencies=(Dependency(name=dependency),) if dependency else (),
        language=fact(Language(id=language, name=language)),
        framework=None,
    )
    found = dict(service_specs(profile, Settings())[0].variables)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("framework", ["laravel", "symfony"])
def test_a_connection_by_name_is_no_address(tmp_path: Path, framework: str) -> None:
    read = tuple(variable(name, default=default) for name, default in (("DB_CONNECTION", "mysql"), ("DB_HOST", "127.0.0.1")))
    profile = flask_pip(tmp_path, services=needs("mysql"), variables=read, framework=fact(Framework(id=framework, name=framework)))
    found = dict(service_specs(profile, Settings())[0].variables)
    assert found["DB_HOST"] == "{host}"
    assert found.get("DB_CONNECTION", "mysql") == "mysql"


# --- whatever names and values there are --------------------------------------------------------------------------------------

TEXT = st.text(max_size=30) | st.sampled_from(
    ["yes", "null", "1e3", "0x1", "~", "- a", "a: b", "{a}", "[a]", "&a", "*a", "!x", "%", "@", "`", "#", "a #b", "'", '"',
     "\\", "$", "$$", "${X}", "${X:?y}", "$X", "a\nb", "\ufeff", "\x00", "\x7f", "\u2028", "\x85", "é", "\U0001f600", "---",
     "...", "<<", "="]
)  # fmt: skip
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)


@given(TEXT)
def test_any_text_is_itself_in_yaml(text: str) -> None:
    whole = text.encode("utf-8", "replace").decode() if any(0xD800 <= ord(c) <= 0xDFFF for c in text) else text
    read = yaml.safe_load(f"a: {yaml_text(text)}\n")["a"]
    assert isinstance(read, str) and (read == whole or "\ufffd" in read)


# Feature: deployment-automation, Property 2: generated files parse and agree with each other, for hostile names and values too
@given(
    values=st.dictionaries(NAMES, TEXT, max_size=4),
    services=st.lists(st.sampled_from([*SERVICES, "neo4j"]), max_size=3, unique=True),
    read=st.dictionaries(NAMES | TEXT, st.tuples(st.booleans(), st.booleans(), st.none() | TEXT), max_size=4),
    name=TEXT,
)
def test_files_agree_with_the_configuration_for_any_names_and_values(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str], services: list[str],
    read: dict[str, tuple[bool, bool, str | None]], name: str,
) -> None:  # fmt: skip
    root = tmp_path_factory.getbasetemp() / "hostile-compose"
    root.mkdir(exist_ok=True)
    found = tuple(variable(key, required=r, secret=s, default=d) for key, (r, s, d) in read.items())
    profile = flask_pip(root, name=name, services=needs(*services), variables=found)
    place = {"variables": values}
    try:
        config, files = made(profile, environments={"development": place}, generate={"compose": True})
    except DeployDeckError as error:
        assert error.code.startswith("generate-")
        return
    except ValueError:
        return  # the settings refuse it before anything is generated
    assert not any(file.blocked for file in files.values()), [(f.path, f.verdicts) for f in files.values()]
    env = dotenv(files[".env.example"].content) if ".env.example" in files else {}
    told = composed(
        files["compose.yaml"].content, {**dict.fromkeys(env, "x"), **dict.fromkeys((v.name for v in config.variables), "x")}
    )
    app = told["services"]["app"]
    assert told["name"] == config.app and app["ports"][0]["target"] == config.port
    assert set(told["services"]) == {"app", *(spec.name for spec in config.services)}
    given_by_services = {key for spec in config.services for key, _ in spec.variables}
    for key, value in values.items():
        if key not in given_by_services:
            assert app["environment"][key] == value.encode("utf-8", "replace").decode() or "\ufffd" in app["environment"][key]
    for one in config.variables:
        if one.secret:
            assert env.get(one.name, "") == ""
    for spec in config.services:
        assert not spec.password or env[spec.password] == ""
    project = validate_content(tomllib.loads(files["deploydeck.toml"].content), "deploydeck.toml", "project")
    kept = project.environment("development").variables
    assert all(kept[key] == values[key].encode("utf-8", "replace").decode() for key in kept)


def test_the_project_file_brings_the_same_configuration_back(tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "app": {"name": "Shop", "start": ["python", "app.py"], "port": 9000, "runtime_version": "3.12"},
        "health": {"deadline_s": 9.5, "host_header": "shop.example"},
        "resources": {"memory_mb": 64, "cpus": 0.25},
        "build": {"registry_mirror": "m.example", "build_packages": ["git"], "arguments": {"A": 'x "y" \\'}, "cache": False,
                  "digests": {"python:3.12-slim": "sha256:" + "1" * 64}},
        "generate": {"compose": True, "ci": ["gitlab"]},
        "environments": {"development": {"variables": {"G": "hällo"}, "secrets": ["API_KEY"]}, "staging": {"published_port": 81}},
    }  # fmt: skip
    profile = flask_pip(tmp_path)
    config, files = made(profile, **sections)
    again, _ = made(profile, **tomllib.loads(files["deploydeck.toml"].content))
    same = {"id": "x", "created_at": config.created_at}
    assert again.model_copy(update=same) == config.model_copy(update=same)


# --- what stays out of an image -----------------------------------------------------------------------------------------------


def test_files_with_secrets_stay_out_and_the_program_stays_in(tmp_path: Path) -> None:
    def leak(path: str, sure: float = 0.95) -> SecretFound:
        return SecretFound(kind="aws-key", masked="AKIA…", confidence=sure, evidence=Evidence(file=path, line=3, text="AKIA…"))

    secrets = (leak("conf/cred ents[1].json"), leak("app.py"), leak("maybe.txt", 0.6), leak("package.json"), leak("a\nb.yml"))
    file = made(express_npm(tmp_path, secrets=secrets))[1][".dockerignore"]
    lines = file.content.split("\n")
    assert "/conf/cred?ents?1?.json" in lines and "/a?b.yml" in lines
    assert not any("app.py" in line or "maybe" in line or "package.json" in line for line in lines)
    reason = next(r for r in file.reasons if lines[r.line - 1].startswith("/conf"))
    assert reason.evidence[0].line == 3 and "AKIA" not in file.model_dump_json()


def test_pipelines_and_infrastructure_stay_out(tmp_path: Path) -> None:
    lines = made(flask_pip(tmp_path))[1][".dockerignore"].content.split("\n")
    assert {".github", ".gitlab-ci.yml", "Jenkinsfile*", "**/*.tf", "**/*.tfvars", "compose*.y*ml"} <= set(lines)
