"""check-jsonschema: the published schemas of YAML formats, as the package brings them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.tools import find_tool, run_tool, unavailable, verdict

NAME = "check-jsonschema"
ABSENT = "check-jsonschema is not installed; `pip install check-jsonschema` brings it."
_FILE = "checked.yml"
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[['\"](.*?)['\"]\]")
_UNEXPECTED = re.compile(r"\('([^']{1,200})' was unexpected\)")


def _checker(schema: str, *options: str) -> Callable[[str], CheckVerdict]:
    def check(content: str) -> CheckVerdict:
        program = find_tool(NAME)
        if program is None:
            return unavailable(NAME, ABSENT)
        argv: Sequence[str] = [program, "--builtin-schema", schema, "--output-format", "json", *options, _FILE]
        ran = run_tool(argv, files={_FILE: content})
        if ran.problem:
            return unavailable(NAME, ran.problem)
        try:
            return verdict(NAME, _findings(json.loads(ran.out), content))
        except (ValueError, KeyError, TypeError):
            return unavailable(NAME, f"check-jsonschema answered something else than JSON (exit {ran.code}): {ran.said}")

    return check


check_workflow = _checker("vendor.github-workflows")
check_gitlab = _checker("vendor.gitlab-ci", "--data-transform", "gitlab-ci")
check_compose = _checker("vendor.compose-spec")


def _findings(answer: dict[str, Any], content: str) -> list[CheckFinding]:
    found = []
    for error in answer["errors"]:
        best = error.get("best_deep_match") or error
        path, message = str(best["path"]), str(best["message"])
        unexpected = _UNEXPECTED.search(message)
        where = f"{path}['{unexpected[1]}']" if unexpected else path
        if len(message) > 300:
            message = message[:297] + "..."
        found.append(CheckFinding(line=line_of(content, where), rule="schema", message=f"{path}: {message}", blocking=True))
    if answer.get("parse_errors"):
        found.append(_unreadable(content))
    return sorted(found, key=lambda finding: finding.line)


def _unreadable(content: str) -> CheckFinding:
    line, said = 1, "The file cannot be parsed."
    try:
        yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, said = (mark.line + 1 if mark else 1), error.problem or said
    except yaml.YAMLError as error:
        said = str(error)
    return CheckFinding(line=line, rule="yaml-syntax", message=said[:300], blocking=True)


def line_of(content: str, path: str) -> int:
    """The line where a path like `$.jobs.test.steps[0]` stands; of its deepest part that is there. 1 for YAML that is none."""
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return 1
    line = 1
    for name, index, quoted in _STEP.findall(path):
        if isinstance(node, yaml.MappingNode):
            key = name or quoted or index
            pair = next(((k, v) for k, v in node.value if isinstance(k, yaml.ScalarNode) and k.value == key), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line + 1
        else:
            break
    return line
