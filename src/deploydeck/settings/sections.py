"""The sections of the settings, each setting with what it means and its limits."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from deploydeck.domain import CiPlatform, InfrastructureTool
from deploydeck.settings.cloud import CloudSizes
from deploydeck.settings.section import Section


class AppSettings(Section):
    """What the person knows better than the scan. Everything here overrides a detected fact."""

    name: str | None = Field(None, description="Name of the application, used for containers and labels.")
    framework: str | None = Field(None, description="Framework id, when detection is wrong.")
    runtime_version: str | None = Field(None, description="Version of Python or Node.js to run on, for example 3.13.")
    start: list[str] | None = Field(None, description="Start command as a list; may hold {host} and {port}.")
    build: list[str] | None = Field(None, description="Build command as a list.")
    port: int | None = Field(None, ge=1, le=65535, description="Port the program listens on.")
    health_path: str | None = Field(None, pattern=r"^/[!-~]*$", description="Path that answers 2xx when the program is healthy.")
    output_dir: str | None = Field(None, description="Directory a static build writes.")
    package_manager: str | None = Field(None, description="Package manager, when several lock files are there.")


class ScanSettings(Section):
    """What a scan may read. Reaching a limit is said in a finding."""

    max_files: int = Field(100_000, ge=100, le=2_000_000, description="Files that are walked at most.")
    max_depth: int = Field(48, ge=1, le=200, description="Directories that are entered below the project at most.")
    max_manifest_kb: int = Field(2_000, ge=10, le=50_000, description="Largest manifest or configuration file that is read, in kB.")
    max_lock_kb: int = Field(32_000, ge=10, le=200_000, description="Largest lock file that is read, in kB.")
    max_source_kb: int = Field(400, ge=10, le=10_000, description="Largest source file that is read, in kB.")
    max_source_files: int = Field(
        4_000, ge=10, le=100_000, description="Source files that are read at most; 1500 in a tree with over 10000."
    )
    max_total_source_kb: int = Field(32_000, ge=100, le=1_000_000, description="Source that is read at most, in kB.")
    osv_url: str = Field(
        "https://api.osv.dev", pattern=r"^https?://[!-~]+$", description="OSV server that is sent names and versions of packages."
    )
    osv_timeout_s: float = Field(10.0, gt=0, le=300, description="Seconds to wait for one answer of it.")
    osv_deadline_s: float = Field(60.0, gt=0, le=3600, description="Seconds a whole check may take, with all its tries.")
    offline: bool = Field(False, description="Never ask it: use imported advisories and kept answers only.")
    private_packages: list[str] = Field(
        default_factory=list, description="Globs of package names that are never sent, for example `@acme/*` or `Maven:com.acme.*`."
    )


class HealthSettings(Section):
    interval_s: float = Field(1.0, gt=0, le=60, description="Seconds between two probes.")
    timeout_s: float = Field(5.0, gt=0, le=60, description="Seconds to wait for one answer.")
    deadline_s: float = Field(60.0, gt=0, le=3600, description="Seconds a new copy has to become healthy.")
    stable_s: float = Field(3.0, ge=0, le=600, description="Seconds it must stay healthy before it counts.")
    success_min: int = Field(200, ge=100, le=599, description="Lowest status that counts as healthy.")
    success_max: int = Field(299, ge=100, le=599, description="Highest status that counts as healthy.")
    host_header: str = Field("", pattern=r"^[!-~]*$", description="Host header of the probe, for programs that check it.")

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.success_min > self.success_max:
            raise ValueError("success_min is above success_max")
        return self


class ResourceSettings(Section):
    memory_mb: int | None = Field(None, ge=16, description="Memory limit of one copy, in MiB.")
    cpus: float | None = Field(None, gt=0, description="CPU limit of one copy, in cores.")


DebianPackage = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.+-]{1,63}(=[A-Za-z0-9.+:~-]{1,60})?$")]
ImageDigest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class BuildSettings(Section):
    """How the image is made. What stands here is also said beside each line of the Dockerfile that it changes."""

    dockerfile: str = Field("Dockerfile", description="Path of the Dockerfile inside the project.")
    registry_mirror: str = Field("", description="Prefix put before every generated base image.")
    digests: dict[str, ImageDigest] = Field(
        default_factory=dict,
        description='Digest of a base image by its name: `"python:3.13-slim" = "sha256:…"`. Names stand without the mirror.',
    )
    build_packages: list[DebianPackage] = Field(
        default_factory=list, description="Debian packages to install besides while the image is built."
    )
    run_packages: list[DebianPackage] = Field(
        default_factory=list, description="Debian packages to install besides where the program runs."
    )
    arguments: dict[str, str] = Field(
        default_factory=dict,
        description="Build arguments: plain variables that only the build sees. They stay readable in the image: never a secret.",
    )
    cache: bool = Field(True, description="Keep the caches of package managers between builds (cache mounts of BuildKit).")


class GenerateSettings(Section):
    """Which files are proposed besides those that every deployment needs."""

    ci: list[CiPlatform] | None = Field(
        None,
        description="Pipelines to write: github, gitlab, jenkins. Default: what is there, else what fits the git remote.",
    )
    compose: bool | None = Field(None, description="Write compose.yaml. Default: when the program needs a service beside it.")
    infrastructure: list[InfrastructureTool] = Field(
        default_factory=list, description="Infrastructure to write: terraform, cloudformation, arm. Default: none."
    )


class EnvironmentSettings(Section):
    """One environment (development, staging, production, …)."""

    target: str | None = Field(None, description="Target this environment deploys to: docker or process.")
    published_port: int | None = Field(None, ge=1, le=65535, description="Port people reach the application on.")
    bind_address: str = Field("127.0.0.1", description="Address the published port is bound to.")
    env_file: str = Field(".env", description="File inside the project with values for variables; never copied into an image.")
    variables: dict[str, str] = Field(
        default_factory=dict,
        description="Plain variables of this environment, or references: `env:NAME`, `file:/path`, `keyring:service/name`. "
        "`plain:…` is what follows it, also when that looks like a reference.",
    )
    secrets: list[str] = Field(
        default_factory=list,
        description="Names whose values come from the environment, the store of `deploydeck secrets`, or env_file.",
    )
    keep_releases: int = Field(5, ge=1, le=100, description="Successful releases kept for rollback.")
    queue: Literal["all", "latest"] = Field(
        "all",
        description="Which of several waiting deployments are carried out: all, one after the other, or only the latest; "
        "what it takes the place of ends as superseded.",
    )
    approval: Literal["none", "anyone", "another"] = Field(
        "none",
        description="Whose agreement a deployment or removal there waits for: anyone's, or another account's than that which "
        "asked. A rollback does not wait.",
    )
    confirm_name: bool | None = Field(
        None, description="Ask for the typed name before deploying; default: only for production, also misspelt."
    )
    cloud: CloudSizes = Field(
        default_factory=lambda: CloudSizes.model_validate({}), description="Sizes in the cloud that differ here from [cloud]."
    )


Word = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=4_000)]
Command = Annotated[list[Word], Field(min_length=1, max_length=100)]


class HookSettings(Section):
    """Commands around a deployment, as lists of words, each run once in a copy of the new release of its own."""

    pre_deploy: list[Command] = Field(default_factory=list, max_length=20, description="Commands before the new release starts.")
    release: list[Command] = Field(
        default_factory=list,
        max_length=20,
        description="Commands such as migrations, after those: once for a release, never again when nobody knows how one ended.",
    )
    post_deploy: list[Command] = Field(
        default_factory=list, max_length=20, description="Commands once the new release is live; a failure is a warning."
    )
    timeout_s: float = Field(600.0, ge=0.1, le=86_400, description="Seconds that one command may take.")


class UiSettings(Section):
    theme: str = Field("textual-dark", description="Theme name; ansi-dark and ansi-light follow the terminal's palette.")
    mouse: bool = Field(True, description="Use the mouse where the terminal has one.")
    updates_per_second: float = Field(10.0, gt=0, le=30, description="Most screen updates a second; 4 over SSH.")
    editor: str = Field("", description="Editor for hunks; empty: $VISUAL, $EDITOR, then vi.")


class WorkerSettings(Section):
    idle_exit_s: float = Field(30.0, ge=0, description="Seconds without work after which the worker leaves.")
    max_parallel: int = Field(4, ge=1, le=64, description="Deployments run at the same time.")
    max_per_target: int = Field(4, ge=1, le=64, description="Deployments run at the same time on one target.")
    lock_ttl_s: float = Field(30.0, ge=3, description="Life of a target lock without heartbeat.")
    lock_wait_s: float = Field(600.0, ge=0, description="Longest wait for a target lock.")


class LogSettings(Section):
    max_file_mb: int = Field(256, ge=1, description="Largest log file of one source; then it is cut and says so.")
    max_line_bytes: int = Field(65536, ge=256, description="Longest stored line.")


class VaultSettings(Section):
    """Where `deploydeck secrets` keeps values on this machine."""

    store: Literal["auto", "keyring", "file", "none"] = Field(
        "auto",
        description="Where values are kept: keyring, file (encrypted with a passphrase), none (environment, references and "
        "env_file only), auto (the keyring, where there is none the file).",
    )
    keep_versions: int = Field(5, ge=1, le=100, description="Versions kept of each variable, the one in force among them.")


class DockerSettings(Section):
    host: str = Field("", description="Engine address; empty: DOCKER_HOST, then the current context, then the default socket.")
