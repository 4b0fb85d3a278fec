"""How right the scanner is on the sample projects: `make accuracy` prints it field by field, wrong and blank kept apart.

Beside each sample directory in tests/projects stands NAME.expected.json with what an expert would say. Only fields written there
are compared; null says that there must be nothing. A command may be a list: any of them is right.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploydeck.scan import ProjectAnalyzer
from deploydeck.scan.document import ScanDocument, scan_document

PROJECTS = Path(__file__).parent / "projects"
_BUILT = shutil.ignore_patterns("node_modules", ".venv", ".next", "__pycache__")
RIGHT, WRONG, BLANK = "right", "wrong", "blank"


@dataclass(frozen=True)
class Answer:
    """One comparison: `blank` when the scan said nothing and should have, `wrong` when it said something else or too much."""

    field: str
    verdict: str
    expected: Any
    told: Any


def samples() -> list[str]:
    """The names of the samples that have an expected profile."""
    return sorted(path.name.removesuffix(".expected.json") for path in PROJECTS.glob("*.expected.json"))


def expected(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PROJECTS / f"{name}.expected.json").read_text("utf-8"))
    return content


def scanned(name: str, into: Path) -> ScanDocument:
    """The document of a copy outside this checkout, so that what its git ignores decides nothing."""
    root = into / name
    shutil.copytree(PROJECTS / name, root, ignore=_BUILT, symlinks=True)
    return scan_document(ProjectAnalyzer().profile(root))


def compare(wanted: dict[str, Any], document: ScanDocument) -> Iterator[Answer]:
    """Every expected field against the document, components too."""
    for field, value in wanted.items():
        if field in _SINGLE:
            yield _single(field, value, _SINGLE[field](document))
        elif field in _SETS:
            yield from _set(field, set(value), _SETS[field](document))
        elif field == "findings":
            seen = {finding.code for finding in document.findings}
            yield from (Answer(field, RIGHT if code in seen else BLANK, code, sorted(seen)) for code in value)
        elif field == "variables":
            yield from _variables(value, {one.name: one for one in document.variables})
        elif field == "dependencies":
            versions = {one.name: one.version for one in document.dependencies if one.direct}
            yield from (_single(f"{field}", version, versions.get(name), name) for name, version in value.items())
        elif field == "components":
            inner = {one.path: one for one in document.components}
            yield from _set(field, set(value), set(inner))
            for path, fields in value.items():
                if path in inner:
                    yield from compare(fields, inner[path])
        else:
            raise KeyError(f"no field {field!r} can be expected")


_SINGLE: dict[str, Any] = {
    "kind": lambda document: document.kind.value,
    "language": lambda document: document.language.name,
    "framework": lambda document: document.framework.name,
    "framework_version": lambda document: document.framework.version,
    "build_tool": lambda document: document.build_tool and document.build_tool.name,
    "package_manager": lambda document: document.package_manager and document.package_manager.name,
    "runtime": lambda document: document.runtime.name,
    "runtime_version": lambda document: document.runtime.version or None,
    "start_command": lambda document: document.start_command and document.start_command.value,
    "build_command": lambda document: document.build_command and document.build_command.value,
    "port": lambda document: document.port and document.port.value,
    "health_path": lambda document: document.health_path and document.health_path.value,
    "output_dir": lambda document: document.output_dir and document.output_dir.value,
    "primary": lambda document: document.primary or None,
}
_SETS: dict[str, Any] = {
    "services": lambda document: {one.name for one in document.services},
    "secrets": lambda document: {f"{one.file}:{one.line}" for one in document.secrets},
    "conflicts": lambda document: {one.field for one in document.conflicts},
    "system_packages": lambda document: {one.name for one in document.system_packages},
}


def _single(field: str, wanted: Any, told: Any, what: str = "") -> Answer:
    right = told in wanted if isinstance(wanted, list) else told == wanted
    verdict = RIGHT if right else BLANK if told in (None, "") else WRONG
    return Answer(field, verdict, f"{what} {wanted}" if what else wanted, told)


def _set(field: str, wanted: set[str], told: set[str]) -> Iterator[Answer]:
    yield from (Answer(field, RIGHT if one in told else BLANK, one, sorted(told)) for one in sorted(wanted))
    yield from (Answer(field, WRONG, None, one) for one in sorted(told - wanted))
    if not wanted and not told:
        yield Answer(field, RIGHT, None, None)


def _variables(wanted: dict[str, str], told: dict[str, Any]) -> Iterator[Answer]:
    """`wanted` maps a name to words: required or optional, secret, build, default=VALUE."""
    for name, text in wanted.items():
        one = told.get(name)
        if one is None:
            yield Answer("variables", BLANK, name, sorted(told))
            continue
        words = text.split(" ")
        is_like = {"required": one.required, "optional": not one.required, "secret": one.secret, "plain": not one.secret}
        is_like["build"] = one.build_time
        wrong = [word for word in words if word and not is_like.get(word, word == f"default={one.default}")]
        yield Answer("variables", WRONG if wrong else RIGHT, f"{name}: {text}", one.model_dump(exclude={"evidence", "confidence"}))
    yield from (Answer("variables", WRONG, None, name) for name in sorted(set(told) - set(wanted)))


def main() -> int:
    counts: dict[str, Counter[str]] = {}
    misses: list[str] = []
    names = sys.argv[1:] or samples()
    with tempfile.TemporaryDirectory() as directory:
        for name in names:
            for answer in compare(expected(name), scanned(name, Path(directory))):
                counts.setdefault(answer.field, Counter())[answer.verdict] += 1
                if answer.verdict != RIGHT:
                    misses.append(f"{name}: {answer.field} {answer.verdict}: expected {answer.expected!r}, told {answer.told!r}")
    print(f"{'field':<20}{'right':>8}{'wrong':>8}{'blank':>8}{'accuracy':>10}")
    for field, count in sorted(counts.items()):
        total = sum(count.values())
        print(f"{field:<20}{count[RIGHT]:>8}{count[WRONG]:>8}{count[BLANK]:>8}{count[RIGHT] / total:>10.1%}")
    whole = sum(counts.values(), Counter[str]())
    share = whole[RIGHT] / max(sum(whole.values()), 1)
    print(f"{'all':<20}{whole[RIGHT]:>8}{whole[WRONG]:>8}{whole[BLANK]:>8}{share:>10.1%}")
    print(f"{len(names)} projects")
    for miss in misses:
        print(miss)
    return 1 if misses else 0


if __name__ == "__main__":
    raise SystemExit(main())
