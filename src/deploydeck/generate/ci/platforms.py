"""Which platforms run the pipeline, which branch it deploys, and to which environments in which order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploydeck.domain import CiPlatform, Evidence, PipelineConfig, ProjectProfile
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.environments import environment_names
from deploydeck.settings import Settings

_KINDS = {"github-actions": CiPlatform.GITHUB, "gitlab-ci": CiPlatform.GITLAB, "jenkins": CiPlatform.JENKINS}
_REMOTE = re.compile(r"^\s*url\s*=\s*(?:[a-z+]{1,10}://)?(?:[^@/\s]{1,200}@)?([A-Za-z0-9.-]{1,253})[:/]")


@dataclass(frozen=True)
class Chosen:
    """A platform, and why there is a pipeline for it."""

    platform: CiPlatform
    why: str
    evidence: tuple[Evidence, ...] = ()


def pipeline_config(profile: ProjectProfile, settings: Settings, files: ProjectFiles, environment: str = "") -> PipelineConfig:
    """Which platforms, which branch is deployed, and the environments in the order a change passes through them."""
    return PipelineConfig(
        platforms=tuple(one.platform for one in chosen(profile, settings, files)),
        default_branch=default_branch(files),
        environments=environment_names(settings, environment),
    )


def chosen(profile: ProjectProfile, settings: Settings, files: ProjectFiles) -> tuple[Chosen, ...]:
    """What the settings name, else what the project already uses, else where its git remote is; else nothing."""
    if settings.generate.ci is not None:
        return tuple(Chosen(platform, "The settings ask for it (generate.ci)") for platform in dict.fromkeys(settings.generate.ci))
    present: dict[CiPlatform, Evidence] = {}
    for file in profile.config_files:
        if file.kind in _KINDS:
            present.setdefault(_KINDS[file.kind], Evidence(file=file.path, rule="pipeline-present"))
    if present:
        return tuple(
            Chosen(platform, "The project already runs pipelines there", (present[platform],))
            for platform in CiPlatform
            if platform in present
        )
    return _of_remote(files)


def _of_remote(files: ProjectFiles) -> tuple[Chosen, ...]:
    """The platform of the first remote, `origin` before others. The address itself is not kept: it may hold a login."""
    section = ""
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(files.text(".git/config").split("\n"), 1):
        if line.startswith("["):
            section = line.strip()
        match = _REMOTE.match(line[:1_000])
        if match and section.startswith("[remote "):
            found.setdefault(section, (match[1].lower(), number))
    host, number = found.get('[remote "origin"]') or next(iter(found.values()), ("", 0))
    evidence = (Evidence(file=".git/config", line=number, text=f"remote on {host}", rule="git-remote"),)
    if host == "github.com":
        return (Chosen(CiPlatform.GITHUB, "The git remote is on GitHub", evidence),)
    if host == "gitlab.com" or host.startswith("gitlab.") or ".gitlab." in host:
        return (Chosen(CiPlatform.GITLAB, "The git remote is on GitLab", evidence),)
    return ()


def default_branch(files: ProjectFiles) -> str:
    """The branch that the remote calls its own, else main or master where there is one, else the one that is checked out."""
    for path, prefix in ((".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/"),):
        head = files.head(path).strip()
        if head.startswith(prefix) and "\n" not in head:
            return head.removeprefix(prefix)
    packed = files.text(".git/packed-refs")
    for name in ("main", "master"):
        if files.is_file(f".git/refs/heads/{name}") or re.search(rf"^[0-9a-f]+ refs/heads/{name}$", packed, re.MULTILINE):
            return name
    head = files.head(".git/HEAD").strip()
    return head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") and "\n" not in head else "main"
