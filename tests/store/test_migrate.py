"""Migrations: once, whole, with a backup; and errors that say what to do."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, MetaData, create_engine, event, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import deploydeck.store.migrate as migrating
from deploydeck.domain import DeployDeckError, DeploymentState
from deploydeck.settings import Paths
from deploydeck.store import Store
from deploydeck.store.migrate import BACKUPS_KEPT, HEAD, current_revision, migrate, migrate_now, quick_check, run_alembic
from deploydeck.store.tables import UtcDateTime, metadata
from tests.store import values

SCRIPTS = Path(migrating.__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


REVISIONS = [script.revision for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))]


@pytest.fixture
def home(paths: Paths) -> Paths:
    paths.data.mkdir(mode=0o700)
    return paths


def _code(action: Any) -> str:
    with pytest.raises(DeployDeckError) as caught:
        action()
    assert caught.value.hint, "the person is told what to do"
    return caught.value.code


def _by_name(items: Sequence[Any]) -> list[Any]:
    return sorted(items, key=lambda item: str(item["name"]))


def test_head_is_the_newest_script_and_history_is_one_line() -> None:
    scripts = ScriptDirectory.from_config(_config())
    assert scripts.get_heads() == [HEAD]
    assert REVISIONS[-1] == HEAD


def test_models_and_migrations_agree(home: Paths) -> None:
    migrate_now(home)
    engine = create_engine(f"sqlite:///{home.database}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    created = create_engine("sqlite://")
    metadata.create_all(created)
    for table in metadata.tables:  # what autogenerate does not compare
        ours, theirs = inspect(engine), inspect(created)
        assert ours.get_check_constraints(table) == theirs.get_check_constraints(table)
        assert ours.get_pk_constraint(table) == theirs.get_pk_constraint(table)
        assert _by_name(ours.get_foreign_keys(table)) == _by_name(theirs.get_foreign_keys(table))
    engine.dispose()
    created.dispose()


def test_a_change_of_the_models_would_be_noticed(home: Paths) -> None:
    migrate_now(home)
    changed = MetaData()
    for table in metadata.tables.values():
        copy = table.to_metadata(changed)
        if table.name == "projects":
            copy.append_column(Column("nickname", UtcDateTime()))
    engine = create_engine(f"sqlite:///{home.database}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), changed)
    engine.dispose()


def test_the_schema_compiles_for_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "DATETIME" not in text
        for name in [table.name, *(constraint.name for constraint in table.constraints)]:
            assert len(str(name)) <= 63
        for index in table.indexes:
            CreateIndex(index).compile(dialect=dialect)
            assert len(str(index.name)) <= 63
        for column in table.columns:
            if isinstance(column.type, UtcDateTime):
                assert str(column.type.compile(dialect=dialect)) == "TIMESTAMP WITH TIME ZONE"


# Rows for every revision; a new revision adds its tables to what the first one has. Read back through today's models below.
_AT = "2026-01-02 03:04:05.000006"
DATA: dict[str, tuple[str, ...]] = {
    "0001": (
        f"INSERT INTO users (id, name, role, created_at, updated_at) VALUES ('usr-1', 'ann', 'developer', '{_AT}', '{_AT}')",
        "INSERT INTO projects (id, user_id, name, root, analysis_status, last_release_number, created_at, updated_at, opened_at) "
        f"VALUES ('prj-1', 'usr-1', 'shop', '/srv/shop', 'pending', 1, '{_AT}', '{_AT}', '{_AT}')",
        "INSERT INTO configs (id, project_id, config_hash, config, created_at) "
        f"VALUES ('cfg-1', 'prj-1', 'h', '{{CONFIG}}', '{_AT}')",
        "INSERT INTO releases (id, project_id, number, environment, target, config_id, config_hash, source_hash, variables, files, "
        "git_sha, git_dirty, artifact, created_by, created_at) VALUES ('rel-1', 'prj-1', 1, 'development', 'docker', 'cfg-1', 'h', "
        f"'s', '[]', '[]', '', 0, '{{}}', 'ann', '{_AT}')",
        "INSERT INTO deployments (id, project_id, release_id, config_id, user_id, kind, environment, target, state, "
        "passed_no_return, warnings, requested_by, created_at, completed_at, completed_order) VALUES ('dep-1', 'prj-1', 'rel-1', "
        f"'cfg-1', 'usr-1', 'deploy', 'development', 'docker', 'succeeded', 1, '[]', 'ann', '{_AT}', '{_AT}', 1)",
        "INSERT INTO steps "
        "(deployment_id, seq, name, phase, title, command, gate, undoable, state, attempt, idempotency_key, deadline_s) "
        "VALUES ('dep-1', 1, 'build', 'build', 'Build', '', '', 1, 'succeeded', 1, 'dep-1:build', 300.0)",
        "INSERT INTO events (deployment_id, seq, at, kind, level, step, text, data) "
        f"VALUES ('dep-1', 1, '{_AT}', 'state', 'info', '', 'queued', '{{}}')",
        "INSERT INTO resources (deployment_id, kind, external_id, name, created_by_us, state, created_at, updated_at) "
        f"VALUES ('dep-1', 'container', 'c1', 'shop', 1, 'present', '{_AT}', '{_AT}')",
        "INSERT INTO logs (deployment_id, source, path, lines, size_bytes, error_lines, closed, created_at, updated_at) "
        f"VALUES ('dep-1', 'build', 'logs/dep-1/build.log', 1, 10, 0, 1, '{_AT}', '{_AT}')",
        f"INSERT INTO reviews (project_id, path, decisions, updated_at) VALUES ('prj-1', 'Dockerfile', '{{}}', '{_AT}')",
    ),
}
DATA["0002"] = (
    *DATA["0001"],
    "INSERT INTO written (project_id, path, content, sha256, mode, written_at) "
    f"VALUES ('prj-1', 'Dockerfile', CAST('FROM scratch' AS BLOB), 'h', 420, '{_AT}')",
    "INSERT INTO undos (id, project_id, state, record, size_bytes, created_at) "
    f"VALUES ('und-1', 'prj-1', 'done', '{{}}', 2, '{_AT}')",
)

DATA["0003"] = (
    *(
        statement.replace("artifact, created_by", "artifact, origin, created_by").replace("'{}', 'ann'", "'{}', '{ORIGIN}', 'ann'")
        for statement in DATA["0002"]
    ),
)
_ORIGIN = '{"release_id": "rel-0", "label": "v0", "environment": "staging", "artifact": {"image": "i"}}'


def _fill(paths: Paths, revision: str) -> None:
    run_alembic(_config(), paths.database, revision)
    config = values.config("prj-1", id="cfg-1").model_dump_json()
    with closing(sqlite3.connect(paths.database)) as connection:
        for statement in DATA[revision]:
            connection.execute(statement.replace("{CONFIG}", config).replace("{ORIGIN}", _ORIGIN))
        connection.commit()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_from_every_earlier_schema_nothing_is_lost(home: Paths, revision: str) -> None:
    assert revision in DATA, "a new revision brings rows of its own for this test"
    _fill(home, revision)
    store = await Store.open(home)
    deployment = await store.deployments.get("dep-1")
    assert deployment.state is DeploymentState.SUCCEEDED
    assert (await store.deployments.live("prj-1", "development", "docker")) is not None
    assert (await store.deployments.release("rel-1")).label == "v1"
    assert (await store.projects.config("cfg-1")).app == "shop"
    assert [step.name for step in await store.deployments.steps("dep-1")] == ["build"]
    assert [event.text for event in await store.deployments.events("dep-1")] == ["queued"]
    assert [resource.external_id for resource in await store.deployments.resources("dep-1")] == ["c1"]
    assert [log.lines for log in await store.deployments.logs("dep-1")] == [1]
    assert set(await store.projects.decisions("prj-1")) == {"Dockerfile"}
    if revision >= "0002":
        assert (await store.writings.written("prj-1"))["Dockerfile"].content == "FROM scratch"
        assert [entry.id for entry in await store.writings.undos("prj-1")] == ["und-1"]
    if revision >= "0003":
        origin = (await store.deployments.release("rel-1")).origin
        assert origin is not None and (origin.label, origin.environment) == ("v0", "staging")
    again = await values.queued(store, "prj-1")
    assert (await store.deployments.release(again.release_id)).number == 2
    await store.close()
    assert current_revision(home.database) == HEAD
    backups = list((home.data / "backups").glob("*.sqlite"))
    assert len(backups) == (0 if revision == HEAD else 1)


@pytest.fixture
def next_revision(home: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database at HEAD with rows in it, and one more revision that a later version would bring."""
    _fill(home, HEAD)
    module_home = tmp_path / "later"
    (module_home / "migrations").parent.mkdir()
    subprocess.run(["cp", "-r", str(SCRIPTS), str(module_home / "migrations")], check=True)
    (module_home / "migrations" / "versions" / "9999_later.py").write_text(
        "import os\nimport sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '9999'\ndown_revision = '{HEAD}'\nbranch_labels = depends_on = None\n"
        "def upgrade() -> None:\n"
        "    op.create_table('later', sa.Column('id', sa.Integer, primary_key=True))\n"
        "    with op.batch_alter_table('projects') as batch:\n"
        "        batch.add_column(sa.Column('nickname', sa.String(10)))\n"
        "    if os.environ.get('LATER_FAILS'):\n"
        "        raise RuntimeError('power cut')\n"
    )
    monkeypatch.setattr(migrating, "__file__", str(module_home / "migrate.py"))
    monkeypatch.setattr(migrating, "HEAD", "9999")
    yield "9999"


