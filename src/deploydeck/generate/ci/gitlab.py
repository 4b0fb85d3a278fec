"""The pipeline for GitLab."""

from __future__ import annotations

from deploydeck.domain import Evidence, GeneratedFile
from deploydeck.generate.ci.plan import context
from deploydeck.generate.render import render
from deploydeck.generate.request import Request

PATH = ".gitlab-ci.yml"


def gitlab_files(request: Request, why: str, evidence: tuple[Evidence, ...]) -> GeneratedFile:
    """`.gitlab-ci.yml`. `why` and `evidence` say why there is a pipeline for GitLab at all."""
    return render("gitlab/gitlab-ci.yml.j2", PATH, context(request, why, evidence))
