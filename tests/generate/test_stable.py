"""What DeployDeck wrote is no evidence for the next scan: generating again changes nothing, and nothing keeps itself alive."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import ProjectProfile
from deploydeck.review import Review
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Paths, Settings, load_settings
from tests.generate.drawn import SAMPLES
from tests.generate.golden import PROJECTS, QUICK

REVIEW = Review()
WRITTEN = ("Dockerfile", ".env.example", "compose.yaml", ".gitlab-ci.yml", "Jenkinsfile", ".github/", "ci/", "infra/", "deploy/")


def generated(root: Path, paths: Paths) -> tuple[ProjectProfile, list[Any]]:
    settings = load_settings(paths, root).model_dump(exclude_unset=True)
    wanted = {"ci": ["github", "gitlab", "jenkins"], "compose": True, "infrastructure": ["terraform", "cloudformation"]}
    chosen = Settings.model_validate({**settings, "generate": wanted})
    profile = ProjectAnalyzer().profile(root, chosen.app)
    config = QUICK.deployment_config(profile, chosen, project_id="prj-1", environment="development", target="docker")
    return profile, list(QUICK.generate(profile, config, chosen))


@pytest.mark.parametrize("sample", SAMPLES)
def test_generating_again_changes_nothing(sample: str, tmp_path: Path, paths: Paths) -> None:
    root = tmp_path / sample
    shutil.copytree(PROJECTS / sample, root)
    first, files = generated(root, paths)
    REVIEW.apply(root, [REVIEW.accept_file(change) for change in REVIEW.compare(root, files)])
    second, again = generated(root, paths)
    changes = REVIEW.compare(root, again)
    assert [(change.file.path, [hunk.lines for hunk in change.hunks]) for change in changes if change.hunks] == []
    for name in ("port", "health_path", "start"):
        before, after = getattr(first, name), getattr(second, name)
        assert (after.value if after else None) == (before.value if before else None), name
    assert [one.name for one in second.variables] == [one.name for one in first.variables]
    assert [one.name for one in second.services] == [one.name for one in first.services]
    ours = {file.path for file in files if not file.own}
    cited = {place.file for one in second.variables for place in one.used} & ours
    assert cited == set(), "a variable that the program no longer reads must go"
