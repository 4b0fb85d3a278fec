"""The pipeline for Jenkins."""

from __future__ import annotations

from deploydeck.domain import Evidence, GeneratedFile
from deploydeck.generate.ci.plan import context
from deploydeck.generate.render import render
from deploydeck.generate.request import Request

PATH = "Jenkinsfile"


def jenkins_files(request: Request, why: str, evidence: tuple[Evidence, ...]) -> GeneratedFile:
    """`Jenkinsfile`, in declarative form. `why` and `evidence` say why there is a pipeline for Jenkins at all."""
    return render("jenkins/Jenkinsfile.j2", PATH, context(request, why, evidence), comment="//")