def test_a_copy_is_made_before_a_migration_and_five_are_kept(home: Paths, next_revision: str) -> None:
    directory = home.data / "backups"
    directory.mkdir()
    for turn in range(7):
        (directory / f"2020010{turn}T000000000000-0001.sqlite").write_bytes(b"")
    migrate_now(home)
    assert current_revision(home.database) == next_revision
    kept = sorted(directory.glob("*.sqlite"))
    assert len(kept) == BACKUPS_KEPT
    assert current_revision(kept[-1]) == HEAD
    assert kept[-1].stat().st_mode & 0o777 == 0o600
    assert list(directory.glob(".*")) == []
    with closing(sqlite3.connect(kept[-1])) as copy:
        assert copy.execute("SELECT state FROM deployments").fetchall() == [("succeeded",)]
    with closing(sqlite3.connect(home.database)) as connection:
        assert connection.execute("SELECT name, nickname FROM projects").fetchall() == [("shop", None)]


def test_a_migration_that_fails_leaves_the_old_schema(home: Paths, next_revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATER_FAILS", "1")
    with pytest.raises(RuntimeError, match="power cut"):
        migrate_now(home)
    assert current_revision(home.database) == HEAD
    with closing(sqlite3.connect(home.database)) as connection:
        names = {row[1] for row in connection.execute("PRAGMA table_info(projects)")}
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert "nickname" not in names
    assert "later" not in tables
    monkeypatch.delenv("LATER_FAILS")
    migrate_now(home)
    assert current_revision(home.database) == next_revision


async def test_many_openings_at_once_migrate_once(home: Paths, next_revision: str) -> None:
    await asyncio.gather(*(migrate(home) for _ in range(6)))
    assert current_revision(home.database) == next_revision
    assert len(list((home.data / "backups").glob("*.sqlite"))) == 1


async def test_two_processes_create_the_database_once(paths: Paths) -> None:
    program = (
        "import asyncio, sys\nfrom deploydeck.settings import default_paths\nfrom deploydeck.store import Store\n"
        "async def main():\n    store = await Store.open(default_paths())\n    await store.projects.open('/srv/x', 'x')\n"
        "    await store.close()\nasyncio.run(main())\n"
    )
    children = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(3)]
    assert [await child.wait() for child in children] == [0, 0, 0]
    store = await Store.open(paths)
    assert len(await store.projects.all()) == 1
    await store.close()


