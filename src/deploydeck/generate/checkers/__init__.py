"""Checkers: who says that a generated file is right. One module each; the table below says which file gets which."""

from __future__ import annotations

from functools import partial

from deploydeck.generate import policies
from deploydeck.generate.checkers import actionlint, jenkins, schemas, shell, zizmor
from deploydeck.generate.checkers.arm import arm_groups, check_arm
from deploydeck.generate.checkers.base import Checker, Scope, single
from deploydeck.generate.checkers.cfn_lint import check_with_cfn_lint, is_cloudformation
from deploydeck.generate.checkers.dockerfile import check_dockerfile
from deploydeck.generate.checkers.hadolint import check_with_hadolint
from deploydeck.generate.checkers.terraform import check_fmt, check_validate, fmt_groups, validate_groups, validate_identity
from deploydeck.generate.checkers.text import check_dockerignore, check_env_example, check_nginx, check_project_file
from deploydeck.generate.checkers.tools import tool_identity


def is_dockerfile(path: str, scope: Scope) -> bool:
    name = path.rsplit("/", 1)[-1]
    return path == scope.dockerfile or name == "Dockerfile" or name.startswith("Dockerfile.") or name.endswith(".Dockerfile")


def _named(*names: str) -> partial[bool]:
    return partial(_is_named, names)


def _is_named(names: tuple[str, ...], path: str, _scope: Scope) -> bool:
    return path in names


def _is_nginx(path: str, _scope: Scope) -> bool:
    return path.endswith("nginx.conf")


def is_workflow(path: str, _scope: Scope) -> bool:
    folder, _, name = path.rpartition("/")
    return folder == ".github/workflows" and name.endswith((".yml", ".yaml"))


def is_jenkinsfile(path: str, _scope: Scope) -> bool:
    return path.rsplit("/", 1)[-1] in ("Jenkinsfile", "Jenkinsfile.groovy")


def is_compose(path: str, _scope: Scope) -> bool:
    name = path.rsplit("/", 1)[-1]
    return name.startswith(("compose.", "docker-compose.")) and name.endswith((".yml", ".yaml"))


def _is_shell(path: str, _scope: Scope) -> bool:
    return path.endswith(".sh")


_schemas = partial(tool_identity, schemas.NAME)

CHECKERS: tuple[Checker, ...] = (
    Checker(policies.NAME, policies.groups, policies.check, quick=True),
    single("dockerfile", is_dockerfile, check_dockerfile),
    single("hadolint", is_dockerfile, check_with_hadolint, identity=partial(tool_identity, "hadolint")),
    single("dockerignore", _named(".dockerignore"), check_dockerignore),
    single("env", _named(".env.example"), check_env_example),
    single("settings", _named("deploydeck.toml"), check_project_file),
    single("nginx", _is_nginx, check_nginx),
    Checker("terraform-fmt", fmt_groups, check_fmt, partial(tool_identity, "terraform")),
    Checker("terraform-validate", validate_groups, check_validate, validate_identity),
    single("cfn-lint", is_cloudformation, check_with_cfn_lint, identity=partial(tool_identity, "cfn-lint")),
    Checker("arm", arm_groups, check_arm, quick=True),
    single(actionlint.NAME, is_workflow, actionlint.check, identity=actionlint.identity),
    single(zizmor.NAME, is_workflow, zizmor.check, identity=partial(tool_identity, zizmor.NAME)),
    single("schema-workflow", is_workflow, schemas.check_workflow, identity=_schemas),
    single("schema-gitlab", _named(".gitlab-ci.yml", ".gitlab-ci.yaml"), schemas.check_gitlab, identity=_schemas),
    single("schema-compose", is_compose, schemas.check_compose, identity=_schemas),
    single(jenkins.NAME, is_jenkinsfile, jenkins.check, identity=jenkins.identity),
    single(shell.NAME, _is_shell, shell.check, identity=partial(tool_identity, shell.NAME)),
)

__all__ = ["CHECKERS", "Checker", "Scope", "single"]
