"""Pipelines: the project's own tests, its image built and scanned, and its environments, for the platforms it uses."""

from __future__ import annotations

from collections.abc import Callable

from deploydeck.domain import CiPlatform, Evidence, GeneratedFile
from deploydeck.generate.ci.github import github_files
from deploydeck.generate.ci.gitlab import gitlab_files
from deploydeck.generate.ci.jenkins import jenkins_files
from deploydeck.generate.ci.plan import DEPLOY_SCRIPT, context, script_template
from deploydeck.generate.ci.platforms import Chosen, chosen, default_branch, pipeline_config
from deploydeck.generate.render import render
from deploydeck.generate.request import Request

PATHS: dict[CiPlatform, str] = {
    CiPlatform.GITHUB: ".github/workflows/deploydeck.yml",
    CiPlatform.GITLAB: ".gitlab-ci.yml",
    CiPlatform.JENKINS: "Jenkinsfile",
}
_MAKERS: dict[CiPlatform, Callable[[Request, str, tuple[Evidence, ...]], GeneratedFile]] = {
    CiPlatform.GITHUB: github_files,
    CiPlatform.GITLAB: gitlab_files,
    CiPlatform.JENKINS: jenkins_files,
}


def pipeline_files(request: Request) -> tuple[GeneratedFile, ...]:
    """The pipeline of each platform and, where images are deployed, the script they all call. Nothing without a platform."""
    pipeline = request.config.pipeline
    if pipeline is None or not pipeline.platforms:
        return ()
    told = {one.platform: one for one in chosen(request.profile, request.settings, request.files)}
    made = []
    for platform in pipeline.platforms:
        one = told.get(platform, Chosen(platform, "The configuration asks for it"))
        made.append(_MAKERS[platform](request, one.why, one.evidence))
    script = script_template(request)
    if script:
        made.append(render(script, DEPLOY_SCRIPT, context(request, "", ())))
    return tuple(made)


__all__ = ["DEPLOY_SCRIPT", "PATHS", "default_branch", "pipeline_config", "pipeline_files"]
