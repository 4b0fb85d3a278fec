"""The script that puts a site into S3 is really run: by the AWS CLI, against MiniStack, in the stack of the generated template.

MiniStack gives out nothing as CloudFront does. The `curl` of these tests asks the bucket for what CloudFront would have.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from deploydeck.generate.ci import DEPLOY_SCRIPT
from deploydeck.generate.stacks import site
from tests.conftest import aws_cli, ministack
from tests.doubles.ministack import running
from tests.generate.ci.test_pipelines import made_from
from tests.generate.samples import vite_npm, write

CURL = """#!/bin/sh
while [ "$1" != --output ]; do shift; done
test -z "${STALE:-}" || exec cp "$STALE" "$2"
exec aws s3 cp --quiet "s3://$BUCKET/index.html" "$2"
"""
Deploy = Callable[..., subprocess.CompletedProcess[str]]


def aws(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(["aws", *arguments], env={**environment}, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"aws {' '.join(arguments)}: {done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[dict[str, str]]:
    program, client, place = ministack(), aws_cli(), tmp_path / "cloud"
    assert program is not None and client is not None
    write(tmp_path, {"programs/curl": CURL, "cloud/empty": ""})
    (tmp_path / "programs" / "curl").chmod(stat.S_IRWXU)
    with running(program, place) as environment:
        yield {**environment, "PATH": f"{tmp_path / 'programs'}:{Path(client).parent}:{environment['PATH']}", "AWS_PAGER": ""}


@pytest.fixture
def deploy(tmp_path: Path, cloud: dict[str, str]) -> Deploy:
    """A function that puts these files live; the infrastructure is that of the generated template."""
    over = {
        "generate": {"ci": ["github"], "infrastructure": ["cloudformation"]},
        "cloud": {"provider": "aws"},
        "health": {"deadline_s": 4},
    }
    made = {path: file.content for path, file in made_from(vite_npm(tmp_path / "project"), over).items()}
    write(tmp_path, made)
    values = json.loads((tmp_path / "infra/cloudformation/parameters/production.json").read_text())["Parameters"]
    name = values["Name"]
    stack = ("--stack-name", name, "--template-file", str(tmp_path / "infra/cloudformation/template.yaml"))
    aws(cloud, "cloudformation", "deploy", *stack, "--parameter-overrides", *(f"{key}={value}" for key, value in values.items()))
    buckets = json.loads(aws(cloud, "s3api", "list-buckets", "--output", "json"))["Buckets"]
    (cloud["BUCKET"],) = [bucket["Name"] for bucket in buckets]
    assert cloud["BUCKET"].startswith(f"{name}-site-")

    def run(files: Mapping[str, str], link: str = "", **over: str) -> subprocess.CompletedProcess[str]:
        place = tmp_path / "site"
        shutil.rmtree(place, ignore_errors=True)
        write(place, dict(files))
        if link:
            (place / link).symlink_to("/etc/hostname")
        for path in place.rglob("*"):
            os.utime(path, (0, 0), follow_symlinks=False)  # as in an image that was built long ago
        environment = {**cloud, "SITE": str(place), "NAME": name, **over}
        return subprocess.run(
            ["sh", str(tmp_path / DEPLOY_SCRIPT)], env=environment, capture_output=True, text=True, timeout=240, check=False
        )

    return run


_READ = """
import boto3, json, sys
cloud, bucket = boto3.client("s3"), sys.argv[1]
keys = [one["Key"] for one in cloud.list_objects_v2(Bucket=bucket).get("Contents", [])]
found = {key: cloud.get_object(Bucket=bucket, Key=key) for key in keys}
print(json.dumps({key: [one["CacheControl"], one["Body"].read().decode()] for key, one in found.items()}))
"""


def stored(cloud: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What is in the bucket: path to its cache rule and content."""
    program = Path(ministack() or "").resolve().parent / "python"  # it has the SDK, and asks all in one go
    done = subprocess.run(
        [str(program), "-c", _READ, cloud["BUCKET"]], env={**cloud}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {path: (rule, content) for path, (rule, content) in json.loads(done.stdout).items()}


@pytest.mark.cloud
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_site_goes_live_changes_and_loses_what_is_old(tmp_path: Path, cloud: dict[str, str], deploy: Deploy) -> None:
    good, asked = "public, max-age=31536000, immutable", "no-cache"
    first = {
        "index.html": "<p>one</p>",
        "about/it's $(id) \u00fc.html": "<p>about</p>",
        "logo.svg": "<svg>1</svg>",
        "assets/index-Ab12Cd34.js": "one()",
        "assets/plain-background.png": "p",
        ".well-known/security.txt": "s",
        ".env": "SECRET=1",
        "assets/.hidden/a.js": "h",
    }
    done = deploy(first)
    assert done.returncode == 0, done.stdout + done.stderr
    assert stored(cloud) == {
        path: (good if "Ab12" in path else asked, content)
        for path, content in first.items()
        if path not in (".env", "assets/.hidden/a.js")
    }
    page = json.loads(aws(cloud, "s3api", "head-object", "--bucket", cloud["BUCKET"], "--key", "index.html", "--output", "json"))
    assert page["ContentType"] == "text/html; charset=utf-8"
    (distribution,) = json.loads(aws(cloud, "cloudfront", "list-distributions", "--output", "json"))["DistributionList"]["Items"]
    told = ("cloudfront", "list-invalidations", "--distribution-id", distribution["Id"], "--output", "json")
    assert len(json.loads(aws(cloud, *told))["InvalidationList"]["Items"]) == 1

    second = {"index.html": "<p>two</p>", "logo.svg": "<svg>2</svg>", "assets/index-Xy98Zw76.js": "two()"}
    (tmp_path / "stale").write_text(first["index.html"])
    broken = deploy(second, STALE=str(tmp_path / "stale"))
    assert broken.returncode == 1
    assert "does not give the new page" in broken.stderr
    assert "delete:" not in broken.stdout
    assert set(stored(cloud)) >= {*second, "assets/index-Ab12Cd34.js"}, "what pages in use load must stay"

    done = deploy(second)
    assert done.returncode == 0, done.stdout + done.stderr
    # The logo has the same size as the one before and an older date, and is the new one all the same.
    assert stored(cloud) == {path: (good if "Xy98" in path else asked, content) for path, content in second.items()}
    said = [line.split()[0] + line[line.rindex("/") :] for line in done.stdout.splitlines() if re.match("upload:|delete:", line)]
    assert said.index("upload:/logo.svg") < said.index("upload:/index.html") < said.index("delete:/index-Ab12Cd34.js")

    done = deploy(first)  # going back
    assert done.returncode == 0, done.stdout + done.stderr
    assert stored(cloud)["index.html"][1] == "<p>one</p>"

    before = stored(cloud)
    for refused, why in (
        (deploy({"logo.svg": "x"}), "no index.html"),
        (deploy(second, link="hosts.html"), "hosts.html"),
        (deploy({**second, "a\\b.js": "x"}), "a\\b.js"),
        (deploy({**second, "a\nb.js": "x"}), "b.js"),
        (deploy(second, NAME="other-production"), "no distribution other-production"),
        (deploy(second, SITE=""), "SITE"),
    ):
        assert refused.returncode != 0
        assert why in refused.stderr
    assert stored(cloud) == before


@pytest.mark.parametrize("hashed", sorted(set(site._HASHED.values())))
def test_the_storage_keeps_for_good_what_the_server_does(tmp_path: Path, hashed: str) -> None:
    paths = [
        f"{folder}{name}"
        for folder in (
            "/", "/assets/", "/assets/deep/", "/_astro/", "/_next/static/", "/_nuxt/", "/_app/immutable/", "/_build/assets/",
            "/static/js/", "/css/",
        )
        for name in (
            "app.js", "index-Ab12Cd34.js", "index-abcdefgh.js", "index.Ab12Cd34.js", "main.0123abcd.js", "main-0123ABCD.css",
            "a-0123456789abcdef0123.js", "main.0123456789abcdef.js", "plain-background.png", "x.Logo-background.png", "a-B.tar.gz",
            "index-_bcdefgh.css", "index-Ab12Cd34.js.map", "Ab12Cd34.js", "a b-Ab12Cd34.js", "\u00fc-Ab12Cd34.js", "index-Ab1.js",
        )
    ]  # fmt: skip
    left = paths
    for expression in site.Served("", hashed, (), "").extended:
        done = subprocess.run(
            ["sed", "-E", "-n", f"\\#{expression}#p"],
            input="\n".join(left) + "\n",
            env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        left = done.stdout.splitlines()
    assert left == [path for path in paths if re.search(hashed, path, re.ASCII)]
    assert left, "no path shows what the expression is for"
