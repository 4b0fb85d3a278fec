"""The front door of generation: a profile and the settings in, a configuration and checked files out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from deploydeck.domain import (
    CheckVerdict,
    CiPlatform,
    CloudProvider,
    DeployDeckError,
    DeploymentConfig,
    GeneratedFile,
    GeneratedSet,
    InfrastructureTool,
    ProjectProfile,
)
from deploydeck.generate import policies
from deploydeck.generate.checkers import Scope
from deploydeck.generate.checking import Checking
from deploydeck.generate.ci import pipeline_files
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.compose import COMPOSE_FILES, compose_file, compose_wanted
from deploydeck.generate.docker import docker_files
from deploydeck.generate.envfile import env_example
from deploydeck.generate.existing import own_file, own_files
from deploydeck.generate.ignored import dockerignore
from deploydeck.generate.infrastructure import infrastructure_files
from deploydeck.generate.names import shown
from deploydeck.generate.projectfile import project_file
from deploydeck.generate.recipe import choose, make_config, moved_config
from deploydeck.generate.render import owned
from deploydeck.generate.request import DOCKERFILE_TARGETS, Request
from deploydeck.settings import PRODUCTION, Settings

Member = TypeVar("Member", bound=StrEnum)
Producer = Callable[[Request], Sequence[GeneratedFile | None]]


def _image_files(request: Request) -> Sequence[GeneratedFile | None]:
    if request.config.target not in DOCKERFILE_TARGETS:
        return ()
    kept = _own_dockerfile(request)
    if kept is None:
        made: Sequence[GeneratedFile | None] = docker_files(request)
    else:
        made = (kept if kept.content else None,)  # larger than we read: theirs, and left alone
    return (*made, dockerignore(request, own_dockerfile=kept is not None))


def _compose_files(request: Request) -> Sequence[GeneratedFile | None]:
    if request.config.target not in DOCKERFILE_TARGETS:
        return ()
    path = _own_compose(request)
    if path:
        existing = request.files.text(path)
        return (own_file(path, existing) if existing else None,)
    if not compose_wanted(request):
        return ()
    return (compose_file(request, own_dockerfile=_own_dockerfile(request) is not None),)


def _own_compose(request: Request) -> str:
    """The project's own compose file, which stays as it is; "" when there is none, or it is to be replaced."""
    present = (path for path in COMPOSE_FILES if request.files.is_file(path))
    own = next((path for path in present if not owned(request.files.head(path))), "")
    return "" if request.replace else own


def _text_files(request: Request) -> Sequence[GeneratedFile | None]:
    composed = request.config.target in DOCKERFILE_TARGETS and compose_wanted(request) and not _own_compose(request)
    return (project_file(request), env_example(request, with_compose=composed))


def _pipeline_files(request: Request) -> Sequence[GeneratedFile | None]:
    return tuple(_unless_own(request, file) for file in pipeline_files(request))


PRODUCERS: tuple[Producer, ...] = (_image_files, _compose_files, _pipeline_files, infrastructure_files, _text_files)
"""Who makes which files, in the order a reviewer reads them."""


_NATIVE = {CloudProvider.AWS: InfrastructureTool.CLOUDFORMATION, CloudProvider.AZURE: InfrastructureTool.ARM}


