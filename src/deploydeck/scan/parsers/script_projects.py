"""Perl, Lua, R and Julia: one module each, read line by line with bounded patterns, for there is no grammar of theirs here."""

from __future__ import annotations

from deploydeck.scan.parsers import julia_project, lua_project, perl_project, r_project
from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = (*perl_project.PARSERS, *lua_project.PARSERS, *r_project.PARSERS, *julia_project.PARSERS)
