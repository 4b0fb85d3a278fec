"""Asks the checkers: the built-in ones at once, the programs side by side, and none twice about the same content.

An answer is kept in the cache directory under a name made of the checker, its version and the contents it saw. What could not be
checked is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from deploydeck.domain import CheckState, CheckVerdict, GeneratedFile
from deploydeck.generate.checkers import CHECKERS, Checker, Scope

PARALLEL = 4
MAX_KEPT = 2_000
_VERDICTS: TypeAdapter[dict[str, CheckVerdict]] = TypeAdapter(dict[str, CheckVerdict])


@dataclass(frozen=True)
class VerdictCache:
    """Earlier answers, one small file each. Without a directory, in memory only. A file that cannot be read counts as absent."""

    directory: Path | None = None
    _memory: dict[str, dict[str, CheckVerdict]] = field(default_factory=dict)

    def get(self, key: str) -> dict[str, CheckVerdict] | None:
        if key in self._memory or self.directory is None:
            return self._memory.get(key)
        try:
            found = _VERDICTS.validate_json((self.directory / f"{key}.json").read_bytes())
        except (OSError, ValidationError):
            return None
        self._memory[key] = found
        return found

    def put(self, key: str, verdicts: dict[str, CheckVerdict]) -> None:
        """Keep an answer. A cache that cannot be written is no reason to fail: the next call asks again."""
        self._memory[key] = verdicts
        if self.directory is None:
            return
        with contextlib.suppress(OSError):
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = self.directory / f".{key}.{secrets.token_hex(4)}"
            fresh.write_bytes(_VERDICTS.dump_json(verdicts))
            fresh.replace(self.directory / f"{key}.json")
            self._prune(self.directory)

    def _prune(self, directory: Path) -> None:
        with os.scandir(directory) as entries:
            kept = [(entry.stat().st_mtime, entry.path) for entry in entries]
        for _, path in sorted(kept)[: max(len(kept) - MAX_KEPT, 0)]:
            Path(path).unlink()


@dataclass(frozen=True)
class _Task:
    checker: Checker
    group: tuple[str, ...]
    contents: dict[str, str]
    key: str

    def ask(self) -> dict[str, CheckVerdict]:
        return dict(self.checker.check(self.contents))


@dataclass(frozen=True)
class Checking:
    """The checkers with their cache. Blocking: call it in a thread."""

    cache: VerdictCache = field(default_factory=VerdictCache)
    checkers: Sequence[Checker] = CHECKERS

    def started(self, files: Sequence[GeneratedFile], scope: Scope) -> tuple[GeneratedFile, ...]:
        """The files with the verdicts there are at once; a checker that must be waited for stands there as WAITING."""
        verdicts: dict[str, list[CheckVerdict]] = {file.path: list(_own(file)) for file in files}
        for task in self._tasks(files, scope):
            answer = self._known(task)
            for path in task.group:
                waiting = CheckVerdict(checker=task.checker.name, state=CheckState.WAITING)
                verdicts[path].append(answer[path] if answer else waiting)
        return tuple(_with(file, verdicts[file.path]) for file in files)

    def answers(self, files: Sequence[GeneratedFile], scope: Scope) -> Iterator[tuple[GeneratedFile, ...]]:
        """The files again each time a checker has answered; nothing when none is waited for."""
        current = {file.path: file for file in files}
        waiting = {
            (verdict.checker, file.path) for file in files for verdict in file.verdicts if verdict.state is CheckState.WAITING
        }
        tasks = [task for task in self._tasks(files, scope) if any((task.checker.name, path) in waiting for path in task.group)]
        if not tasks:
            return
        with ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="checker") as pool:
            asked: dict[Future[dict[str, CheckVerdict]], _Task] = {pool.submit(task.ask): task for task in tasks}
            for done in as_completed(asked):
                task, answer = asked[done], done.result()
                self._keep(task, answer)
                for path in task.group:
                    current[path] = _answered(current[path], task.checker.name, answer[path])
                yield tuple(current[file.path] for file in files)

    def complete(self, files: Sequence[GeneratedFile], scope: Scope) -> tuple[GeneratedFile, ...]:
        """The files with every verdict, however long it takes."""
        first = self.started(files, scope)
        return deque(self.answers(first, scope), maxlen=1).pop() if any(file.waiting for file in first) else first

    def _tasks(self, files: Sequence[GeneratedFile], scope: Scope) -> Iterator[_Task]:
        contents = {file.path: file.content for file in files}
        for checker in self.checkers:
            groups = checker.groups(tuple(contents), scope)
            identity = checker.identity() if groups else ""
            for group in groups:
                chosen = {path: contents[path] for path in group}
                yield _Task(checker, group, chosen, _key(checker.name, identity, chosen))

    def _known(self, task: _Task) -> dict[str, CheckVerdict] | None:
        if task.checker.quick:
            return task.ask()
        return self.cache.get(task.key) if task.key else task.ask()  # without the program only the reason comes back, at once

    def _keep(self, task: _Task, answer: dict[str, CheckVerdict]) -> None:
        if task.key and all(verdict.state is not CheckState.UNAVAILABLE for verdict in answer.values()):
            self.cache.put(task.key, answer)


def _key(name: str, identity: str, contents: Mapping[str, str]) -> str:
    if not identity:
        return ""
    plain = json.dumps([name, identity, sorted(contents.items())], ensure_ascii=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def _own(file: GeneratedFile) -> Iterator[CheckVerdict]:
    """Verdicts that no checker of the table gives (provenance, proof): they stay, unless the content became another."""
    names = {checker.name for checker in CHECKERS}
    return (one for one in file.verdicts if one.checker not in names and one.state is not CheckState.WAITING)


def _with(file: GeneratedFile, verdicts: Sequence[CheckVerdict]) -> GeneratedFile:
    shown = tuple(_advice(verdict) if file.own else verdict for verdict in verdicts)
    return file.model_copy(update={"verdicts": shown})


def _answered(file: GeneratedFile, checker: str, verdict: CheckVerdict) -> GeneratedFile:
    return _with(file, [verdict if one.checker == checker else one for one in file.verdicts])


def _advice(verdict: CheckVerdict) -> CheckVerdict:
    """The same without a veto: people's own file is theirs."""
    if not verdict.blocking:
        return verdict
    findings = tuple(finding.model_copy(update={"blocking": False}) for finding in verdict.findings)
    return verdict.model_copy(update={"findings": findings})