@dataclass(frozen=True)
class ConfigurationGenerator:
    """Turns what a scan found into what a deployment needs. Reads the project, never writes it; blocking: call it in a thread."""

    checking: Checking = field(default_factory=Checking)

    def deployment_config(
        self, profile: ProjectProfile, settings: Settings, *, project_id: str, environment: str, target: str
    ) -> DeploymentConfig:
        """The configuration a release is made from. Raises DeployDeckError `generate-…` when a needed fact is missing."""
        choices = choose(profile, settings, target)
        return make_config(profile, settings, choices, project_id=project_id, environment=environment, target=target)

    def moved_config(
        self, built: DeploymentConfig, profile: ProjectProfile, settings: Settings, environment: str
    ) -> DeploymentConfig:
        """The configuration with which what was built for one environment runs in another one."""
        return moved_config(built, profile, settings, environment)

    def generate(
        self,
        profile: ProjectProfile,
        config: DeploymentConfig,
        settings: Settings,
        *,
        replace: bool = False,
        wait: bool = True,
    ) -> tuple[GeneratedFile, ...]:
        """The files that configuration needs, in the order a reviewer reads them, each with its verdicts.

        Without `wait`, checkers that are programs stand there as WAITING until `answers` has them. A file that is the project's own
        is not replaced unless `replace`: it comes back unchanged, with the verdicts on it and a finding `own-file` that says so.
        """
        choices, files = choose(profile, settings, config.target), ProjectFiles(profile.root)
        request = Request(profile, config, settings, choices, files, replace)
        wanted = tuple(file for producer in PRODUCERS for file in producer(request) if file is not None)
        every = (*wanted, *own_files(request, {file.path for file in wanted}))
        return (self.checking.complete if wait else self.checking.started)(every, _scope(config))

    def answers(self, files: Sequence[GeneratedFile], config: DeploymentConfig) -> Iterator[tuple[GeneratedFile, ...]]:
        """The files with what can be said at once, then again each time a checker that is waited for has answered."""
        first = self.checking.started(files, _scope(config))
        yield first
        yield from self.checking.answers(first, _scope(config))

    # --- one purpose at a time ------------------------------------------------------------------------------------------------

    def generate_dockerfile(
        self, profile: ProjectProfile, settings: Settings | None = None, *, environment: str = PRODUCTION
    ) -> GeneratedSet:
        """The Dockerfile, what it copies besides the project, and .dockerignore. Raises DeployDeckError `generate-…`."""
        request = self._request(profile, settings or Settings(), environment)
        ignored = dockerignore(request, own_dockerfile=False)
        return self._set("docker", request, (*docker_files(request), ignored))

    def create_cicd_pipeline(
        self, profile: ProjectProfile, platform: str, settings: Settings | None = None, *, environment: str = PRODUCTION
    ) -> GeneratedSet:
        """The pipeline for `github`, `gitlab` or `jenkins`. Raises DeployDeckError `generate-platform` for any other."""
        chosen = _member(CiPlatform, platform, "generate-platform", "pipelines are written for")
        request = self._request(profile, _with(settings, ci=[chosen]), environment)
        return self._set(chosen.value, request, pipeline_files(request))

    def generate_cloud_config(
        self, profile: ProjectProfile, cloud_provider: str, settings: Settings | None = None, *, environment: str = PRODUCTION
    ) -> GeneratedSet:
        """The infrastructure on `aws` or `azure`, in every language there is for it. Raises DeployDeckError `generate-provider`."""
        chosen = _member(CloudProvider, cloud_provider, "generate-provider", "infrastructure is written for")
        tools = [InfrastructureTool.TERRAFORM, _NATIVE[chosen]]
        asked = _with(settings, infrastructure=tools)
        asked = asked.model_copy(update={"cloud": asked.cloud.model_copy(update={"provider": chosen})})
        request = self._request(profile, asked, environment)
        return self._set(chosen.value, request, infrastructure_files(request))

    def apply_security_policies(self, made: GeneratedSet, dockerfile: str = "Dockerfile") -> GeneratedSet:
        """The set with every fix put in that a policy is sure of, checked again; `left` holds what only a person can settle."""
        secured = tuple(
            file.model_copy(update={"content": policies.fixed(file.path, file.content, dockerfile)}) for file in made.files
        )
        left = tuple((file.path, one) for file in secured for one in policies.findings(file.path, file.content, dockerfile))
        return GeneratedSet(purpose=made.purpose, files=self.checking.complete(secured, Scope(dockerfile)), left=left)

    def _request(self, profile: ProjectProfile, settings: Settings, environment: str, target: str = "docker") -> Request:
        config = self.deployment_config(profile, settings, project_id=profile.id, environment=environment, target=target)
        return Request(profile, config, settings, choose(profile, settings, target), ProjectFiles(profile.root), replace=True)

    def _set(self, purpose: str, request: Request, files: Sequence[GeneratedFile | None]) -> GeneratedSet:
        made = self.checking.complete(tuple(file for file in files if file is not None), _scope(request.config))
        found = policies.findings
        left = tuple((one.path, finding) for one in made for finding in found(one.path, one.content, request.config.dockerfile))
        return GeneratedSet(purpose=purpose, files=made, left=left)

    # --- checking -------------------------------------------------------------------------------------------------------------

    def checked(self, file: GeneratedFile, dockerfile: str = "Dockerfile") -> GeneratedFile:
        """The same file with fresh verdicts: for content that was edited in review."""
        (checked,) = self.checking.complete((file,), Scope(dockerfile))
        return checked

    def check(self, path: str, content: str, dockerfile: str = "Dockerfile") -> tuple[CheckVerdict, ...]:
        """What every checker for this kind of file says of the content. Empty when there is none for it."""
        return self.checked(GeneratedFile(path=path, content=content), dockerfile).verdicts


def _member(kind: type[Member], name: str, code: str, what: str) -> Member:
    known = [one.value for one in kind]
    if name not in known:
        raise DeployDeckError(code, f"There is no {shown(name)}; {what} {', '.join(known)}.")
    return kind(name)


def _with(settings: Settings | None, **generate: object) -> Settings:
    """The settings with other choices of what is generated."""
    content = (settings or Settings()).model_dump(exclude_unset=True)
    return Settings.model_validate({**content, "generate": {**content.get("generate", {}), **generate}})


def _scope(config: DeploymentConfig) -> Scope:
    return Scope(config.dockerfile)


def _unless_own(request: Request, file: GeneratedFile) -> GeneratedFile | None:
    """The file, or what people have at its path: that one stays. None: it is larger than we read."""
    existing = request.files.text(file.path)
    if not request.files.is_file(file.path) or owned(existing) or request.replace:
        return file
    return own_file(file.path, existing) if existing else None


def _own_dockerfile(request: Request) -> GeneratedFile | None:
    path = request.config.dockerfile
    existing = request.files.text(path)
    if not request.files.is_file(path) or owned(existing) or request.replace:
        return None
    return own_file(path, existing)
