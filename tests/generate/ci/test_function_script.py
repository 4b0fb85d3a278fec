"""The script that releases to Lambda is really run: by the AWS CLI, against MiniStack, in the stack of the generated template.

MiniStack runs the images in containers of the Docker Engine. What an image holds here stands in for the program with the Lambda Web
Adapter in front of it: it takes the invocation and answers as the adapter would.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from deploydeck.generate.ci import DEPLOY_SCRIPT
from tests.conftest import aws_cli, ministack
from tests.doubles.ministack import running
from tests.generate.ci.test_deploy_script import docker
from tests.generate.ci.test_pipelines import made_from
from tests.generate.ci.test_site_script import aws
from tests.generate.samples import flask_pip, write

pytestmark = [
    pytest.mark.engine,
    pytest.mark.cloud,
    pytest.mark.jq,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("engine"),
]

ADAPTER = """\
import http.server, json, os

VERSION = os.environ["VERSION"]

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert event["version"] == "2.0" and event["requestContext"]["http"]["method"] == "GET", event
        if VERSION == "crash":
            os._exit(3)
        said = {"version": VERSION, "path": event["rawPath"], "query": event["rawQueryString"], "mode": os.environ.get("MODE"),
                "key": os.environ.get("SECRET_KEY"), "port": os.environ["AWS_LWA_PORT"]}
        code = 500 if VERSION == "sick" or event["rawPath"] != os.environ["AWS_LWA_READINESS_CHECK_PATH"].split("?")[0] else 200
        said = json.dumps(said)
        answer = json.dumps({"statusCode": code, "headers": {"content-type": "application/json"}, "body": said}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
KEY = 'it\'s a "secret" $(touch pwned)\nof two lines'
ENVIRONMENTS = {"staging": {"variables": {"MODE": "s"}}, "production": {"variables": {"MODE": "$HOME 'x'"}}}
OVER = {
    "generate": {"ci": ["github"], "infrastructure": ["cloudformation"]},
    "cloud": {"provider": "aws", "compute": "lambda"},
    "app": {"health_path": "/healthz?full=1"},
    "health": {"deadline_s": 4},
    "environments": ENVIRONMENTS,
}
# The images are here already and in no registry: the pull, login and push of this docker say so, everything else is the real one.
DOCKER = '#!/bin/sh\ncase "$1" in pull | push) exit 0 ;; login) cat > /dev/null; exit 0 ;; esac\nexec "{real}" "$@"\n'
# The address of MiniStack's API stands in the name of the host, which no name server here knows.
CURL = """#!/bin/sh
test -z "${UNREACHABLE:-}" || exit 7
for word; do address=$word; done
host=${address#*://}
host=${host%%/*}
exec "{real}" --connect-to "$host:127.0.0.1:${host##*:}" "$@"
"""


@pytest.fixture
def images(tmp_path: Path) -> Iterator[str]:
    """Images NAME:good, NAME:better, NAME:sick, NAME:crash."""
    name = f"deploydeck-test-{secrets.token_hex(4)}"
    write(tmp_path / "image", {"adapter.py": ADAPTER})
    for version in ("good", "better", "sick", "crash"):
        dockerfile = f'FROM python:3.13-slim\nENV VERSION={version}\nCOPY adapter.py /\nCMD ["python", "/adapter.py"]\n'
        write(tmp_path / "image", {"Dockerfile": dockerfile})
        docker("build", "--quiet", "--tag", f"{name}:{version}", str(tmp_path / "image"))
    yield name
    tags = subprocess.run(
        ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], capture_output=True, text=True, check=False
    ).stdout.split()
    ours = [tag for tag in tags if tag.startswith(f"{name}:") or "amazonaws.com/flask-pip-production:" in tag]
    subprocess.run(["docker", "rmi", "--force", *ours], capture_output=True, check=False)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[dict[str, str]]:
    program, client, place = ministack(), aws_cli(), tmp_path / "cloud"
    assert program is not None and client is not None
    write(
        tmp_path,
        {
            "cloud/empty": "",
            "programs/docker": DOCKER.replace("{real}", str(shutil.which("docker"))),
            "programs/curl": CURL.replace("{real}", str(shutil.which("curl"))),
        },
    )
    for file in (tmp_path / "programs").iterdir():
        file.chmod(stat.S_IRWXU)
    with running(program, place, engine=True) as environment:
        yield {**environment, "PATH": f"{tmp_path / 'programs'}:{Path(client).parent}:{environment['PATH']}", "AWS_PAGER": ""}


