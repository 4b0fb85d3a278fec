# ruff: noqa: E501 - tables read better unbroken
"""Databases that JavaScript programs name in their configuration: TypeORM, Sequelize, Knex, Drizzle, Mongoose, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.node_tree import key_of, string

if TYPE_CHECKING:
    from deploydeck.scan.parsers.node_program import Program

_NAMES = {
    "postgres": "postgresql", "postgresql": "postgresql", "pg": "postgresql", "pgnative": "postgresql", "cockroachdb": "postgresql",
    "aurora-postgres": "postgresql", "mysql": "mysql", "mysql2": "mysql", "mariadb": "mysql", "aurora-mysql": "mysql", "mongodb": "mongodb",
    "mongo": "mongodb", "mssql": "mssql", "tedious": "mssql", "better-sqlite3": "sqlite", "sqlite": "sqlite", "sqlite3": "sqlite",
}  # fmt: skip
_KEYS = {"type": "TypeORM type", "dialect": "dialect", "client": "Knex client", "provider": "provider", "adapter": "adapter"}
_WORTH = re.compile(
    r"\b(?:typeorm|TypeOrm\w{0,20}|DataSource|createConnection|sequelize|Sequelize\w{0,20}|knex|Knex|drizzle\S{0,20}|mikro-orm|MikroORM"
    r"|bookshelf|objection|strapi|connection|keystone)\b"
)
_SQLITE = frozenset({"sqlite"})


def datasources(program: Program) -> Iterator[Found]:
    """Facts datasource."""
    if not _WORTH.search(program.text.text):
        return
    for node in program.nodes["pair"]:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if key is None or (how := _KEYS.get(key_of(key))) is None:
            continue
        service = _NAMES.get(string(value) or "", "")
        if service and (key_of(key) not in {"provider", "adapter"} or "keystone" in program.text.text):
            tags = _SQLITE if service == "sqlite" else frozenset[str]()
            yield program.found("datasource", service, node, f"{how} {trees.text(value)}", tags, "node")
