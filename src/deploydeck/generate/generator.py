"""The front door of generation: a profile and the settings in, a configuration and checked files out."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import (
    CheckFinding,
    CheckState,
    CheckVerdict,
    DeploymentConfig,
    GeneratedFile,
    ProjectProfile,
)
from deploydeck.generate.checkers import checkers_for
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.docker import docker_files
from deploydeck.generate.recipe import choose, make_config
from deploydeck.generate.render import owned
from deploydeck.generate.request import DOCKERFILE_TARGETS, Request
from deploydeck.generate.textfiles import dockerignore, env_example, project_file
from deploydeck.settings import Settings


@dataclass(frozen=True)
class ConfigurationGenerator:
    """Turns what a scan found into what a deployment needs. Reads the project, never writes it; blocking: call it in a thread."""

    def deployment_config(
        self, profile: ProjectProfile, settings: Settings, *, project_id: str, environment: str, target: str
    ) -> DeploymentConfig:
        """The configuration a release is made from. Raises DeployDeckError `generate-…` when a needed fact is missing."""
        choices = choose(profile, settings, target)
        return make_config(profile, settings, choices, project_id=project_id, environment=environment, target=target)

    def generate(
        self, profile: ProjectProfile, config: DeploymentConfig, settings: Settings, *, replace: bool = False
    ) -> tuple[GeneratedFile, ...]:
        """The files that configuration needs, each checked, in the order a reviewer reads them.

        A Dockerfile that is the project's own is not replaced unless `replace`: it comes back unchanged, with the verdicts on it
        and a finding `own-file` that says so.
        """
        choices, files = choose(profile, settings, config.target), ProjectFiles(profile.root)
        request = Request(profile, config, settings, choices, files, replace)
        wanted: list[GeneratedFile | None] = []
        if config.target in DOCKERFILE_TARGETS:
            existing = files.text(config.dockerfile)
            kept = files.is_file(config.dockerfile) and not owned(existing) and not replace
            if kept:
                wanted.append(self._kept(config.dockerfile, existing) if existing else None)
            else:
                wanted.extend(docker_files(request))
            wanted.append(dockerignore(profile, choices, files, own_dockerfile=kept))
        wanted.append(project_file(profile, config, settings, files))
        wanted.append(env_example(profile, files))
        return tuple(file if file.verdicts else self.checked(file, config.dockerfile) for file in wanted if file is not None)

    def checked(self, file: GeneratedFile, dockerfile: str = "Dockerfile") -> GeneratedFile:
        """The same file with fresh verdicts: for content that was edited in review."""
        return file.model_copy(update={"verdicts": self.check(file.path, file.content, dockerfile)})

    def check(self, path: str, content: str, dockerfile: str = "Dockerfile") -> tuple[CheckVerdict, ...]:
        """What every checker for this kind of file says of the content. Empty when there is none for it."""
        return tuple(checker(content) for checker in checkers_for(path, dockerfile))

    def _kept(self, path: str, content: str) -> GeneratedFile:
        """The project's own file: reported, never blocked by us, and the same as on disk."""
        note = CheckFinding(
            line=1,
            rule="own-file",
            message="This is the project's own file; it is used as it is. Generate with --replace to get one from DeployDeck.",
            blocking=False,
        )
        verdicts = [CheckVerdict(checker="provenance", state=CheckState.FINDINGS, findings=(note,))]
        for verdict in self.check(path, content, path):
            advice = tuple(finding.model_copy(update={"blocking": False}) for finding in verdict.findings)
            verdicts.append(verdict.model_copy(update={"findings": advice}))
        return GeneratedFile(path=path, content=content, verdicts=tuple(verdicts))