def test_a_version_is_tried_goes_live_and_goes_back(tmp_path: Path, cloud: dict[str, str], images: str) -> None:
    made = {path: file.content for path, file in made_from(flask_pip(tmp_path / "project"), OVER).items()}
    write(tmp_path, made)
    values = json.loads((tmp_path / "infra/cloudformation/parameters/production.json").read_text())["Parameters"]
    name = values["Name"]

    def apply(tag: str) -> None:
        stack = ("--stack-name", name, "--template-file", str(tmp_path / "infra/cloudformation/template.yaml"))
        given = (f"{key}={value}" for key, value in {**values, "ImageTag": tag}.items())
        aws(cloud, "cloudformation", "deploy", *stack, "--parameter-overrides", *given, "--capabilities", "CAPABILITY_IAM")

    def deploy(version: str, **over: str) -> subprocess.CompletedProcess[str]:
        environment = {**cloud, "IMAGE": f"{images}:{version}", "TAG": version, "NAME": name, "TMPDIR": str(tmp_path), **over}
        return subprocess.run(
            ["sh", str(tmp_path / DEPLOY_SCRIPT)], cwd=tmp_path, env=environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def live() -> str:
        return aws(cloud, "lambda", "get-alias", "--function-name", name, "--name", "live", "--query", "FunctionVersion").strip(
            ' "\n'
        )

    def answer() -> Mapping[str, str]:
        (api,) = json.loads(aws(cloud, "apigatewayv2", "get-apis", "--output", "json"))["Items"]
        done = subprocess.run(
            ["curl", "--silent", f"{api['ApiEndpoint']}/healthz?full=1"], env=cloud, capture_output=True, text=True, check=False
        )
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    missing = deploy("good", TAG="")
    assert missing.returncode != 0
    assert "TAG" in missing.stderr
    apply("")
    early = deploy("good")
    assert early.returncode == 1
    assert "There is no function yet: apply the infrastructure with the image tag good" in early.stderr

    apply("good")
    hollow = deploy("good")
    assert hollow.returncode == 1
    assert f"{name}/SECRET_KEY has no text for a value" in hollow.stderr
    assert live() == "1"

    (tmp_path / "key").write_text(KEY)
    aws(
        cloud,
        "secretsmanager",
        "put-secret-value",
        "--secret-id",
        f"{name}/SECRET_KEY",
        "--secret-string",
        f"file://{tmp_path / 'key'}",
    )
    done = deploy("good")
    assert done.returncode == 0, done.stdout + done.stderr
    first = live()
    wanted = {"version": "good", "path": "/healthz", "query": "full=1", "mode": "$HOME 'x'", "key": KEY, "port": "8000"}
    assert answer() == wanted
    draft = aws(cloud, "lambda", "get-function-configuration", "--function-name", name, "--output", "json")
    assert "SECRET_KEY" not in draft, "the function itself keeps no secret"
    assert "MODE" in draft

    done = deploy("better")
    assert done.returncode == 0, done.stdout + done.stderr
    second = live()
    assert int(second) > int(first)
    assert answer()["version"] == "better"

    apply("better")  # a stack that is told the new tag changes nothing that people reach
    assert live() == second

    for bad in ("sick", "crash"):
        broken = deploy(bad)
        assert broken.returncode == 1, broken.stdout + broken.stderr
        assert re.search(rf"does not answer .*People still reach version {second}\.", broken.stderr), broken.stderr
        assert live() == second
        assert answer()["version"] == "better"

    unreachable = deploy("good", UNREACHABLE="yes")
    assert unreachable.returncode == 1
    assert f"people reach version {second} again" in unreachable.stderr
    assert live() == second
    for said in (missing, early, hollow, done, broken, unreachable):
        assert 'a "secret"' not in said.stdout + said.stderr
    assert not list(tmp_path.glob("pwned*"))
    assert not list(tmp_path.glob("tmp.*"))
