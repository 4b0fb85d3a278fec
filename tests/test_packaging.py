"""The wheel holds everything the program needs, and works where there is no checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploydeck import __version__

TOP = Path(__file__).parent.parent


def test_constraints_are_exact_versions_and_no_addresses() -> None:
    lines = (TOP / "constraints.txt").read_text().splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line
    names = [re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines]
    assert len(names) == len(set(names))


def tracked(folder: str) -> list[Path]:
    """The files of a folder that git knows, so that caches and leftovers do not count."""
    done = subprocess.run(["git", "-C", str(TOP), "ls-files", "-z", folder], capture_output=True, text=True, check=True)
    return [Path(name) for name in done.stdout.split("\0") if name and (TOP / name).is_file()]


@pytest.mark.registry
@pytest.mark.slow
def test_the_wheel_works_without_a_checkout(tmp_path: Path) -> None:
    environ = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONSTRAINT": str(TOP / "constraints.txt")}
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(TOP)]
    subprocess.run(build, env=environ, check=True, capture_output=True, timeout=110)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    source, examples = tracked("src/deploydeck"), tracked("examples")
    assert any(path.suffix == ".j2" for path in source)
    assert any(path.suffix == ".tcss" for path in source)
    missing = {str(path.relative_to("src")) for path in source} - held
    missing |= {f"deploydeck/_examples/{path.relative_to('examples').as_posix()}" for path in examples} - held
    assert not missing

    environ["PYTHONPATH"] = str(tmp_path / "site")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", *arguments], env=environ, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    assert run("-c", "import deploydeck; print(deploydeck.__file__)").startswith(str(tmp_path / "site"))
    assert run("-m", "deploydeck", "--version") == f"deploydeck {__version__}"
    demo = Path(run("-m", "deploydeck", "demo", "--path-only"))
    assert (demo / "app.py").is_file()
    assert '"shop"' in run("-m", "deploydeck", "scan", str(demo), "--json")
    assert "edition" in run("-m", "deploydeck", "demo", str(demo), "--change", "broken")
    assert "Dockerfile" in run("-m", "deploydeck", "generate", str(demo), "--target", "docker")
