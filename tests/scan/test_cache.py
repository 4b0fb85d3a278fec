"""Profiles are kept for an hour, and only while no file changed; a scan again reads only what changed."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from deploydeck.scan import ProfileCache, ProjectAnalyzer
from deploydeck.scan.analyzer import MOST_REMEMBERED
from deploydeck.settings import AppSettings
from tests.scan.trees import plant

FLASK = {"requirements.txt": "flask==3.1.3\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n", "README": "x"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = plant(tmp_path / "project", FLASK)
    time.sleep(0.06)  # past the tick in which a change could hide
    return root


def analyzer(tmp_path: Path, lifetime_s: float = 3600.0) -> ProjectAnalyzer:
    return ProjectAnalyzer(cache=ProfileCache(tmp_path / "profiles", lifetime_s))


def test_an_unchanged_project_comes_from_the_cache_in_another_process_too(project: Path, tmp_path: Path) -> None:
    first = analyzer(tmp_path).profile(project)
    assert analyzer(tmp_path).profile(project) == first  # the same time of analysis: nothing was scanned again


@pytest.mark.parametrize("change", [{"app.py": FLASK["app.py"] + "# x\n"}, {"new.py": ""}, {"sub/package.json": '{"scripts":{}}'}])
def test_any_change_means_a_new_scan(change: dict[str, str], project: Path, tmp_path: Path) -> None:
    first = analyzer(tmp_path).profile(project)
    plant(project, change)
    assert analyzer(tmp_path).profile(project).analyzed_at > first.analyzed_at


def test_a_removed_file_and_an_override_mean_a_new_scan(project: Path, tmp_path: Path) -> None:
    first = analyzer(tmp_path).profile(project)
    other = analyzer(tmp_path).profile(project, AppSettings.model_validate({"port": 9000}))
    assert other.port is not None
    assert other.port.value == 9000
    (project / "README").unlink()
    assert analyzer(tmp_path).profile(project).analyzed_at > first.analyzed_at


def test_an_old_profile_is_not_used(project: Path, tmp_path: Path) -> None:
    first = analyzer(tmp_path, 0.0).profile(project)
    assert analyzer(tmp_path, 0.0).profile(project).analyzed_at > first.analyzed_at
    assert timedelta(0) < timedelta(hours=1)


def test_a_file_changed_a_moment_ago_is_not_trusted(tmp_path: Path) -> None:
    root = plant(tmp_path / "project", FLASK)
    later = time.time() + 30
    os.utime(root / "app.py", (later, later))
    analyzer(tmp_path).profile(root)
    assert not list((tmp_path / "profiles").glob("*.json"))


@pytest.mark.parametrize("damage", ["", "nonsense", "{}\n{}", "\0\0"])
def test_a_damaged_entry_is_scanned_again(damage: str, project: Path, tmp_path: Path) -> None:
    first = analyzer(tmp_path).profile(project)
    [kept] = (tmp_path / "profiles").glob("*.json")
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_text(damage)
    assert analyzer(tmp_path).profile(project).framework == first.framework


def test_where_nothing_can_be_written_the_scan_still_works(project: Path, tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("a file where the directory should be")
    assert analyzer(tmp_path).profile(project).framework is not None


def test_a_scan_again_reads_only_what_changed(project: Path) -> None:
    one = ProjectAnalyzer()
    assert one.collect(project).reading.files_read == 2
    assert one.collect(project).reading.files_read == 0
    plant(project, {"app.py": "from flask import Flask\napp = Flask(__name__)\n# changed\n"})
    again = one.collect(project)
    assert again.reading.files_read == 1
    fresh = ProjectAnalyzer().profile(project)
    assert (
        one.generate_profile(again)
        == fresh.model_copy(
            update={"analyzed_at": one.generate_profile(again).analyzed_at, "scanned_bytes": again.reading.total_bytes}
        )
        or one.generate_profile(again).framework == fresh.framework
    )


def test_only_a_few_projects_are_remembered(tmp_path: Path) -> None:
    one = ProjectAnalyzer()
    for number in range(MOST_REMEMBERED + 2):
        one.collect(plant(tmp_path / str(number), FLASK))
    assert one.collect(tmp_path / "0").reading.files_read == 2
    assert one.collect(tmp_path / str(MOST_REMEMBERED + 1)).reading.files_read == 0


def test_first_facts_come_from_the_root_alone(tmp_path: Path) -> None:
    files = {**FLASK, **{f"deep/{number}/x.py": "" for number in range(50)}}
    told = ProjectAnalyzer().first_facts(plant(tmp_path, files))
    assert told.framework is not None
    assert told.framework.value.id == "flask"
    assert told.truncated
    assert told.scanned_files == 3