def test_nothing_to_do_costs_no_alembic(home: Paths) -> None:
    migrate_now(home)
    program = (
        "import sys\nfrom deploydeck.settings import default_paths\nfrom deploydeck.store.migrate import migrate_now\n"
        "migrate_now(default_paths())\nassert 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_data_belongs_to_its_owner_alone(paths: Paths) -> None:
    migrate_now(paths)
    assert paths.data.stat().st_mode & 0o777 == 0o700
    assert paths.database.stat().st_mode & 0o777 == 0o600
    paths.database.chmod(0o644)
    migrate_now(paths)
    assert paths.database.stat().st_mode & 0o777 == 0o600


def test_a_newer_database_is_refused_untouched(home: Paths) -> None:
    _fill(home, HEAD)
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '7777'")
        connection.commit()
    before = home.database.read_bytes()
    assert _code(lambda: migrate_now(home)) == "store-newer"
    assert home.database.read_bytes() == before


def test_a_foreign_database_is_refused_untouched(home: Paths) -> None:
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("CREATE TABLE recipes (id INTEGER)")
    before = home.database.read_bytes()
    assert _code(lambda: migrate_now(home)) == "store-foreign"
    assert home.database.read_bytes() == before


@pytest.mark.parametrize("content", [b"this is a poem, not a database" * 200, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_database_is_named_so(home: Paths, content: bytes) -> None:
    home.database.write_bytes(content)
    assert _code(lambda: migrate_now(home)) == "store-corrupt"
    assert home.database.read_bytes() == content


def test_a_quick_check_finds_damage_inside(home: Paths) -> None:
    _fill(home, HEAD)
    quick_check(home.database)
    content = bytearray(home.database.read_bytes())
    content[4096 * 3 : 4096 * 9] = b"\x5a" * (4096 * 6)
    home.database.write_bytes(bytes(content))
    assert _code(lambda: quick_check(home.database)) == "store-corrupt"


def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    assert _code(lambda: migrate_now(Paths(data=blocker / "data", config=tmp_path))) == "store-unwritable"
    place = Paths(data=tmp_path / "data", config=tmp_path)
    place.database.mkdir(parents=True)
    assert _code(lambda: migrate_now(place)) in ("store-unwritable", "store-unopenable")


def test_a_full_disk_while_creating(home: Paths) -> None:
    def cramped(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count=5")

    event.listen(Engine, "connect", cramped)
    try:
        assert _code(lambda: migrate_now(home)) == "store-disk-full"
    finally:
        event.remove(Engine, "connect", cramped)
    assert current_revision(home.database) is None, "nothing half-made"
    migrate_now(home)
    assert current_revision(home.database) == HEAD


def test_a_locked_database_is_named_so(home: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "BUSY_TIMEOUT_MS", 200)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        assert _code(lambda: migrate_now(home)) == "store-locked"
        assert time.monotonic() - started < 10
        holder.execute("ROLLBACK")
    migrate_now(home)
