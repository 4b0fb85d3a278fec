"""Security policies of our own over all deployment files, generated or people's: each with its reason and, where sure, its fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from deploydeck.domain import CheckFinding, CheckVerdict, TextEdit
from deploydeck.generate.checkers.base import Scope
from deploydeck.generate.checkers.tools import verdict
from deploydeck.generate.policies.compose import COMPOSE
from deploydeck.generate.policies.dockerfile import DOCKERFILE
from deploydeck.generate.policies.infrastructure import DOCUMENTS, TERRAFORM
from deploydeck.generate.policies.model import Hit, Policy, credential_lines
from deploydeck.generate.policies.pipelines import GITHUB, GITLAB, JENKINS

NAME = "policies"
MAX_FIXES = 200


def _credentials(content: str) -> Iterator[Hit]:
    for line in credential_lines(content):
        yield Hit(line, "This looks like a live credential; take it out and make it invalid, for it has been seen.")


EVERYWHERE: tuple[Policy, ...] = (
    Policy("credential", "A key in a file is a key in every copy of the file, for good.", _credentials, blocking=True),
)

FORMATS: tuple[tuple[str, re.Pattern[str], tuple[Policy, ...]], ...] = tuple(
    (name, re.compile(pattern), policies)
    for name, pattern, policies in (
        ("dockerfile", r"(?:^|/)(?:Dockerfile|Containerfile)(?:\.[^/]+)?$|\.[Dd]ockerfile$", DOCKERFILE),
        ("compose", r"(?:^|/)(?:docker-)?compose(?:\.[^/]+)?\.ya?ml$", COMPOSE),
        ("github", r"^\.github/workflows/[^/]+\.ya?ml$", GITHUB),
        ("gitlab", r"(?:^|/)\.gitlab-ci(?:\.[^/]+)?\.ya?ml$|^\.gitlab/.*\.ya?ml$", GITLAB),
        ("jenkins", r"(?:^|/)Jenkinsfile(?:\.[^/]+)?$", JENKINS),
        ("terraform", r"\.tf(?:vars)?$", TERRAFORM),
        (
            "cloudformation",
            r"(?:^|/)(?:cloudformation|cfn)/.*\.(?:ya?ml|json)$|(?:^|/)[^/]*(?:cloudformation|cfn)[^/]*\.(?:ya?ml|json)$",
            DOCUMENTS,
        ),
        ("arm", r"(?:^|/)arm/.*\.json$|(?:^|/)azuredeploy[^/]*\.json$", DOCUMENTS),
        ("settings", r"^deploydeck\.toml$|^\.env\.(?:example|sample|template)$|^\.dockerignore$|nginx\.conf$", ()),
    )
)
"""Formats by path, and the policies that hold for each; those of EVERYWHERE hold for all."""


def format_of(path: str, dockerfile: str = "Dockerfile") -> str:
    """The format of a deployment file, empty for any other file."""
    if path == dockerfile:
        return "dockerfile"
    return next((name for name, pattern, _ in FORMATS if pattern.search(path)), "")


def findings(path: str, content: str, dockerfile: str = "Dockerfile") -> tuple[CheckFinding, ...]:
    """Every place of one file that breaks a policy, by line."""
    kind = format_of(path, dockerfile) or "dockerfile"  # the settings may call that one anything
    policies = next((policies for name, _, policies in FORMATS if name == kind), ())
    found = [
        CheckFinding(
            line=hit.line, rule=policy.rule, message=hit.message, blocking=policy.blocking, reason=policy.reason, fix=hit.fix
        )
        for policy in (*policies, *EVERYWHERE)
        for hit in policy.hits(content)
    ]
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.rule)))


def fixed(path: str, content: str, dockerfile: str = "Dockerfile") -> str:
    """The content with every fix put in that policies are sure of. What is left has none: `findings` of the result says it."""
    for _ in range(MAX_FIXES):
        fix = next((finding.fix for finding in findings(path, content, dockerfile) if finding.fix), ())
        after = _edited(content, fix)
        if after == content:
            break
        content = after
    return content


def _edited(content: str, edits: Sequence[TextEdit]) -> str:
    lines = content.split("\n")
    for edit in sorted(edits, key=lambda one: one.line, reverse=True):
        lines[edit.line - 1 : edit.line - 1 + edit.count] = edit.lines
    return "\n".join(lines)


def groups(paths: tuple[str, ...], scope: Scope) -> tuple[tuple[str, ...], ...]:
    """The deployment files among the paths, each by itself."""
    return tuple((path,) for path in paths if format_of(path, scope.dockerfile))


def check(files: Mapping[str, str]) -> Mapping[str, CheckVerdict]:
    """The policies' verdict on each file."""
    return {path: verdict(NAME, findings(path, content)) for path, content in files.items()}


__all__ = ["EVERYWHERE", "FORMATS", "NAME", "check", "findings", "fixed", "format_of", "groups"]
