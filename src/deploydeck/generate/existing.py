"""The project's own deployment files: shown with what checkers and policies say of them, never taken for ours."""

from __future__ import annotations

from collections.abc import Collection

from deploydeck.domain import CheckFinding, CheckState, CheckVerdict, GeneratedFile
from deploydeck.generate.policies import format_of
from deploydeck.generate.request import Request

MOST_SHOWN = 40
_REPLACEABLE = "This is the project's own file; it is used as it is. Generate with --replace to get one from DeployDeck."
_OTHER = "This is the project's own file; DeployDeck only reads it."
_NOT_LISTED = frozenset({"", "settings"})


def own_file(path: str, content: str, *, replaceable: bool = True) -> GeneratedFile:
    """The file as it is on the disk: reported, never blocked by us. `replaceable`: DeployDeck would write one at this path."""
    message = _REPLACEABLE if replaceable else _OTHER
    note = CheckFinding(line=1, rule="own-file", message=message, blocking=False)
    verdict = CheckVerdict(checker="provenance", state=CheckState.FINDINGS, findings=(note,))
    return GeneratedFile(path=path, content=content, own=True, verdicts=(verdict,))


def own_files(request: Request, wanted: Collection[str]) -> tuple[GeneratedFile, ...]:
    """Deployment files the project brings and nothing of ours stands in for: other Dockerfiles, workflows, infrastructure."""
    found: list[GeneratedFile] = []
    for file in request.profile.config_files:
        if file.path in wanted or format_of(file.path, request.config.dockerfile) in _NOT_LISTED:
            continue
        content = request.files.text(file.path)
        if content and len(found) < MOST_SHOWN:
            found.append(own_file(file.path, content, replaceable=False))
    return tuple(found)
