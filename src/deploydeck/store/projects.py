"""People, projects, their profiles, configurations and review decisions."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from deploydeck.domain import DeployDeckError, DeploymentConfig, ProjectProfile, Utc, Value, new_id, timeless, utc_now
from deploydeck.store.database import Database
from deploydeck.store.rows import from_row, to_row
from deploydeck.store.tables import configs, profiles, projects, reviews, users


class User(Value):
    """A person. The first is the local account."""

    id: str
    name: str
    full_name: str | None = None
    email: str | None = None
    role: str = "developer"
    created_at: Utc
    updated_at: Utc


class Project(Value):
    """A directory that was opened with DeployDeck."""

    id: str
    user_id: str
    name: str
    root: str
    repository_url: str | None = None
    analysis_status: str = "pending"
    last_release_number: int = 0
    created_at: Utc
    updated_at: Utc
    opened_at: Utc


def local_account() -> str:
    """The name of the account that runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no passwd entry for this uid, as in many containers
        return "local"


class Projects:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def local_user(self) -> User:
        """The local account, created on first use."""
        async with self._database.write() as connection:
            return await _local_user(connection)

    async def open(self, root: str, name: str) -> Project:
        """The project at an absolute path, recorded on first use; marks it as opened now."""
        now = utc_now()
        async with self._database.write() as connection:
            row = (await connection.execute(select(projects).where(projects.c.root == root))).mappings().first()
            if row is None:
                user = await _local_user(connection)
                project = Project(
                    id=new_id("prj"),
                    user_id=user.id,
                    name=name[:255] or root[-255:],
                    root=root,
                    created_at=now,
                    updated_at=now,
                    opened_at=now,
                )
                await connection.execute(insert(projects).values(to_row(project, projects)))
                return project
            await connection.execute(
                update(projects).where(projects.c.id == row["id"]).values(opened_at=now, name=name[:255] or row["name"])
            )
            return from_row(Project, row).model_copy(update={"opened_at": now, "name": name[:255] or row["name"]})

    async def all(self) -> tuple[Project, ...]:
        """Every project, the most recently opened first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(projects).order_by(projects.c.opened_at.desc()))
            return tuple(from_row(Project, row) for row in rows.mappings())

    async def get(self, project_id: str) -> Project:
        async with self._database.read() as connection:
            row = (await connection.execute(select(projects).where(projects.c.id == project_id))).mappings().first()
        if row is None:
            raise DeployDeckError(
                "project-unknown", f"There is no project {project_id}.", hint="`deploydeck status` lists what there is."
            )
        return from_row(Project, row)

    async def save_profile(self, project_id: str, profile: ProjectProfile) -> str:
        """Keep a profile unless the last one says the same; returns its id."""
        # A scan has an id and a time of its own; what it found is the rest.
        digest = timeless(profile).model_copy(update={"id": ""}).content_hash
        async with self._database.write() as connection:
            last = (
                (
                    await connection.execute(
                        select(profiles).where(profiles.c.project_id == project_id).order_by(profiles.c.id.desc()).limit(1)
                    )
                )
                .mappings()
                .first()
            )
            if last is not None and last["profile_hash"] == digest:
                return str(last["id"])
            profile_id = new_id("pro")
            await connection.execute(
                insert(profiles).values(
                    id=profile_id,
                    project_id=project_id,
                    profile_hash=digest,
                    profile=profile.model_dump(mode="json"),
                    created_at=utc_now(),
                )
            )
            await connection.execute(
                update(projects).where(projects.c.id == project_id).values(analysis_status="done", updated_at=utc_now())
            )
            return profile_id

    async def latest_profile(self, project_id: str) -> ProjectProfile | None:
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(profiles.c.profile).where(profiles.c.project_id == project_id).order_by(profiles.c.id.desc()).limit(1)
                )
            ).first()
        return ProjectProfile.model_validate(_of_today(row[0])) if row else None

    async def save_config(self, config: DeploymentConfig) -> None:
        async with self._database.write() as connection:
            await insert_config(connection, config)

    async def config(self, config_id: str) -> DeploymentConfig:
        async with self._database.read() as connection:
            row = (await connection.execute(select(configs.c.config).where(configs.c.id == config_id))).first()
        if row is None:
            raise DeployDeckError("config-unknown", f"There is no configuration {config_id}.")
        return DeploymentConfig.model_validate(row[0])

    async def save_decisions(self, project_id: str, decisions: Mapping[str, Mapping[str, Any]]) -> None:
        """Remember what was decided about files, by path, so that a dropped link loses nothing; other files stay as they are."""
        now = utc_now()
        async with self._database.write() as connection:
            for path, decided in decisions.items():
                kept = dict(decided)
                changed = await connection.execute(
                    update(reviews)
                    .where(reviews.c.project_id == project_id, reviews.c.path == path)
                    .values(decisions=kept, updated_at=now)
                )
                if changed.rowcount == 0:
                    await connection.execute(
                        insert(reviews).values(project_id=project_id, path=path, decisions=kept, updated_at=now)
                    )

    async def decisions(self, project_id: str) -> dict[str, dict[str, Any]]:
        """Saved decisions by path."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(reviews.c.path, reviews.c.decisions).where(reviews.c.project_id == project_id))
            return {str(path): decided for path, decided in rows}


async def insert_config(connection: AsyncConnection, config: DeploymentConfig) -> None:
    """Insert a configuration unless it is there. Raises DeployDeckError `config-changed`: it never changes under its id."""
    present = await connection.scalar(select(configs.c.config).where(configs.c.id == config.id))
    # Compared as values, not by the stored hash: an earlier version wrote fewer fields.
    if present is not None and DeploymentConfig.model_validate(present) != config:
        raise DeployDeckError("config-changed", f"The configuration {config.id} is stored with other content.")
    if present is None:
        await connection.execute(
            insert(configs).values(
                id=config.id,
                project_id=config.project_id,
                config_hash=config.content_hash,
                config=config.model_dump(mode="json"),
                created_at=config.created_at,
            )
        )


async def _local_user(connection: AsyncConnection) -> User:
    name = local_account()
    row = (await connection.execute(select(users).where(users.c.name == name))).mappings().first()
    if row is not None:
        return from_row(User, row)
    user = User(id=new_id("usr"), name=name, created_at=utc_now(), updated_at=utc_now())
    await connection.execute(insert(users).values(to_row(user, users)))
    return user


_LANGUAGE_IDS = {"C#": "csharp", "F#": "fsharp", "C++": "cpp", "Visual Basic": "visualbasic"}


def _of_today(profile: dict[str, Any]) -> dict[str, Any]:
    """A stored profile in today's shape: version 1 knew languages by their name alone."""
    if profile.get("schema_version") != 1:
        return profile
    facts = [profile["language"], *profile["languages"]]
    for fact in [*facts, *(other for one in facts if one for other in one["alternatives"])]:
        if fact:
            name = fact["value"]["name"]
            fact["value"]["id"] = _LANGUAGE_IDS.get(name, name.lower())
    return profile | {"schema_version": 2}
