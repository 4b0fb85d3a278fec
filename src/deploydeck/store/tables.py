"""The tables. Column names are the field names of the domain values; nested values are JSON. No SQLite-only types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC datetime on every database; SQLite itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        aware: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC)


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)


def _id() -> Column[str]:
    return Column("id", String(40), primary_key=True)


def _ref(name: str, to: str, *, nullable: bool = False, cascade: bool = False) -> Column[str]:
    return Column(
        name, String(40), ForeignKey(f"{to}.id", ondelete="CASCADE" if cascade else "RESTRICT"), nullable=nullable, index=True
    )


def _json(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UtcDateTime(), nullable=nullable)


users = Table(
    "users",
    metadata,
    _id(),
    Column("name", String(255), nullable=False, unique=True),
    Column("full_name", String(255)),
    Column("email", String(255), unique=True),
    Column("role", String(50), nullable=False, default="developer"),
    _time("created_at"),
    _time("updated_at"),
)

projects = Table(
    "projects",
    metadata,
    _id(),
    _ref("user_id", "users"),
    Column("name", String(255), nullable=False),
    Column("root", Text, nullable=False, unique=True),
    Column("repository_url", String(500)),
    Column("analysis_status", String(50), nullable=False, default="pending"),
    Column("last_release_number", Integer, nullable=False, default=0),
    _time("created_at"),
    _time("updated_at"),
    _time("opened_at"),
)

profiles = Table(
    "profiles",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    Column("profile_hash", String(64), nullable=False),
    _json("profile"),
    _time("created_at"),
)

configs = Table(
    "configs",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    Column("config_hash", String(64), nullable=False),
    _json("config"),
    _time("created_at"),
)

releases = Table(
    "releases",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    Column("number", Integer, nullable=False),
    Column("environment", String(64), nullable=False),
    Column("target", String(64), nullable=False),
    _ref("config_id", "configs"),
    Column("config_hash", String(64), nullable=False),
    Column("source_hash", String(64), nullable=False),
    _json("variables"),
    _json("files"),
    Column("git_sha", String(64), nullable=False, default=""),
    Column("git_dirty", Boolean, nullable=False, default=False),
    _json("artifact"),
    _json("origin", nullable=True),
    Column("created_by", String(255), nullable=False),
    _time("created_at"),
    UniqueConstraint("project_id", "number"),
)

deployments = Table(
    "deployments",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    _ref("release_id", "releases"),
    _ref("config_id", "configs"),
    _ref("user_id", "users"),
    Column("kind", String(20), nullable=False),
    Column("environment", String(64), nullable=False),
    Column("target", String(64), nullable=False),
    Column("state", String(32), nullable=False),
    _json("plan", nullable=True),
    Column("passed_no_return", Boolean, nullable=False, default=False),
    _ref("previous_release_id", "releases", nullable=True),
    Column("application_url", String(500)),
    _json("cause", nullable=True),
    _json("pause", nullable=True),
    _json("warnings"),
    _json("health", nullable=True),
    Column("requested_by", String(255), nullable=False),
    Column("cancel", String(20)),
    _time("created_at"),
    _time("started_at", nullable=True),
    _time("completed_at", nullable=True),
    Column("completed_order", Integer),  # which ended last, whatever the clock did
    CheckConstraint("kind IN ('deploy', 'rollback', 'remove')", name="kind"),
    Index("ix_deployments_state", "state"),
    Index("ix_deployments_project_created", "project_id", "created_at"),
)

steps = Table(
    "steps",
    metadata,
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="RESTRICT"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("phase", String(20), nullable=False),
    Column("title", String(255), nullable=False),
    Column("command", Text, nullable=False, default=""),
    Column("gate", String(20), nullable=False, default=""),
    Column("undoable", Boolean, nullable=False, default=True),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("idempotency_key", String(128), nullable=False, unique=True),
    Column("deadline_s", Float, nullable=False),
    _json("intent", nullable=True),
    _json("result", nullable=True),
    _json("undo", nullable=True),
    _json("cause", nullable=True),
    Column("expected_s", Float),
    _time("started_at", nullable=True),
    _time("heartbeat_at", nullable=True),
    _time("ended_at", nullable=True),
    UniqueConstraint("deployment_id", "name"),
)

events = Table(
    "events",
    metadata,
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="RESTRICT"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    _time("at"),
    Column("kind", String(20), nullable=False),
    Column("level", String(10), nullable=False),
    Column("step", String(64), nullable=False, default=""),
    Column("text", Text, nullable=False),
    _json("data"),
)

resources = Table(
    "resources",
    metadata,
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="RESTRICT"), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("created_by_us", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    _time("created_at"),
    _time("updated_at"),
)

logs = Table(
    "logs",
    metadata,
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="RESTRICT"), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("path", Text, nullable=False),
    Column("lines", Integer, nullable=False, default=0),
    Column("size_bytes", BigInteger, nullable=False, default=0),
    Column("error_lines", Integer, nullable=False, default=0),
    Column("closed", Boolean, nullable=False, default=False),
    _time("created_at"),
    _time("updated_at"),
)

locks = Table(
    "locks",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="RESTRICT")),
    Column("fence", Integer, nullable=False),
    _time("acquired_at"),
    _time("lease_until"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("project_id", String(40), ForeignKey("projects.id", ondelete="RESTRICT"), primary_key=True),
    Column("path", String(500), primary_key=True),
    _json("decisions"),
    _time("updated_at"),
)

written = Table(
    "written",
    metadata,
    Column("project_id", String(40), ForeignKey("projects.id", ondelete="RESTRICT"), primary_key=True),
    Column("path", String(500), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("mode", Integer, nullable=False),
    _time("written_at"),
)

undos = Table(
    "undos",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    Column("state", String(20), nullable=False),
    _json("record"),
    Column("size_bytes", Integer, nullable=False),
    _time("created_at"),
    CheckConstraint("state IN ('writing', 'done', 'undoing')", name="state"),
)
