"""Reads the files of a project and gives each component the facts of its own: manifests first, then sources, within the limits."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from deploydeck.domain import GENERATED_MARK, ConfigFile, DeployDeckError, Evidence, Severity
from deploydeck.scan.facts import Broken, Found
from deploydeck.scan.names import not_the_program
from deploydeck.scan.parsers import Parse, Parser, parsers_for
from deploydeck.scan.parsers.credentials import credentials, never_told
from deploydeck.scan.state import Scan
from deploydeck.scan.walk import Entry, Limits
from deploydeck.settings import PROJECT_FILE

_MOST_INCLUDED = 50
MORE_SOURCES = "more source files than a scan reads"
OUR_DEFECT = "the reader of this kind of file failed on it"
"""What a finding says when a parser ended in anything but facts or Broken. No test may ever see it."""
_TEXT_BYTES = 262_144
_MOST_TEXTS = 2_000
_GENERATED = re.compile(
    r"(?:^|/)(?:generated|__generated__|autogen|gen|gen-[a-z]{1,9}|pb|protos?)/|\.(?:pb|gen|g|generated)\.|_(?:pb2|pb2_grpc|generated|gen)\.[a-z]{1,9}$|(?:^|/)zz_generated"
)
_WEIGHTY = frozenset({"manifest", "lock"})
"""Sizes of files whose loss is worth a warning."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a file gave when it was read, and by which size and time of change it is known again."""

    size: int
    changed_ns: int
    facts: tuple[Found, ...]
    broken: Broken | None = None
    kind: str = ""
    sha256: str = ""


Memory = dict[tuple[str, str, Parse], Remembered]
"""By the file's path in the tree and in its component, and who parsed it: a scan again reads only what changed since."""


@dataclass(slots=True)
class Reading:
    """What reading has cost so far, over all components: bytes and files read, source files and their bytes."""

    limits: Limits
    cancelled: Callable[[], bool] = lambda: False
    memory: Memory = field(default_factory=dict)
    before: Memory = field(default_factory=dict)
    files_read: int = 0
    total_bytes: int = 0
    texts: int = 0
    sources: int = 0
    source_bytes: int = 0
    stopped: str = ""

    def limit(self, parser: Parser) -> int:
        limits = self.limits
        sizes = {"manifest": limits.manifest_bytes, "lock": limits.lock_bytes, "source": limits.source_bytes, "text": _TEXT_BYTES}
        return sizes[parser.size]


Work = list[tuple[Parser, Entry]]


def work_of(scan: Scan) -> Work:
    """The files of a component that a parser is for; tests and examples are not the program."""
    found = []
    for entry in scan.tree.entries.values():
        for parser in parsers_for(entry.path):
            if parser.size == "text" and parser.bare and never_told(entry.path):
                continue
            if parser.size in _WEIGHTY or not not_the_program(entry.path):
                found.append((parser, entry))
    return found


def most_telling(work: dict[str, Work], limits: Limits) -> dict[str, Work]:
    """The source files that fit into the limits, by component and in the order of `work`: all, or of too many the most telling.

    What says how a program is configured and started stands near the top of its component and was not generated.
    """
    sources = [(directory, item) for directory, items in work.items() for item in items]
    sizes = [min(entry.size, limits.source_bytes) for _, (_, entry) in sources]
    if len(sources) <= limits.source_files and sum(sizes) <= limits.total_source_bytes:
        return work

    def rank(number: int) -> tuple[bool, bool, int, int]:
        path = sources[number][1][1].path
        return sizes[number] >= limits.source_bytes, _GENERATED.search(path) is not None, path.count("/"), number

    chosen, left = set[int](), limits.total_source_bytes
    most = limits.source_files if len(sources) <= limits.many_sources else min(limits.source_files, limits.of_many_sources)
    for number in sorted(range(len(sources)), key=rank)[:most]:
        left -= sizes[number]
        if left < 0:
            break
        chosen.add(number)
    kept: dict[str, Work] = {directory: [] for directory in work}
    for number in sorted(chosen):
        directory, item = sources[number]
        kept[directory].append(item)
    return kept


