"""Sizes and names: what does not exist on the platform is refused with the nearest thing that does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, InfrastructureConfig
from deploydeck.generate.infrastructure import infrastructure_config, stack_name
from deploydeck.generate.infrastructure.escape import aligned, arm, hcl, without_last_commas, yaml
from deploydeck.generate.infrastructure.sizes import GIB, MIB, app_service_plan, fargate
from deploydeck.settings import Settings
from tests.generate.agree import load_template, text_of
from tests.generate.infrastructure.cases import profile_of


def config_of(root: Path, settings: dict[str, Any], kind: str = "server", services: tuple[str, ...] = ()) -> InfrastructureConfig:
    found = infrastructure_config(profile_of(root, kind, services), Settings.model_validate(settings), "development")
    assert found is not None
    return found


def test_the_nearest_fargate_size_is_named() -> None:
    assert fargate(0.5, 1024 * MIB) == (512, 1024)
    with pytest.raises(DeployDeckError) as refused:
        fargate(1, 1024 * MIB)
    assert "cpus = 1, memory_mb = 2048" in refused.value.hint
    with pytest.raises(DeployDeckError) as refused:
        fargate(0.7, 5000 * MIB)
    assert "cpus = 1, memory_mb = 5120" in refused.value.hint


@given(cpus=st.floats(0.25, 20), memory=st.integers(512, 130_000))
def test_what_the_hint_names_is_there(cpus: float, memory: int) -> None:
    try:
        fargate(cpus, memory * MIB)
    except DeployDeckError as error:
        near = re.search(r"cpus = ([\d.]+), memory_mb = (\d+)", error.hint)
        assert near and fargate(float(near[1]), int(near[2]) * MIB)


def test_plans_that_scale_are_chosen_when_scaling() -> None:
    assert app_service_plan(0.5, GIB, scales=False).name == "B1"
    assert app_service_plan(0.5, GIB, scales=True).name == "P0v3"
    with pytest.raises(DeployDeckError, match="P3v3"):
        app_service_plan(16, GIB, scales=True)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"generate": {"infrastructure": ["cloudformation"]}, "cloud": {"provider": "azure"}}, "infrastructure-provider"),
        ({"generate": {"infrastructure": ["arm", "cloudformation"]}}, "infrastructure-provider"),
        ({"generate": {"infrastructure": ["terraform"]}, "cloud": {"compute": "app-service"}}, "infrastructure-compute"),
        ({"generate": {"infrastructure": ["terraform"]}, "cloud": {"min_copies": 4, "max_copies": 2}}, "infrastructure-copies"),
        ({"generate": {"infrastructure": ["terraform"]}, "cloud": {"cpus": 3}}, "infrastructure-fargate-size"),
        ({"generate": {"infrastructure": ["terraform"]}, "cloud": {"log_days": 31}}, "infrastructure-log-days"),
        ({"generate": {"infrastructure": ["terraform"]}, "cloud": {"database_size": "S0"}}, "infrastructure-database-size"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, settings: dict[str, Any], code: str) -> None:
    with pytest.raises(DeployDeckError) as refused:
        config_of(tmp_path, settings, services=("postgresql",))
    assert refused.value.code == code and refused.value.hint


def test_arm_alone_means_azure(tmp_path: Path) -> None:
    found = config_of(tmp_path, {"generate": {"infrastructure": ["arm"]}}, services=("mssql",))
    assert (found.provider.value, found.compute, found.database) == ("azure", "app-service", "mssql")
    assert config_of(tmp_path, {"generate": {"infrastructure": ["arm"]}}, "site").compute == "static-site"


def test_the_environment_at_hand_is_among_them(tmp_path: Path) -> None:
    settings = {"generate": {"infrastructure": ["terraform"]}, "environments": {"qa": {"cloud": {"min_copies": 3}}}}
    found = config_of(tmp_path, settings)
    assert [size.environment for size in found.sizes] == ["development", "staging", "qa", "production"]
    assert found.size("qa").min_copies == found.size("qa").max_copies == 3
    assert config_of(tmp_path, {"generate": {"infrastructure": ["terraform"]}}).size("production").max_copies == 6


@given(
    app=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True),
    names=st.sets(st.text("aB.-_1", min_size=1), min_size=2),
)
def test_names_are_short_and_different(app: str, names: set[str]) -> None:
    made = [stack_name(app, name) for name in names]
    assert len(set(made)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,26}[a-z0-9]", name) for name in made)


@given(st.text())
def test_text_comes_back_from_every_language(text: str) -> None:
    whole = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert text_of(hcl(text)) == whole
    assert load_template(f"a: {yaml(text)}")["a"] == whole
    assert "\n" not in hcl(text) + yaml(text) + arm(text)
    assert not re.search(r"(?<![$])(\$\$)*\$\{", hcl(text))


def test_hcl_is_aligned_as_terraform_does() -> None:
    assert aligned('a = 1\nlong = 2\n\nb = {\n  x = 1\n}\nc = "a = b"') == 'a    = 1\nlong = 2\n\nb = {\n  x = 1\n}\nc = "a = b"'
    assert without_last_commas('{\n  "a": [\n    1,\n  ],\n}') == '{\n  "a": [\n    1\n  ]\n}'
