"""OCaml: dune-project, dune, *.opam and source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.source_patterns import Patterns, reader

SCOPE = "ocaml"
_TOKEN = re.compile(r"\(|\)|\"(?:[^\"\\]|\\.){0,500}\"|;[^\n]{0,2000}|[^\s()\";]{1,300}")
_OPAM = re.compile(r"\"([a-z][\w+.-]{0,80})\"\s{0,9}(?:\{([^{}\n]{0,200})\})?")
_BOUND = re.compile(r"(>=|<=|=|<|>)\s{0,4}\"([^\"\n]{1,60})\"")
_MOST_TOKENS = 50_000


def _lists(text: Text) -> Iterator[tuple[list[str], list[tuple[str, int]]]]:
    """Each innermost-first list of an s-expression file: (heads of the lists around it, its own words with lines)."""
    stack: list[list[tuple[str, int]]] = []
    line, at = 1, 0
    for count, match in enumerate(_TOKEN.finditer(text.text)):
        if count > _MOST_TOKENS or len(stack) > 60:
            return
        line += text.text.count("\n", at, match.start())
        at = match.start()
        word = match[0]
        if word.startswith(";"):
            continue
        if word == "(":
            stack.append([])
        elif word == ")":
            if stack:
                words = stack.pop()
                yield [one[0][0] for one in stack if one], words
        elif stack:
            stack[-1].append((word.strip('"'), line))


def dune_project(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield Found("manifest", "dune-project", "", file, 0, "", SCOPE)
    bounds: dict[int, str] = {}
    seen: set[str] = set()
    pending: list[tuple[str, int]] = []
    for heads, words in _lists(text):
        if not words:
            continue
        head, line = words[0]
        if head in {">=", "=", "<=", "<", ">"} and len(words) > 1 and "depends" in heads:
            bounds[line] = f"{head}{words[1][0]}"
        elif heads and heads[-1] == "depends" and head not in {"and", "or"}:
            yield from _dependency(file, text, head, bounds.get(line, ""), line, [one for one, _ in words], seen)
        elif head == "depends":
            pending = words[1:]
        elif head == "name" and len(words) > 1 and heads in ([], ["package"]):
            yield Found("project-name", words[1][0], "", file, line, text.line(line), SCOPE)
        elif head == "lang" and len(words) > 2 and words[1][0] == "dune":
            yield Found("package-field", "dune", words[2][0], file, line, text.line(line), SCOPE)
        for name, at in pending:
            yield from _dependency(file, text, name, "", at, [], seen)
        pending = []


def _dependency(file: str, text: Text, name: str, wanted: str, line: int, words: list[str], seen: set[str]) -> Iterator[Found]:
    if name in seen or not re.match(r"^[a-z][\w+.-]*$", name):
        return
    seen.add(name)
    if name == "ocaml":
        yield Found("pin", "ocaml", wanted, file, line, text.line(line), "dune-project")
    elif name != "dune":
        development = any(word in {":with-test", ":with-doc", ":dev", ":with-dev-setup"} for word in words)
        yield Found(
            "dependency", name, wanted, file, line, text.line(line), SCOPE, frozenset({"development"} if development else ())
        )


def dune(file: str, data: bytes) -> Iterator[Found]:
    """Executables of a directory, by their names."""
    text = Text(data)
    directory = file.rpartition("/")[0]
    for heads, words in _lists(text):
        if not words or not heads or heads[-1] not in {"executable", "executables"}:
            continue
        if words[0][0] in {"name", "names"}:
            for name, line in words[1:20]:
                yield Found("entry", "bin", name, file, line, text.line(line), SCOPE, frozenset({f"dir:{directory}"}))


def opam(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield Found("manifest", "opam", "", file, 0, "", SCOPE)
    name = file.rpartition("/")[2].removesuffix(".opam")
    if name:
        yield Found("project-name", name, "", file, 0, "", SCOPE)
    inside = False
    for number, raw in enumerate(text.lines, 1):
        if raw.startswith("depends:"):
            inside = True
        if not inside:
            continue
        for match in _OPAM.finditer(raw.removeprefix("depends:")):
            condition = match[2] or ""
            bound = _BOUND.search(condition)
            wanted = f"{bound[1]}{bound[2]}" if bound else ""
            if match[1] == "ocaml":
                yield Found("pin", "ocaml", wanted, file, number, raw, "opam")
            elif match[1] != "dune":
                tags = frozenset({"development"} if re.search(r"with-test|with-doc|dev", condition) else ())
                yield Found("dependency", match[1], wanted, file, number, raw, SCOPE, tags)
        if raw.rstrip().endswith("]"):
            inside = False


def opam_locked(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, raw in enumerate(text.lines, 1):
        for match in re.finditer(r"\"([a-z][\w+.-]{0,80})\"\s{0,9}\{\s{0,4}=\s{0,4}\"([^\"\n]{1,60})\"", raw):
            yield Found("locked", match[1], match[2], file, number, raw, SCOPE)


ocaml_source = reader(
    Patterns(
        scope=SCOPE,
        worth=re.compile(rb"getenv|[pP]ort|Dream|App\."),
        comment="(*",
        env=(
            (re.compile(r"\b(?:Sys|Unix)\.getenv\s{1,4}\"(?P<name>\w{1,100})\""), "required"),
            (re.compile(r"\b(?:Sys|Unix)\.getenv_opt\s{1,4}\"(?P<name>\w{1,100})\""), ""),
            (re.compile(r"\bSys\.getenv_exn\s{1,4}\"(?P<name>\w{1,100})\""), "required"),
        ),
        after=((re.compile(r"\s{0,4}\|>\s{0,4}Option\.value\s{1,4}~default:\s{0,2}\"(?P<default>[^\"\n]{0,200})\""), "defaulted"),),
        listen=(
            re.compile(r"\bDream\.run\b[^\n]{0,120}?~port(?::\s{0,2}\(?(?P<port>\d{2,5}|[a-z]\w{0,40}))"),
            re.compile(r"^\s{0,40}(?:~interface:\"(?P<host>[\w.]{1,40})\"\s{0,4})?~port:\s{0,2}\(?(?P<port>\d{2,5})"),
            re.compile(r"\bApp\.port\s{1,4}(?P<port>\d{2,5}|[a-z]\w{0,40})"),
            re.compile(r"\bTCP\s{0,4}\(?`Port\s{1,4}(?P<port>\d{2,5})"),
        ),
        routes=(re.compile(r"\b(?:Dream|App|Router)\.get\s{1,4}\"(?P<path>/[^\"\n]{0,100})\""),),
        apps=((re.compile(r"\bDream\.run\b"), "dream"), (re.compile(r"\bApp\.run_(?:command|multicore)\b"), "opium")),
        prefixes=re.compile(r"\bDream\.scope\s{1,4}\"/[^\"]"),
    )
)

PARSERS: tuple[Parser, ...] = (
    Parser("dune-project", dune_project, config_kind="manifest"),
    Parser("dune", dune, anywhere=True),
    Parser("*.opam", opam, config_kind="manifest"),
    Parser("*.opam.locked", opam_locked, "lock", config_kind="lock"),
    Parser("*.ml", ocaml_source, "source", anywhere=True),
)
