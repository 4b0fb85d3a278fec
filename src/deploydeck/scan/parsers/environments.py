"""Environment files and our own settings file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.rules.names import is_secret
from deploydeck.scan.rules.services import CHOSEN_BY

_ENV_LINE = re.compile(r"^(?:export\s{1,10}|set\s{1,10})?([A-Za-z_][A-Za-z0-9_.]{0,99})\s{0,20}(?:=|:\s)(.*)$")
_SAMPLE = re.compile(
    r"(?:^|[._-])(?:example|sample|template|dist|defaults?|tmpl|tpl|schema|skel|stub|empty|base)(?:[._-]|$)", re.IGNORECASE
)
_PLACEHOLDER = re.compile(
    r"^(?:change[-_ ]?me.*|changeit|your[-_ ].*|my[-_ ]?(?:secret|key|token|password).*|x{3,}.*|\.{3,}|\*{3,}|<.*>|\[.*\]"
    r"|\{\{.*\}\}|%.*%|__.*__|todo|tbd|fixme|fill.*|insert.*"
    r"|replace.*|enter.*|put.*|add[-_ ]your.*|some[-_ ].*|secret.*|null|none|undefined|n/?a|\?+|-|.*(?:your[-_ ]|_here\b"
    r"|-here\b|[-_ ]goes[-_ ]here|placeholder|<[a-z_ -]{2,60}>).*)$",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 20_000


def is_sample(file: str) -> bool:
    """Whether the file is the project's sample (`.env.example`), not what this machine uses (`.env`)."""
    name = file.rpartition("/")[2]
    return bool(_SAMPLE.search(name.replace(".env", "", 1) if name.startswith(".env") else name))


def env_file(file: str, data: bytes) -> Iterator[Found]:
    """Names of variables. The value of a sample file is kept as its default, unless it is secret or a placeholder; of a local file
    only whether there is one."""
    sample = is_sample(file)
    text = Text(data)
    number = 0
    while number < len(text.lines):
        number += 1
        line = text.lines[number - 1].strip()
        match = _ENV_LINE.match(line) if not line.startswith("#") and len(line) <= _LONGEST else None
        if not match:
            continue
        name, first = match[1], number
        value, number = _value(text, match[2].strip(), number)
        if "." in name:
            continue
        tags = {"sample" if sample else "local"} | ({"valued"} if value and not _PLACEHOLDER.match(value) else set())
        kept = _kept(name, value) if sample else _telling(name, value)
        shown = f"{name}={kept}" if sample and kept and not is_secret(name) else f"{name}="
        yield Found("env", name, kept, file, first, shown, tags=frozenset(tags))


def _value(text: Text, raw: str, number: int) -> tuple[str, int]:
    """The value without quotes and closing comment, and the last line it stands on; a quoted one may span lines."""
    quote = raw[:1]
    if quote not in {"'", '"', "`"}:
        return re.split(r"\s#", raw, maxsplit=1)[0].strip() if not raw.startswith("#") else "", number
    rest, last = raw[1:], number
    for _ in range(60):
        end = _closing(rest, quote)
        if end >= 0:
            return rest[:end], last
        if last >= len(text.lines) or len(rest) > _LONGEST:
            break
        rest += "\n" + text.lines[last]
        last += 1
    return raw.strip("'\"`"), number  # the quote never closes: it is one line


def _closing(text: str, quote: str) -> int:
    position = text.find(quote)
    while position > 0 and quote == '"' and text[position - 1] == "\\":
        position = text.find(quote, position + 1)
    return position


def _kept(name: str, value: str) -> str:
    """What of a sample's value may be its default; of a secret address only the scheme, which names the service."""
    if not value or _PLACEHOLDER.match(value) or "\n" in value:
        return ""
    if re.fullmatch(r"\$\{?[A-Za-z_]{1,60}\}?", value):
        return ""
    if is_secret(name):
        return _telling(name, value)
    return value[:200]


def _telling(name: str, value: str) -> str:
    """What of a value names a service and gives nothing away: the scheme of an address, the word that chooses a driver."""
    if scheme := re.match(r"(?:jdbc:)?[a-z][a-z0-9+.-]{1,30}://", value):
        return scheme[0]
    return value if name in CHOSEN_BY and re.fullmatch(r"[a-z0-9_.]{1,40}", value) else ""


def direnv(file: str, data: bytes) -> Iterator[Found]:
    """.envrc: the variables it exports; their values are this machine's."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        match = re.match(r"^\s{0,20}export\s{1,10}([A-Za-z_][A-Za-z0-9_]{0,99})=(.{0,2000})", line)
        if match and match[1] not in {"PATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "NIX_PATH", "DIRENV_LOG_FORMAT"}:
            valued = match[2].strip("'\" ") and "$" not in match[2]
            tags = frozenset({"local", "valued"} if valued else {"local"})
            yield Found("env", match[1], "", file, number, f"export {match[1]}=", tags=tags)


def override_lines(file: str, data: bytes) -> Iterator[Found]:
    """deploydeck.toml, so that an override can name its line."""
    text = Text(data)
    section = ""
    for number, line in enumerate(text.lines, 1):
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped.strip("[] ")
        elif section == "app" and (match := re.match(r"([a-z_]{1,40})\s*=", stripped)):
            yield Found("override", match[1], "", file, number, stripped)


_NAMES = ("env.example", "env.sample", "env.template", "env.dist", "example.env", "sample.env", "template.env", "default.env",
    "defaults.env", "dotenv.example",
          "env-example", "env_example", "dot.env.example", "_env.example", "sample.env.local", "dev.env.example",
          "app.env.example", "local.env.example",
          ".example.env", ".sample.env", "env.sample.txt", "env.example.txt", ".env-example", ".env_example")  # fmt: skip

PARSERS: tuple[Parser, ...] = (
    Parser(".env*", env_file),
    *(Parser(name, env_file) for name in _NAMES),
    *(Parser(f"{directory}config.env{ending}", env_file) for directory in ("", "config/", "src/config/")
      for ending in ("", ".example")),
    *(
        Parser(f"{directory}/{name}", env_file)
        for directory in ("config", "env", "envs", ".envs", "environments", "docker", "deploy", "src", "app", "conf", "settings",
        "config/env", "infra", "server",
                          "backend", "api", "web", ".docker")
        for name in (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", ".env", ".env-example",
        ".env.production.example")
    ),
    Parser(".envrc", direnv),
    Parser(".envrc.example", direnv),
    Parser("deploydeck.toml", override_lines, config_kind="deploydeck"),
)  # fmt: skip