def read(scan: Scan, reading: Reading, work: Work) -> tuple[ConfigFile, ...]:
    """Parse these files into the component's facts. Returns the configuration files among them."""
    configs: list[ConfigFile] = []
    for parser, entry in work:
        if reading.cancelled():
            raise DeployDeckError("scan-cancelled", "The scan was cancelled.")
        if parser.size == "source":
            reading.sources += 1
            reading.source_bytes += min(entry.size, reading.limits.source_bytes)
            if entry.size > reading.limits.source_bytes:
                scan.unread.append(entry.path)  # bundles and generated code, mostly
                continue
            if reading.source_bytes > reading.limits.total_source_bytes or reading.sources > reading.limits.source_files:
                reading.stopped = MORE_SOURCES
                break
        if parser.size == "text":
            reading.texts += 1
            if entry.size > _TEXT_BYTES or reading.texts > _MOST_TEXTS:
                continue  # data, not configuration
        known = reading.before.get((entry.raw, entry.path, parser.parse))
        if known is None or known.size != entry.size or known.changed_ns != entry.changed_ns:
            known = _parsed(scan, reading, parser, entry)
        if known is None:
            continue
        reading.memory[entry.raw, entry.path, parser.parse] = known
        if known.kind:
            configs.append(ConfigFile(path=entry.path, kind=known.kind, sha256=known.sha256))
        scan.facts.add(known.facts)
        if known.broken is not None:
            _report_broken(scan, parser, entry.path, known.broken)
    if any(parser.size in _WEIGHTY for parser, _ in work):
        _follow_includes(scan, reading, {entry.path for _, entry in work})
    return tuple(sorted(configs, key=lambda config: config.path))


def _bytes_of(scan: Scan, reading: Reading, parser: Parser, entry: Entry) -> bytes | None:
    limit = reading.limit(parser)
    try:
        data = scan.tree.read(entry, limit + 1)
    except OSError as error:
        scan.tree.unreadable.append(entry.path)
        if parser.size in _WEIGHTY:
            scan.finding(
                "file-unreadable",
                Severity.WARNING,
                f"{entry.path} cannot be read: {error.strerror or error}.",
                "Give yourself read permission on it.",
                [Evidence(file=entry.path)],
            )
        return None
    reading.total_bytes += len(data)
    reading.files_read += 1
    if len(data) > limit:
        scan.finding(
            "file-too-large",
            Severity.WARNING,
            f"{entry.path} is larger than {limit} bytes and was not read.",
            evidence=[Evidence(file=entry.path)],
        )
        return None
    return data


def _parsed(scan: Scan, reading: Reading, parser: Parser, entry: Entry) -> Remembered | None:
    data = _bytes_of(scan, reading, parser, entry)
    if data is None:
        return None
    found: list[Found] = []
    broken: Broken | None = None
    try:
        found.extend(parser.parse(entry.path, data))
    except Broken as problem:
        broken = Broken(problem.message, problem.line)  # without the frames that hold the file
    except RecursionError:
        broken = Broken("nested too deeply")
    except Exception as error:  # noqa: BLE001 - a defect of ours must not cost the person the whole scan; it is said, not hidden
        broken = Broken(f"{OUR_DEFECT} ({type(error).__name__})")
    if entry.path != PROJECT_FILE and GENERATED_MARK.encode() in b"\n".join(data.split(b"\n", 3)[:3]):
        found = [fact for fact in found if fact.kind == "config"]  # what we wrote ourselves is evidence of nothing
    if parser.size != "lock":
        found.extend(credentials(entry.path, data))
    kind = parser.config_kind or next((fact.name for fact in found if fact.kind == "config"), "")
    digest = hashlib.sha256(data).hexdigest() if kind else ""
    return Remembered(entry.size, entry.changed_ns, tuple(found), broken, kind, digest)


def _report_broken(scan: Scan, parser: Parser, path: str, broken: Broken) -> None:
    manifest = parser.size in _WEIGHTY
    scan.finding(
        "broken-manifest" if manifest else "broken-source",
        Severity.WARNING if manifest else Severity.INFO,
        f"{path} cannot be understood: {broken.message[:300]}.",
        "Correct the file and scan again." if manifest else "",
        [Evidence(file=path, line=broken.line)],
    )


def _follow_includes(scan: Scan, reading: Reading, parsed: set[str]) -> None:
    """Requirement files that others include by `-r`, inside the project, at most fifty."""
    waiting, followed = list(scan.facts.of("include")), 0
    if not waiting:
        return
    from deploydeck.scan.parsers.python_manifests import requirements

    while waiting and followed < _MOST_INCLUDED:
        include = waiting.pop(0)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(include.file), include.name))
        entry = scan.tree.entries.get(path)
        if entry is None or path in parsed:
            continue
        parsed.add(path)
        followed += 1
        before = len(scan.facts.of("include"))
        try:
            data = scan.tree.read(entry, reading.limits.manifest_bytes)
        except OSError:
            scan.tree.unreadable.append(path)
            continue
        reading.total_bytes += len(data)
        scan.facts.add(requirements(path, data))
        waiting += scan.facts.of("include")[before:]
