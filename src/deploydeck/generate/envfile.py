""".env.example: every variable of the project, what each is for, and no value of a secret."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import EnvVariable, Evidence, GeneratedFile
from deploydeck.generate.lines import Lines
from deploydeck.generate.names import variable_name
from deploydeck.generate.policies.model import names_secret
from deploydeck.generate.render import HEADER, owned
from deploydeck.generate.request import Request
from deploydeck.generate.services import SERVICES

ENV_EXAMPLE = ".env.example"
_LONGEST = 120


@dataclass(frozen=True)
class _Row:
    """One variable: what is said of it above its line, and the value that may stand there."""

    name: str
    words: tuple[str, ...]
    notes: tuple[str, ...]
    value: str
    why: str
    used: tuple[Evidence, ...]
    required: bool


def env_example(request: Request, *, with_compose: bool) -> GeneratedFile | None:
    """Names of the variables the program reads and of those compose.yaml needs; values only where the source gives a plain default.

    None when there are none, or when the project has such a file of its own.
    """
    rows = {
        row.name: row for row in (_of_program(request, variable, with_compose) for variable in request.profile.variables) if row
    }
    for row in _of_settings(request, set(rows)):
        rows[row.name] = row
    if with_compose:
        for row in _of_services(request, rows):
            rows[row.name] = row
    files = request.files
    if not rows or (files.is_file(ENV_EXAMPLE) and not owned(files.head(ENV_EXAMPLE))):
        return None
    out = Lines(ENV_EXAMPLE)
    out.add(HEADER)
    out.add("# Copy it to .env and fill it in. Keep .env out of version control.")
    for row in sorted(rows.values(), key=lambda row: (not row.required, row.name)):
        out.add("")
        out.add(f"# {', '.join(row.words)}")
        for note in row.notes:
            out.add(f"# {note}")
        value = env_value(row.value)
        if value or row.required:
            out.add(f"{row.name}={value}", "variable", row.why, row.used)
        else:
            out.add(f"# {row.name}=")  # an empty value would stand in the way of the program's own default
    return out.file()


def env_value(value: str) -> str:
    """A value one line long. Quoted where it holds more than plain characters; left out when it cannot be written plainly."""
    if not value.isprintable() or "'" in value:
        return ""
    if all(c.isalnum() or c in "_@%+=:,./-" for c in value):
        return value
    return f"'{value}'"


def _of_program(request: Request, variable: EnvVariable, with_compose: bool) -> _Row | None:
    if not variable_name(variable.name):
        return None
    secret = variable.secret or names_secret(variable.name)
    words = ["required" if variable.required else "optional"]
    words += ["secret"] if secret else []
    words += ["used when building"] if variable.build_time else []
    notes = []
    files = dict.fromkeys(place.file for place in variable.used if place.file.isprintable() and len(place.file) <= _LONGEST)
    if files:
        notes.append(f"read in {', '.join(list(files)[:3])}")  # without lines, which move with every change
    if with_compose:
        for spec in request.config.services:
            said = dict(spec.variables).get(variable.name)
            if said is not None and said != "{password}":
                shown = said.replace("{host}", spec.name).replace("{password}", f"${{{spec.password}}}")
                notes.append(f"compose.yaml sets it itself: {shown or 'empty'}")
    default = "" if secret or variable.default is None else variable.default
    why = "A secret: only its name stands here" if secret else "The program reads it"
    return _Row(variable.name, tuple(words), tuple(notes), default, why, variable.used, variable.required)


def _of_settings(request: Request, known: set[str]) -> list[_Row]:
    """What the settings name and the source was not seen to read."""
    found = []
    for variable in request.config.variables:
        if variable.name in known:
            continue
        secret = variable.secret or names_secret(variable.name)
        words = ("required", *(("secret",) if secret else ()))
        value = "" if secret else variable.value or ""
        why = f"The settings of {request.config.environment} name it"
        found.append(_Row(variable.name, words, ("named in the settings",), value, why, (), True))
    return found


def _of_services(request: Request, known: dict[str, _Row]) -> list[_Row]:
    """The passwords that compose.yaml takes from here. Letters and digits, for they become part of addresses."""
    found = []
    for spec in request.config.services:
        if not spec.password:
            continue
        row, title = SERVICES[spec.name], SERVICES[spec.name].title
        note = f"the password of {title} in compose.yaml, of letters and digits{', ' + row.note if row.note else ''}"
        before = known.get(spec.password)
        notes = (*(before.notes if before else ()), note)
        used = before.used if before else ()
        why = f"compose.yaml gives it to {title} and to the program; only its name stands here"
        found.append(_Row(spec.password, ("required", "secret"), notes, "", why, used, True))
    return found
