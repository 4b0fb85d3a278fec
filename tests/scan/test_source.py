"""The files behind the source hash: which are listed, and what stands for those that are too many."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from deploydeck.domain import OTHER_FILES
from deploydeck.scan import ProjectAnalyzer, read_source, source_hash
from tests.scan.trees import plant

APP = {"app.py": "print(1)\n", "requirements.txt": "flask\n", "static/page.css": "p {}\n"}


def test_every_file_is_listed_with_its_hash(tmp_path: Path) -> None:
    source = read_source(plant(tmp_path, APP))
    assert dict(source.files) == {path: hashlib.sha256(text.encode()).hexdigest() for path, text in APP.items()}
    assert source.hash == source_hash(tmp_path)
    assert source.listed(()) == source.files


def test_local_env_files_are_not_listed_and_their_samples_are(tmp_path: Path) -> None:
    plant(tmp_path, {**APP, ".env": "A=secret", "web/.env.local": "B=secret", ".env.example": "A="})
    assert [path for path, _ in read_source(tmp_path).files if ".env" in path] == [".env.example"]


def test_one_walk_gives_profile_and_files(tmp_path: Path) -> None:
    profile, source = ProjectAnalyzer().analyze(plant(tmp_path, APP))
    assert profile.source_hash == source.hash
    assert source.files == read_source(tmp_path).files
    again = ProjectAnalyzer().profile(tmp_path)
    assert profile == again.model_copy(update={"analyzed_at": profile.analyzed_at, "source_hash": source.hash})


def test_of_too_many_files_the_important_ones_stay_and_one_hash_for_the_rest(tmp_path: Path) -> None:
    plant(tmp_path, {**APP, **{f"img/{number}.svg": str(number) for number in range(10)}})
    first = read_source(tmp_path).listed({"requirements.txt"}, most=12)
    assert [path for path, _ in first] == ["requirements.txt", OTHER_FILES]
    plant(tmp_path, {"img/3.svg": "changed"})
    second = read_source(tmp_path).listed({"requirements.txt"}, most=12)
    assert second[0] == first[0]
    assert second[1] != first[1]
    assert len(read_source(tmp_path).listed({"requirements.txt"}, most=13)) == 13


def test_a_name_that_is_not_utf_8_is_listed_as_text(tmp_path: Path) -> None:
    plant(tmp_path, {os.fsdecode(b"caf\xe9.txt"): "x", "a.txt": "y"})
    source = read_source(tmp_path)
    assert [path for path, _ in source.files] == ["a.txt", "caf\\xe9.txt"]
    assert source.listed((), most=1)[0][0] == OTHER_FILES
