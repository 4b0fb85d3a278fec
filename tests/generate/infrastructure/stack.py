"""Deploys one CloudFormation template by a change set, asks for what came of it, and deletes it.

Run with an interpreter that has boto3: `python stack.py TEMPLATE PARAMETERS` prints JSON: status, changes, failed, outputs,
secrets, left (the state of the stack when it is still there).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-not-found,import-untyped,unused-ignore]

DEADLINE_S = 120


def main(template: str, parameters: str) -> dict[str, object]:
    cloud, secrets = boto3.client("cloudformation"), boto3.client("secretsmanager")
    name = "deploydeck-test"
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in json.loads(parameters).items()]
    cloud.create_change_set(
        StackName=name,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=template,
        Parameters=given,
        Capabilities=["CAPABILITY_IAM"],
    )
    planned = until(lambda: cloud.describe_change_set(StackName=name, ChangeSetName="first"), "Status", "CREATE_COMPLETE")
    cloud.execute_change_set(StackName=name, ChangeSetName="first")
    stack = until(lambda: cloud.describe_stacks(StackName=name)["Stacks"][0], "StackStatus", "CREATE_COMPLETE")
    events = cloud.describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason')}" for one in events if "FAILED" in one["ResourceStatus"]
    ]
    values: dict[str, str | None] = {}
    for one in secrets.list_secrets()["SecretList"]:
        try:
            values[one["Name"]] = secrets.get_secret_value(SecretId=one["Name"])["SecretString"]
        except secrets.exceptions.ResourceNotFoundException:
            values[one["Name"]] = None  # made empty, to be filled
    cloud.delete_stack(StackName=name)
    left = until_gone(cloud, name)
    return {
        "status": stack["StackStatus"],
        "changes": len(planned["Changes"]),
        "failed": failed,
        "outputs": {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])},
        "secrets": values,
        "left": left,
    }


def until(ask: Callable[[], dict[str, Any]], key: str, wanted: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        answer = ask()
        if answer[key] == wanted or not answer[key].endswith(("IN_PROGRESS", "PENDING")) or time.monotonic() > deadline:
            return answer
        time.sleep(0.5)


def until_gone(cloud: Any, name: str) -> str:
    deadline, status = time.monotonic() + DEADLINE_S, ""
    while time.monotonic() < deadline:
        try:
            status = str(cloud.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        except cloud.exceptions.ClientError:
            return ""
        if status == "DELETE_COMPLETE":
            return ""
        time.sleep(0.5)
    return status


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]).read_text(), Path(sys.argv[2]).read_text())))
