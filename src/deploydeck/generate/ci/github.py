"""The pipeline for GitHub."""

from __future__ import annotations

from deploydeck.domain import Evidence, GeneratedFile
from deploydeck.generate.ci.plan import context
from deploydeck.generate.render import render
from deploydeck.generate.request import Request

PATH = ".github/workflows/deploydeck.yml"


def github_files(request: Request, why: str, evidence: tuple[Evidence, ...]) -> GeneratedFile:
    """`.github/workflows/deploydeck.yml`. `why` and `evidence` say why there is a pipeline for GitHub at all."""
    return render("github/deploydeck.yml.j2", PATH, context(request, why, evidence))
