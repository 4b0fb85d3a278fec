"""Pipelines from projects: which there are, what they run, that they agree with the configuration, and that nothing is injected."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import CheckState, CiPlatform, ConfigFile, DeploymentConfig, GeneratedFile, ProjectProfile, ServiceNeed
from deploydeck.generate import Checking, ConfigurationGenerator
from deploydeck.generate.checkers import CHECKERS, actionlint, jenkins, schemas, shell, zizmor
from deploydeck.generate.ci import DEPLOY_SCRIPT, PATHS, default_branch, escape, pipeline_config
from deploydeck.generate.ci.actions import actions
from deploydeck.generate.clues import ProjectFiles
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from tests.generate.samples import express_npm, flask_pip, static_site, vite_npm, write

QUICK = ConfigurationGenerator(Checking(checkers=tuple(checker for checker in CHECKERS if checker.quick)))
PROJECTS = Path(__file__).parent.parent.parent / "projects"
ALL = {"generate": {"ci": ["github", "gitlab", "jenkins"]}}
WORKFLOW, GITLAB, JENKINSFILE = (PATHS[platform] for platform in CiPlatform)
TESTED = {
    "tests/test_app.py": "import unittest\n\nfrom app import app\n\n\nclass Home(unittest.TestCase):\n"
    "    def test_home(self):\n        self.assertEqual(app.test_client().get('/').status_code, 200)\n"
}


def config_of(made: ProjectProfile, chosen: Settings, target: str = "docker") -> DeploymentConfig:
    return QUICK.deployment_config(made, chosen, project_id="prj-1", environment="production", target=target)


def made_from(
    made: ProjectProfile, over: dict[str, Any] | None = None, target: str = "docker", replace: bool = False
) -> dict[str, GeneratedFile]:
    chosen = Settings.model_validate({**ALL, **(over or {})})
    files = QUICK.generate(made, config_of(made, chosen, target), chosen, replace=replace)
    return {file.path: file for file in files}


def read(content: str) -> Any:
    return yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def jobs(file: GeneratedFile) -> dict[str, Any]:
    content = read(file.content)
    assert isinstance(content, dict)
    return dict(content["jobs"])


def steps(job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step.get("name") or step["uses"].split("@")[0]: step for step in job["steps"]}


# --- which platforms, branch and environments ----------------------------------------------------------------------------------


def pipeline(root: Path, made: ProjectProfile | None = None, **over: Any) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    found = pipeline_config(made or flask_pip(root), Settings.model_validate(over), ProjectFiles(root))
    return tuple(platform.value for platform in found.platforms), found.default_branch, found.environments


@pytest.mark.parametrize(
    ("remote", "platforms"),
    [
        ("https://github.com/acme/shop.git", ("github",)),
        ("git@github.com:acme/shop.git", ("github",)),
        ("ssh://git@gitlab.example.com:2222/acme/shop.git", ("gitlab",)),
        ("https://oauth2:glpat-x@gitlab.com/acme/shop", ("gitlab",)),
        ("https://bitbucket.org/acme/shop", ()),
        ("https://github.com.evil.example/acme/shop", ()),
        ("/srv/git/shop.git", ()),
    ],
)
def test_the_remote_says_where_pipelines_run(tmp_path: Path, remote: str, platforms: tuple[str, ...]) -> None:
    write(tmp_path, {".git/config": f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {remote}\n'})
    assert pipeline(tmp_path)[0] == platforms


def test_a_login_in_the_remote_gets_into_no_file(tmp_path: Path) -> None:
    write(tmp_path, {".git/config": '[remote "origin"]\n\turl = https://me:hunter2hunter2@github.com/a/b\n'})
    chosen = Settings()
    made = flask_pip(tmp_path)
    files = QUICK.generate(made, config_of(made, chosen), chosen)
    assert WORKFLOW in {file.path for file in files}
    assert "hunter2" not in json.dumps([file.model_dump(mode="json") for file in files])


def test_what_the_project_has_goes_before_the_remote_and_settings_before_both(tmp_path: Path) -> None:
    write(tmp_path, {".git/config": '[remote "origin"]\n\turl = https://github.com/a/b\n'})
    made = flask_pip(tmp_path, config_files=(ConfigFile(path="Jenkinsfile", kind="jenkins", sha256="0" * 64),))
    assert pipeline(tmp_path, made)[0] == ("jenkins",)
    assert pipeline(tmp_path, made, generate={"ci": ["gitlab", "gitlab"]})[0] == ("gitlab",)
    assert pipeline(tmp_path, made, generate={"ci": []})[0] == ()


def test_without_a_platform_nothing_is_written(tmp_path: Path) -> None:
    chosen = Settings()
    made = flask_pip(tmp_path)
    paths = {file.path for file in QUICK.generate(made, config_of(made, chosen), chosen)}
    assert not paths & {*PATHS.values(), DEPLOY_SCRIPT}


@pytest.mark.parametrize(
    ("files", "branch"),
    [
        ({".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/trunk\n", ".git/refs/heads/main": "0\n"}, "trunk"),
        ({".git/refs/heads/master": "0\n", ".git/HEAD": "ref: refs/heads/topic\n"}, "master"),
        ({".git/packed-refs": "# pack-refs\n12ab refs/heads/main\n", ".git/HEAD": "ref: refs/heads/topic\n"}, "main"),
        ({".git/HEAD": "ref: refs/heads/only\n"}, "only"),
        ({".git/HEAD": "0123abc\n"}, "main"),
        ({}, "main"),
    ],
)
def test_the_branch_that_is_deployed(tmp_path: Path, files: dict[str, str], branch: str) -> None:
    write(tmp_path, files)
    assert default_branch(ProjectFiles(tmp_path)) == branch


@pytest.mark.parametrize(
    ("named", "order"),
    [
        ([], ("development", "staging", "production")),
        (["production"], ("development", "staging", "production")),
        (["qa"], ("development", "staging", "qa", "production")),
        (["production", "development"], ("development", "production")),
        (["production", "qa", "staging"], ("staging", "qa", "production")),
    ],
)
def test_environments_in_the_order_a_change_passes_through_them(tmp_path: Path, named: list[str], order: tuple[str, ...]) -> None:
    assert pipeline(tmp_path, environments={name: {} for name in named})[2] == order


# --- what they run -------------------------------------------------------------------------------------------------------------


def test_the_same_tests_run_on_every_platform(tmp_path: Path) -> None:
    write(tmp_path, TESTED)
    files = made_from(flask_pip(tmp_path))
    test = steps(jobs(files[WORKFLOW])["test"])
    wanted = ".ci-venv/bin/python -m unittest discover -s tests"
    assert test["Test"]["run"] == wanted
    assert test["actions/setup-python"]["with"] == {"python-version": "3.13"}
    gitlab = read(files[GITLAB].content)
    assert gitlab["test"]["script"] == [wanted]
    assert gitlab["test"]["image"]["name"] == "python:3.13"
    assert gitlab["test"]["before_script"] == test["Install"]["run"].strip().split("\n")
    assert wanted in files[JENKINSFILE].content
    assert "image 'python:3.13'" in files[JENKINSFILE].content


def test_without_tests_none_are_made_up(tmp_path: Path) -> None:
    files = made_from(express_npm(tmp_path))
    assert "test" not in jobs(files[WORKFLOW])
    assert "needs" not in jobs(files[WORKFLOW])["image"]
    gitlab = read(files[GITLAB].content)
    assert "test" not in gitlab
    assert "test" not in gitlab["stages"]
    for path in (WORKFLOW, GITLAB, JENKINSFILE):
        assert 'No tests run here: none were found (no script "test" in package.json).' in files[path].content


def test_the_placeholder_of_npm_is_no_test(tmp_path: Path) -> None:
    made = express_npm(tmp_path)
    manifest = json.loads((tmp_path / "package.json").read_text())
    manifest["scripts"] = {"start": "node server.js", "test": 'echo "Error: no test specified" && exit 1'}
    write(tmp_path, {"package.json": json.dumps(manifest, indent=2)})
    assert "placeholder" in made_from(made)[WORKFLOW].content


@pytest.mark.parametrize(
    ("project", "files", "commands"),
    [
        ("express-npm", {"package.json": '{"scripts": {"test": "node --test"}}'}, ["npm test"]),
        ("fastapi-uv", {"tests/test_a.py": "def test_a(): ...\n"}, ["uv run --no-sync --with pytest python -m pytest"]),
        ("flask-pip", {"test_a.py": "def test_a(): ...\n"}, ["-m pip install pytest", "-m pytest"]),
        ("django-pip", {"shop/tests.py": "from django.test import TestCase\n"}, ["manage.py test"]),
        ("next-pnpm", {"package.json": '{"scripts": {"test": "vitest"}}'}, ["npm install --global pnpm@", "pnpm test"]),
    ],
)
def test_the_managers_run_their_tests(tmp_path: Path, project: str, files: dict[str, str], commands: list[str]) -> None:
    import shutil

    root = tmp_path / "work"
    shutil.copytree(PROJECTS / project, root)
    if "package.json" in files:
        manifest = json.loads((root / "package.json").read_text())
        manifest["scripts"] = {**manifest["scripts"], **json.loads(files.pop("package.json"))["scripts"]}
        files = {**files, "package.json": json.dumps(manifest, indent=2)}
    write(root, files)
    test = steps(jobs(made_from(ProjectAnalyzer().profile(root))[WORKFLOW])["test"])
    text = f"{test['Install']['run']}\n{test['Test']['run']}"
    for command in commands:
        assert command in text


# --- what is built and deployed ------------------------------------------------------------------------------------------------


def test_they_agree_with_the_configuration(tmp_path: Path) -> None:
    over = {
        "build": {"dockerfile": "docker/Dockerfile"},
        "app": {"port": 9000, "health_path": "/ready"},
        "resources": {"memory_mb": 256, "cpus": 0.5},
        "environments": {
            "staging": {"published_port": 8081, "variables": {"MODE": "on trial"}, "secrets": ["API_KEY"]},
            "production": {"published_port": 80, "bind_address": "0.0.0.0"},
        },
    }
    files = made_from(flask_pip(tmp_path), over)
    found = jobs(files[WORKFLOW])
    staging = steps(found["deploy-staging"])["Deploy"]["env"]
    assert (staging["CONTAINER"], staging["PUBLISH"]) == ("shop-api-staging", "127.0.0.1:8081:9000")
    assert staging["PLAIN_VARIABLES"] == "MODE=on trial"
    assert steps(found["deploy-production"])["Deploy"]["env"]["PUBLISH"] == "0.0.0.0:80:9000"
    assert steps(found["image"])["docker/build-push-action"]["with"]["file"] == "docker/Dockerfile"
    gitlab = read(files[GITLAB].content)
    assert gitlab["deploy-staging"]["variables"]["PUBLISH"] == "127.0.0.1:8081:9000"
    assert gitlab["deploy-staging"]["variables"]["PLAIN_VARIABLES"] == {"value": "MODE=on trial", "expand": False}
    assert "--file docker/Dockerfile" in gitlab["build"]["script"][0]
    assert "PUBLISH = '127.0.0.1:8081:9000'" in files[JENKINSFILE].content
    assert "--file docker/Dockerfile" in files[JENKINSFILE].content
    script = files[DEPLOY_SCRIPT].content
    assert "--memory 268435456 --cpus 0.5" in script
    assert any("/ready" in reason.why for reason in files[DEPLOY_SCRIPT].reasons)


def test_a_workflow_has_the_least_rights_and_never_breaks_a_deployment_off(tmp_path: Path) -> None:
    write(tmp_path, TESTED)
    content = read(made_from(flask_pip(tmp_path))[WORKFLOW].content)
    assert content["permissions"] == {"contents": "read"}
    found = content["jobs"]
    assert "permissions" not in found["test"]
    assert found["image"]["permissions"] == {"contents": "read", "packages": "write"}
    assert content["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    for name, job in found.items():
        assert job["timeout-minutes"] <= 45
        if name.startswith("deploy-"):
            assert job["permissions"] == {"contents": "read", "packages": "read"}
            assert job["concurrency"] == {"group": name, "cancel-in-progress": False}
            assert job["environment"] == name.removeprefix("deploy-")
    assert found["deploy-staging"]["needs"] == ["image", "deploy-development"]
    assert found["deploy-production"]["needs"] == ["image"]
    assert "tag" in found["deploy-production"]["if"]
    assert "github.event_name == 'push'" not in found["deploy-production"]["if"]


def test_production_waits_for_a_person(tmp_path: Path) -> None:
    files = made_from(flask_pip(tmp_path))
    gitlab = read(files[GITLAB].content)
    assert gitlab["deploy-production"]["rules"] == [{"if": "$CI_COMMIT_TAG =~ /^v/", "when": "manual"}]
    assert gitlab["deploy-staging"]["rules"] == [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]
    assert gitlab[".deploy"]["interruptible"] is False
    jenkins_file = files[JENKINSFILE].content
    assert jenkins_file.count("input {") == 1
    assert jenkins_file.index("Deploy to production'") < jenkins_file.index("input {")


def test_every_action_is_pinned_by_a_commit_of_the_table(tmp_path: Path) -> None:
    known = {f"{action.uses}@{action.sha}" for action in actions().values()}
    used = re.findall(r"uses: (\S+) # (v[0-9.]+)\n", made_from(flask_pip(tmp_path))[WORKFLOW].content)
    assert used
    assert {name for name, _ in used} <= known
    for action in actions().values():
        assert re.fullmatch(r"[0-9a-f]{40}", action.sha)
        assert action.agree >= 3
        assert action.version.count(".") == 2


def test_no_script_holds_an_expression(tmp_path: Path) -> None:
    write(tmp_path, TESTED)
    for job in jobs(made_from(flask_pip(tmp_path))[WORKFLOW]).values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")


def test_the_process_target_is_only_tested(tmp_path: Path) -> None:
    write(tmp_path, TESTED)
    files = made_from(flask_pip(tmp_path), target="process")
    assert set(jobs(files[WORKFLOW])) == {"test"}
    assert DEPLOY_SCRIPT not in files
    assert "deploydeck deploy" in files[GITLAB].content
    assert set(read(files[GITLAB].content)) == {"stages", "workflow", "default", "test"}


def test_every_line_has_its_reason(tmp_path: Path) -> None:
    write(tmp_path, TESTED)
    files = made_from(flask_pip(tmp_path))
    for path in (WORKFLOW, GITLAB, JENKINSFILE, DEPLOY_SCRIPT):
        comment = "//" if path == JENKINSFILE else "#"
        lines = files[path].content.split("\n")
        wanted = {n for n, line in enumerate(lines, 1) if line and not line.lstrip().startswith(comment)}
        assert {reason.line for reason in files[path].reasons} == wanted
    run = next(n for n, line in enumerate(files[WORKFLOW].content.split("\n"), 1) if "unittest discover" in line)
    (reason,) = [reason for reason in files[WORKFLOW].reasons if reason.line == run]
    assert reason.evidence[0].file == "tests/test_app.py"


# --- files of people -----------------------------------------------------------------------------------------------------------


def test_files_of_people_stay_and_ours_are_made_anew(tmp_path: Path) -> None:
    made = flask_pip(tmp_path)
    write(tmp_path, {GITLAB: "stages: [mine]\n", JENKINSFILE: "node { }\n", DEPLOY_SCRIPT: "echo mine\n"})
    files = made_from(made)
    for path, content in ((GITLAB, "stages: [mine]\n"), (JENKINSFILE, "node { }\n"), (DEPLOY_SCRIPT, "echo mine\n")):
        assert files[path].content == content
        assert files[path].own
    replaced = made_from(made, replace=True)
    assert replaced[JENKINSFILE].content.startswith("// Generated by DeployDeck")
    write(tmp_path, {path: replaced[path].content for path in PATHS.values()})
    again = made_from(made, {"app": {"port": 9001}})
    for path in PATHS.values():
        assert not again[path].own
        assert "9001" in again[path].content


# --- the checkers, and hostile values ------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.timeout(300)
@pytest.mark.parametrize("project", ["flask-pip", "express-npm", "static-site", "fastapi-uv"])
def test_the_real_checkers_accept_them(project: str) -> None:
    files = made_from(ProjectAnalyzer().profile(PROJECTS / project))
    workflow = files[WORKFLOW].content
    assert actionlint.check(workflow).state is CheckState.PASSED
    assert zizmor.check(workflow).state is CheckState.PASSED
    assert schemas.check_workflow(workflow).state is CheckState.PASSED
    assert schemas.check_gitlab(files[GITLAB].content).state is CheckState.PASSED
    assert jenkins.check(files[JENKINSFILE].content).state is CheckState.PASSED


HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.sampled_from(
        ["${{ secrets.DEPLOY_KEY }}", "$(id)", "';sh 'id", '"\n- evil: 1', "$CI_JOB_TOKEN", "\\u0027", "{{ 7 * 7 }}", "}}"]
    ),
)
BRANCH = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=20)


@pytest.mark.timeout(600)
@given(value=HOSTILE, name=HOSTILE, branch=BRANCH)
def test_no_value_of_a_project_gets_out_of_its_place(
    tmp_path_factory: pytest.TempPathFactory, value: str, name: str, branch: str
) -> None:
    # Feature: deployment-automation, Property 2: any profile gives files that parse, also for hostile names and values
    root = tmp_path_factory.mktemp("hostile")
    write(root, {**TESTED, ".git/refs/remotes/origin/HEAD": f"ref: refs/remotes/origin/{branch}\n"})
    made = flask_pip(root).model_copy(update={"name": name})
    files = made_from(made, {"environments": {"staging": {"variables": {"A": value, "B": "2"}}, "production": {}}})
    line = "" if re.search(r"[\r\n]", value) else f"A={value}\n"

    workflow = read(files[WORKFLOW].content)
    deploy = steps(workflow["jobs"]["deploy-staging"])["Deploy"]["env"]
    assert deploy["PLAIN_VARIABLES"].replace("${{ '${{' }}", "${{") == f"{line}B=2"
    assert set(re.findall(r"\$\{\{(.*?)\}\}", deploy["PLAIN_VARIABLES"])) <= {" '${{' "}
    pushed = workflow[True]["push"]["branches"]
    assert re.sub(r"\\([+*?!\[\]\\])", r"\1", pushed[0].replace("$*{{", "${{")) == branch.strip()
    for word in shlex.split(steps(workflow["jobs"]["test"])["Test"]["run"]):
        assert word in (".ci-venv/bin/python", "-m", "unittest", "discover", "-s", "tests")
    gitlab = read(files[GITLAB].content)
    assert gitlab["deploy-staging"]["variables"]["PLAIN_VARIABLES"]["value"] == f"{line}B=2"
    assert set(workflow["jobs"]) == {"test", "image", "deploy-staging", "deploy-production"}
    hidden = {".docker", ".deploy"}
    assert set(gitlab) == hidden | {
        "stages", "workflow", "default", "variables", "test", "build", "scan", "deploy-staging", "deploy-production",
    }  # fmt: skip
    assert files[JENKINSFILE].content.isascii()
    assert f"withEnv([{escape.groovy(f'PLAIN_VARIABLES={line}B=2')}])" in files[JENKINSFILE].content
    assert f"branch pattern: {escape.groovy(branch.strip())}, " in files[JENKINSFILE].content
    assert files[DEPLOY_SCRIPT].content.isascii()


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.timeout(300)
def test_hostile_values_pass_the_real_checkers(tmp_path: Path) -> None:
    nasty = "${{ secrets.X }} $(id) 'a' \"b\" \\u0027 {{ 1 }} \u2028 # no: yes"
    write(tmp_path, {**TESTED, ".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/it's+${{x}}\n"})
    made = flask_pip(tmp_path).model_copy(update={"name": nasty})
    files = made_from(made, {"environments": {"staging": {"variables": {"A": nasty}}, "production": {}}})
    assert actionlint.check(files[WORKFLOW].content).state is CheckState.PASSED
    assert zizmor.check(files[WORKFLOW].content).state is CheckState.PASSED
    assert schemas.check_gitlab(files[GITLAB].content).state is CheckState.PASSED
    assert jenkins.check(files[JENKINSFILE].content).state is CheckState.PASSED


def test_a_static_site_is_built_and_deployed_too(tmp_path: Path) -> None:
    files = made_from(static_site(tmp_path))
    assert {"image", "deploy-production"} <= set(jobs(files[WORKFLOW]))


# --- clouds --------------------------------------------------------------------------------------------------------------------


COMPUTES = {
    "fargate": ("aws", "aws ecs update-service"),
    "ec2": ("aws", "aws autoscaling start-instance-refresh"),
    "lambda": ("aws", "aws lambda update-alias"),
    "app-service": ("azure", "az webapp config set"),
    "functions": ("azure", "az functionapp config set"),
    "container-instances": ("azure", "az deployment group"),
}
"""What containers run on: whose it is, and what its script cannot do without."""
ACCESS = {
    "aws": ("aws-actions/configure-aws-credentials", "sts.amazonaws.com"),
    "azure": ("azure/login", "api://AzureADTokenExchange"),
}


def cloud_files(root: Path, compute: str, services: tuple[str, ...] = (), **more: Any) -> dict[str, GeneratedFile]:
    over = {
        "generate": {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["terraform"]},
        "cloud": {"provider": COMPUTES[compute][0], "compute": compute},
    }
    needs = tuple(ServiceNeed(name=name, confidence=0.9, evidence=()) for name in services)
    made = flask_pip(root, services=needs)
    return made_from(made.model_copy(update={"name": more.pop("name", made.name)}), {**over, **more})


@pytest.mark.parametrize("compute", COMPUTES)
def test_a_cloud_gives_access_for_the_identity_of_the_job(tmp_path: Path, compute: str) -> None:
    provider, program = COMPUTES[compute]
    action, audience = ACCESS[provider]
    over = {
        "generate": {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["terraform"]},
        "cloud": {"provider": provider, "compute": compute},
    }
    chosen = Settings.model_validate(over)
    made = flask_pip(tmp_path)
    config = config_of(made, chosen)
    files = {file.path: file for file in QUICK.generate(made, config, chosen)}
    assert config.infrastructure is not None
    found = jobs(files[WORKFLOW])
    for size in config.infrastructure.sizes:
        job = found[f"deploy-{size.environment}"]
        assert job["permissions"] == {"contents": "read", "packages": "read", "id-token": "write"}
        assert action in steps(job)
        assert steps(job)["Deploy"]["env"]["NAME"] == size.name
        assert steps(job)["Deploy"]["run"] == f"sh {DEPLOY_SCRIPT}"
    assert "permissions" not in found.get("test", {})
    assert "id-token" not in found["image"]["permissions"]
    gitlab = read(files[GITLAB].content)
    assert gitlab[".deploy"]["id_tokens"]["IDENTITY_TOKEN"]["aud"] == audience
    assert program in files[DEPLOY_SCRIPT].content
    text = "".join(file.content for file in files.values())
    for key in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AZURE_CLIENT_SECRET", "AZURE_CREDENTIALS", "DEPLOY_KEY"):
        assert key not in text


@pytest.mark.parametrize("compute", COMPUTES)
def test_a_cloud_s_jobs_have_what_their_script_needs(tmp_path: Path, compute: str) -> None:
    files = cloud_files(tmp_path, compute)
    aws = COMPUTES[compute][0] == "aws"
    deploy = steps(jobs(files[WORKFLOW])["deploy-staging"])
    given = set(deploy["Deploy"]["env"])
    assert given == {"IMAGE", "TAG", "NAME"} | (set() if aws else {"REGISTRY_USER", "REGISTRY_PASSWORD"})
    assert ("docker/login-action" in deploy) == aws, "Azure copies the image itself"
    asked = re.search(r'^(: (?:"\$\{\w+:\?\}" ?)+)$', files[DEPLOY_SCRIPT].content, re.MULTILINE)
    assert asked is not None and set(re.findall(r"\w+", asked[1])) == given
    gitlab = read(files[GITLAB].content)
    hidden = gitlab[".deploy"]
    assert {*hidden["variables"], *gitlab["deploy-staging"]["variables"], "IMAGE"} >= given
    minutes = jobs(files[WORKFLOW])["deploy-staging"]["timeout-minutes"]
    assert hidden["timeout"] == f"{minutes} minutes" and 20 <= minutes < 60, "the access lasts one hour"
    before = "\n".join(hidden["before_script"])
    assert bool(re.search("apk add --no-cache aws-cli .*jq", before)) == aws == ("docker login" in before)
    assert hidden["image"].startswith("mcr.microsoft.com/azure-cli:") if not aws else hidden["extends"] == ".docker"
    jenkins_file = files[JENKINSFILE].content
    assert jenkins_file.count(f"timeout(time: {minutes}, unit: 'MINUTES')") == 3
    assert ("docker login" in jenkins_file.partition("stage('Deploy")[2]) == aws
    rights = "It may push" if aws else "It needs the role"
    assert all(rights in files[path].content for path in (WORKFLOW, GITLAB, JENKINSFILE))


@pytest.mark.parametrize("services", [(), ("postgresql",)], ids=["alone", "database"])
@pytest.mark.parametrize("compute", COMPUTES)
def test_every_line_of_a_cloud_s_pipeline_has_its_reason(tmp_path: Path, compute: str, services: tuple[str, ...]) -> None:
    files = cloud_files(tmp_path, compute, services)
    for path in (WORKFLOW, GITLAB, JENKINSFILE, DEPLOY_SCRIPT):
        comment = "//" if path == JENKINSFILE else "#"
        lines = files[path].content.split("\n")
        wanted = {n for n, line in enumerate(lines, 1) if line and not line.lstrip().startswith(comment)}
        assert {reason.line for reason in files[path].reasons} == wanted
    assert shell.check(files[DEPLOY_SCRIPT].content).state is CheckState.PASSED
    assert files[DEPLOY_SCRIPT].content.isascii()


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.timeout(300)
@pytest.mark.parametrize("compute", COMPUTES)
def test_the_real_checkers_accept_pipelines_of_clouds(tmp_path: Path, compute: str) -> None:
    nasty = "${{ secrets.X }} $(id) 'a' \"b\" \\u0027 {{ 1 }} \u2028 # no: yes"
    write(tmp_path, {**TESTED, ".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/it's+${{x}}\n"})
    files = cloud_files(tmp_path, compute, name=nasty, app={"health_path": "/it's/$(id)/'\"\\"})
    assert actionlint.check(files[WORKFLOW].content).state is CheckState.PASSED
    assert zizmor.check(files[WORKFLOW].content).state is CheckState.PASSED
    assert schemas.check_workflow(files[WORKFLOW].content).state is CheckState.PASSED
    assert schemas.check_gitlab(files[GITLAB].content).state is CheckState.PASSED
    assert jenkins.check(files[JENKINSFILE].content).state is CheckState.PASSED
    assert shell.check(files[DEPLOY_SCRIPT].content).state is CheckState.PASSED


def site_files(root: Path, provider: str, sample: Callable[[Path], ProjectProfile] = vite_npm) -> dict[str, GeneratedFile]:
    generate = {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["terraform"]}
    return made_from(sample(root), {"generate": generate, "cloud": {"provider": provider}})


@pytest.mark.parametrize(
    ("provider", "action", "audience", "program"),
    [
        ("aws", "aws-actions/configure-aws-credentials", "sts.amazonaws.com", "aws s3"),
        ("azure", "azure/login", "api://AzureADTokenExchange", "az storage blob upload-batch"),
    ],
)
def test_a_site_goes_from_its_image_into_the_storage(
    tmp_path: Path, provider: str, action: str, audience: str, program: str
) -> None:
    files = site_files(tmp_path, provider)
    found = jobs(files[WORKFLOW])
    assert set(found) == {"image", "deploy-development", "deploy-staging", "deploy-production"}
    for place in ("development", "staging", "production"):
        job = found[f"deploy-{place}"]
        assert job["environment"] == place
        assert job["permissions"] == {"contents": "read", "packages": "read", "id-token": "write"}
        assert action in steps(job)
        taken, deployed = steps(job)["Take the site out of the image"], steps(job)["Deploy"]
        assert taken["env"] == {"IMAGE": "${{ needs.image.outputs.image }}"}
        assert 'docker cp "$copy:/srv/site" "$RUNNER_TEMP/site"' in taken["run"]
        assert deployed["env"] == {"SITE": "${{ runner.temp }}/site", "NAME": f"shop-api-{place}"}
        assert deployed["run"] == f"sh {DEPLOY_SCRIPT}"
    assert "tag" in found["deploy-production"]["if"]
    gitlab = read(files[GITLAB].content)
    assert gitlab[".deploy"]["id_tokens"]["IDENTITY_TOKEN"]["aud"] == audience
    assert "services" not in gitlab[".deploy"] and "extends" not in gitlab[".deploy"]
    (kept,) = gitlab["site"]["artifacts"]["paths"]
    assert gitlab[".deploy"]["variables"]["SITE"] == f"$CI_PROJECT_DIR/{kept}"
    assert gitlab["deploy-staging"]["needs"] == ["scan", "site", "deploy-development"]
    assert gitlab["deploy-production"]["rules"] == [{"if": "$CI_COMMIT_TAG =~ /^v/", "when": "manual"}]
    jenkins_file = files[JENKINSFILE].content
    assert jenkins_file.count('docker cp "$copy:/srv/site" "$WORKSPACE_TMP/site"') == 3
    assert jenkins_file.count("input {") == 1
    script = files[DEPLOY_SCRIPT].content
    assert program in script
    order = [script.index(part) for part in ('"$work/lasting"', '"$work/loaded-files"', '"$work/pages"', "curl ", "delete")]
    assert order == sorted(order)
    text = "".join(file.content for file in files.values())
    for key in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_KEY", "DEPLOY_KEY"):
        assert key not in text


@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_every_line_of_a_site_s_pipeline_has_its_reason(tmp_path: Path, provider: str) -> None:
    files = site_files(tmp_path, provider)
    for path in (WORKFLOW, GITLAB, JENKINSFILE, DEPLOY_SCRIPT):
        comment = "//" if path == JENKINSFILE else "#"
        lines = files[path].content.split("\n")
        wanted = {n for n, line in enumerate(lines, 1) if line and not line.lstrip().startswith(comment)}
        assert {reason.line for reason in files[path].reasons} == wanted


def test_a_site_served_from_the_root_shows_nothing_of_its_deployment(tmp_path: Path) -> None:
    files = site_files(tmp_path, "azure", static_site)
    assert {DEPLOY_SCRIPT, "infra/terraform"} <= set(files[".dockerignore"].content.split("\n"))
    assert "rm -f ./deploy/nginx.conf" in files[DEPLOY_SCRIPT].content
    assert "immutable" not in files[DEPLOY_SCRIPT].content  # nothing names its files by their content


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.timeout(300)
@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_the_real_checkers_accept_pipelines_of_sites(tmp_path: Path, provider: str) -> None:
    nasty = "${{ secrets.X }} $(id) 'a' \"b\" \\u0027 {{ 1 }} \u2028 # no: yes"
    write(tmp_path, {".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/it's+${{x}}\n"})
    files = site_files(tmp_path, provider, lambda root: vite_npm(root).model_copy(update={"name": nasty}))
    assert actionlint.check(files[WORKFLOW].content).state is CheckState.PASSED
    assert zizmor.check(files[WORKFLOW].content).state is CheckState.PASSED
    assert schemas.check_workflow(files[WORKFLOW].content).state is CheckState.PASSED
    assert schemas.check_gitlab(files[GITLAB].content).state is CheckState.PASSED
    assert jenkins.check(files[JENKINSFILE].content).state is CheckState.PASSED
    assert shell.check(files[DEPLOY_SCRIPT].content).state is CheckState.PASSED
