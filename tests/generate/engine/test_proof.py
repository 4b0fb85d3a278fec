"""The proof: what is generated is built from a scratch copy, started, asked and taken away; what fails says why."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from deploydeck.domain import CheckState, DeploymentConfig, GeneratedFile, Proof
from deploydeck.generate import ConfigurationGenerator
from deploydeck.proving import prove, verdict
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings

PROJECTS = Path(__file__).parents[2] / "projects"
engine = [
    pytest.mark.engine,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("engine"),
]


def proposed(root: Path, settings: Settings) -> tuple[DeploymentConfig, tuple[GeneratedFile, ...]]:
    profile, generator = ProjectAnalyzer().profile(root), ConfigurationGenerator()
    config = generator.deployment_config(profile, settings, project_id="prj-1", environment="development", target="docker")
    return config, generator.generate(profile, config, settings, wait=False)


async def proof_of(root: Path, settings: Settings, told: list[str]) -> Proof:
    config, files = proposed(root, settings)
    return await prove(config, files, settings, told.append)


def leftovers() -> str:
    containers = ["docker", "ps", "--all", "--quiet", "--filter", "label=deploydeck.proof"]
    images = ["docker", "images", "--quiet", "--filter", "reference=deploydeck-proof-*"]
    return "".join(subprocess.run(argv, capture_output=True, text=True, check=True).stdout for argv in (containers, images))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "express"
    shutil.copytree(PROJECTS / "express-npm", root)
    return root


class TestWithAnEngine:
    pytestmark = engine

    async def test_a_good_project_is_proven_and_nothing_is_left(self, project: Path) -> None:
        before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
        told: list[str] = []
        proof = await proof_of(project, Settings(), told)
        assert proof.proven, proof
        assert proof.status == 200 and proof.user.split(":")[0].isdigit() and proof.user != "0"
        assert proof.build_s and proof.image_bytes and proof.answer_s is not None and proof.stop_s is not None
        assert proof.stop_s < 10
        assert verdict(proof).state is CheckState.PASSED and "MB" in verdict(proof).reason
        assert told[0] == "Copying the project…" and any("npm ci" in line for line in told)
        assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
        assert leftovers() == ""

    async def test_a_program_that_dies_says_what_it_said(self, project: Path) -> None:
        (project / "server.js").write_text("console.error('no database at all'); process.exit(3);\n")
        settings = Settings.model_validate({"app": {"start": ["node", "server.js"], "port": 3000}})
        proof = await proof_of(project, settings, [])
        assert not proof.proven and "exit code 3" in proof.reason
        assert any("no database at all" in line for line in proof.evidence)
        found = verdict(proof)
        assert found.state is CheckState.FINDINGS and "no database at all" in found.findings[0].reason
        assert leftovers() == ""

    async def test_a_build_that_fails_says_where(self, project: Path) -> None:
        (project / "package.json").write_text('{"name": "x", "dependencies": {"express": "1.2.3.4.5"}}')
        proof = await proof_of(project, Settings.model_validate({"app": {"start": ["node", "server.js"], "port": 3000}}), [])
        assert not proof.proven and proof.build_s is None and "image build failed" in proof.reason
        assert verdict(proof).state is CheckState.FINDINGS
        assert leftovers() == ""

    async def test_cancelled_it_goes_away_too(self, project: Path) -> None:
        config, files = proposed(project, Settings())
        cancelled = asyncio.Event()

        def tell(text: str) -> None:
            if "npm ci" in text:
                cancelled.set()

        proof = await prove(config, files, Settings(), tell, cancelled)
        assert not proof.proven and proof.reason == "The proof was cancelled."
        assert leftovers() == ""


async def test_without_an_engine_it_says_so(project: Path, tmp_path: Path) -> None:
    settings = Settings.model_validate({"docker": {"host": f"unix://{tmp_path}/nothing.sock"}})
    proof = await proof_of(project, settings, [])
    assert not proof.proven and "Docker Engine" in proof.reason
    assert verdict(proof).state is CheckState.UNAVAILABLE


async def test_without_a_dockerfile_there_is_no_image(project: Path) -> None:
    config, _ = proposed(project, Settings())
    proof = await prove(config, (), Settings(), lambda _: None)
    assert not proof.proven and "no image to prove" in proof.reason


class TestWithServices:
    pytestmark = engine

    @pytest.mark.parametrize(
        ("project", "service", "image"), [("fastapi-redis", "redis", "redis:8"), ("flask-psycopg2", "postgresql", "postgres:17")]
    )
    async def test_what_needs_a_service_is_proven_with_it(self, tmp_path: Path, project: str, service: str, image: str) -> None:
        """Passwords are made up; the program finds its service by the addresses that compose.yaml gives it."""
        if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode != 0:
            pytest.skip(f"engine: there is no image {image} here")
        root = tmp_path / "served"
        shutil.copytree(PROJECTS / project, root)
        settings = Settings.model_validate({"build": {"build_packages": ["python3-dev"]}})
        proof = await proof_of(root, settings, [])
        assert proof.proven, proof
        assert proof.services == (service,) and proof.status == 200
        assert leftovers() == ""
        volumes = subprocess.run(["docker", "volume", "ls", "--quiet"], capture_output=True, text=True, check=True).stdout
        networks = subprocess.run(["docker", "network", "ls"], capture_output=True, text=True, check=True).stdout
        assert "deploydeck-proof" not in volumes + networks
