"""A double of the AWS CLI for what MiniStack has not or does at once: instance refreshes, images of a registry, versions that go.

`python refreshes.py REAL WORD…`, with an interpreter that has botocore: requests are checked against the published shapes. What it
does not know goes to the program REAL. REFRESHES names a JSON file:

    outcomes    statuses that the next refresh passes through, one a look; the last one stays
    refreshes   those there were, newest first, as DescribeInstanceRefreshes shows them
    asked       requests for a refresh; rolled_back: how many were told to go back
    used        version of the launch template that the group has since a refresh; "" before
    images      tags in the registry
    gone        versions of launch templates that were deleted
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session  # type: ignore[import-not-found,import-untyped,unused-ignore]
import jmespath  # type: ignore[import-not-found,import-untyped,unused-ignore]
from botocore.validate import validate_parameters  # type: ignore[import-not-found,import-untyped,unused-ignore]

ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
WHY = "Instance refresh failed: new machines did not become healthy."


class Refused(Exception):
    """What the CLI answers with an error."""


def options(words: list[str], *flags: str) -> dict[str, str]:
    found, at = {}, 0
    while at < len(words):
        if words[at] in flags:
            found[words[at]], at = "", at + 1
        else:
            found[words[at]], at = words[at + 1], at + 2
    return found


def real(*words: str) -> Any:
    done = subprocess.run([sys.argv[1], *words, "--output", "json"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else {}


def checked(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """The request, when it is of the shape that AWS publishes."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    report = validate_parameters(request, shape)
    if report is not None:
        raise Refused(str(report))
    return request


def printed(answer: dict[str, Any], given: dict[str, str]) -> str:
    """An answer as `--query … --output text` prints it."""
    found = jmespath.search(given["--query"], answer)
    rows = found if isinstance(found, list) and (not found or isinstance(found[0], list)) else [found]
    lines = (row if isinstance(row, list) else [row] for row in rows)
    return "".join("\t".join("None" if one is None else str(one) for one in line) + "\n" for line in lines)


def groups(world: dict[str, Any], _given: dict[str, str]) -> dict[str, Any]:
    """Groups of MiniStack, which does not take another version of a launch template."""
    found: dict[str, Any] = real("autoscaling", "describe-auto-scaling-groups")
    for group in found["AutoScalingGroups"]:
        group["LaunchTemplate"]["Version"] = world["used"] or group["LaunchTemplate"]["Version"]
    return found


def start(world: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    request = checked(
        "autoscaling", "StartInstanceRefresh", json.loads(Path(given["--cli-input-json"].removeprefix("file://")).read_text())
    )
    if any(one["Status"] in ACTIVE for one in world["refreshes"]):
        raise Refused("InstanceRefreshInProgress")
    wanted = request["DesiredConfiguration"]["LaunchTemplate"]
    told = ("--launch-template-id", wanted["LaunchTemplateId"], "--versions", wanted["Version"])
    versions = real("ec2", "describe-launch-template-versions", *told)
    (version,) = versions["LaunchTemplateVersions"]
    numbered = wanted["Version"].isdigit() and version["LaunchTemplateData"]["ImageId"].startswith("ami-")
    if request["Preferences"].get("AutoRollback") and not numbered:
        raise Refused("ValidationError: a rollback needs a numbered version and an AMI, not a parameter of Systems Manager")
    world["asked"].append(request)
    world["refreshes"].insert(0, {"InstanceRefreshId": f"r-{len(world['asked'])}", "Status": "Pending", "wanted": wanted})
    return {"InstanceRefreshId": world["refreshes"][0]["InstanceRefreshId"]}


def describe(world: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    if world["refreshes"] and world["refreshes"][0]["Status"] in ACTIVE and world["outcomes"]:
        _goes_on(world, world["outcomes"].pop(0))
    wanted = given.get("--instance-refresh-ids")
    shown = [one for one in world["refreshes"] if wanted in (None, one["InstanceRefreshId"])]
    return {"InstanceRefreshes": shown}


def _goes_on(world: dict[str, Any], status: str) -> None:
    one = world["refreshes"][0]
    one["Status"] = status
    if status == "Successful":  # only now is it what the group is made from
        world["used"] = one["wanted"]["Version"]
    if status in ("Failed", "RollbackSuccessful", "RollbackFailed"):
        one |= {"StatusReason": WHY, "RollbackDetails": {"RollbackReason": "It was asked for"}}


def roll_back(world: dict[str, Any], _given: dict[str, str]) -> dict[str, Any]:
    if world["refreshes"][0]["Status"] not in ("Pending", "InProgress", "Baking"):
        raise Refused("ActiveInstanceRefreshNotFound")
    world["rolled_back"] += 1
    world["outcomes"] = ["RollbackInProgress", "RollbackSuccessful"]
    return {}


def activities(_world: dict[str, Any], _given: dict[str, str]) -> dict[str, Any]:
    what = "Launching a new EC2 instance: i-0123"
    return {"Activities": [{"StatusCode": "Failed", "Description": what, "StatusMessage": "ELB says that it is unhealthy"}]}


def delete(world: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    world["gone"].append(given["--versions"])
    return {"SuccessfullyDeletedLaunchTemplateVersions": [{"VersionNumber": int(given["--versions"])}]}


def images(world: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    tag = given["--image-ids"].removeprefix("imageTag=")
    if tag not in world["images"]:
        raise Refused("ImageNotFoundException")
    return {"imageDetails": [{"imageTags": [tag]}]}


ANSWERS = {
    ("autoscaling", "describe-auto-scaling-groups"): groups,
    ("autoscaling", "start-instance-refresh"): start,
    ("autoscaling", "describe-instance-refreshes"): describe,
    ("autoscaling", "rollback-instance-refresh"): roll_back,
    ("autoscaling", "describe-scaling-activities"): activities,
    ("ec2", "delete-launch-template-versions"): delete,
    ("ecr", "describe-images"): images,
}


def main() -> int:
    words, path = sys.argv[2:], Path(os.environ["REFRESHES"])
    answer = ANSWERS.get((words[0], words[1]))
    if answer is None:
        os.execv(sys.argv[1], [sys.argv[1], *words])
    world, given = json.loads(path.read_text()), options(words[2:], "--no-paginate")
    try:
        found = answer(world, given)
    except Refused as error:
        print(f"An error occurred: {error}", file=sys.stderr)
        return 254
    path.write_text(json.dumps(world))
    print(printed(found, given) if "--query" in given else json.dumps(found), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
