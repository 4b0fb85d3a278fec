"""`terraform fmt` and `terraform validate` over a directory of .tf files.

Validation needs the providers. Where they come from, the person's own Terraform configuration says (TF_CLI_CONFIG_FILE,
~/.terraformrc); without one, only TF_PLUGIN_CACHE_DIR is looked at and the network is not asked. Without providers validation is
"not checked", and the form is still checked.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.base import Scope
from deploydeck.generate.checkers.tools import find_tool, tool_identity, unavailable, verdict

FMT = "terraform-fmt"
VALIDATE = "terraform-validate"
PROGRAM = "terraform"
TIMEOUT_S = 120.0
_ABSENT = "terraform is not installed; see developer.hashicorp.com/terraform/install."


def fmt_groups(paths: tuple[str, ...], _scope: Scope) -> tuple[tuple[str, ...], ...]:
    """Each file alone: one that cannot be read must not hide the others."""
    return tuple((path,) for path in paths if path.endswith((".tf", ".tfvars")))


def validate_groups(paths: tuple[str, ...], _scope: Scope) -> tuple[tuple[str, ...], ...]:
    """The .tf files of one directory together: they are one module."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        if path.endswith(".tf"):
            folders.setdefault(path.rpartition("/")[0], []).append(path)
    return tuple(tuple(found) for found in folders.values())


def validate_identity() -> str:
    """The program and where it finds providers: another mirror may know another answer."""
    program = tool_identity(PROGRAM)
    return f"{program}|{_configuration()}|{os.environ.get('TF_PLUGIN_CACHE_DIR', '')}" if program else ""


def check_fmt(files: Mapping[str, str]) -> Mapping[str, CheckVerdict]:
    """Whether each file is as `terraform fmt` would write it. A syntax error is blocking, another form is not."""
    program = find_tool(PROGRAM)
    if program is None:
        return {path: unavailable(FMT, _ABSENT) for path in files}
    return {path: _fmt(program, path, content) for path, content in files.items()}


def _fmt(program: str, path: str, content: str) -> CheckVerdict:
    with tempfile.TemporaryDirectory(prefix="deploydeck-terraform-") as place:
        name = "file.tfvars" if path.endswith(".tfvars") else "file.tf"
        Path(place, name).write_bytes(content.encode("utf-8", "replace"))
        ran = _run(program, place, "fmt", "-no-color", "-list=false", name)
        if isinstance(ran, str):
            return unavailable(FMT, ran)
        if ran.returncode != 0:
            return verdict(FMT, [_syntax(ran.stderr)])
        written = Path(place, name).read_text(encoding="utf-8", errors="replace")
    before, after = content.split("\n"), written.split("\n")
    pairs = zip(before, [*after, *[""] * len(before)], strict=False)
    line = next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 0)
    if not line and len(before) == len(after):
        return verdict(FMT, [])
    message = "It is not in the form that `terraform fmt` gives it."
    return verdict(FMT, [CheckFinding(line=line or len(before), rule="fmt", message=message, blocking=False)])


def _syntax(said: str) -> CheckFinding:
    words = [word.strip() for word in said.replace("│", "").replace("╷", "").replace("╵", "").splitlines() if word.strip()]
    at = next((word for word in words if " line " in word), "")
    number = at.rpartition(" line ")[2].split(",")[0].split(":")[0].strip()
    message = next((word for word in words if word.startswith("Error:")), "Error: it cannot be read.")
    return CheckFinding(line=int(number) if number.isdigit() else 1, rule="syntax", message=message[:500], blocking=True)


def check_validate(files: Mapping[str, str]) -> Mapping[str, CheckVerdict]:
    """What `terraform validate` says of a module. Errors are blocking."""
    program = find_tool(PROGRAM)
    if program is None:
        return {path: unavailable(VALIDATE, _ABSENT) for path in files}
    with tempfile.TemporaryDirectory(prefix="deploydeck-terraform-") as place:
        for path, content in files.items():
            Path(place, path.rsplit("/", 1)[-1]).write_bytes(content.encode("utf-8", "replace"))
        begun = _run(program, place, "init", "-backend=false", "-input=false", "-no-color", "-get=false")
        if isinstance(begun, str):
            return {path: unavailable(VALIDATE, begun) for path in files}
        ran = _run(program, place, "validate", "-json", "-no-color")
    if isinstance(ran, str):
        return {path: unavailable(VALIDATE, ran) for path in files}
    try:
        found = _findings(json.loads(ran.stdout))
    except (ValueError, KeyError, TypeError):
        return {
            path: unavailable(VALIDATE, f"terraform answered something else than JSON (exit {ran.returncode}).") for path in files
        }
    first = next(iter(files))
    by_path: dict[str, list[CheckFinding]] = {path: [] for path in files}
    names = {path.rsplit("/", 1)[-1]: path for path in files}
    for name, finding in found:
        by_path[names.get(name, first)].append(finding)
    if begun.returncode != 0 and _no_provider(begun.stderr + begun.stdout):
        # Without the provider's schema only its absence is said; nothing else was looked at.
        reason = "the providers are not on this machine; `terraform init` there, with a plugin cache or mirror, brings them."
        return {path: unavailable(VALIDATE, reason) for path in files}
    return {path: verdict(VALIDATE, findings) for path, findings in by_path.items()}


def _findings(answer: Mapping[str, object]) -> list[tuple[str, CheckFinding]]:
    found = []
    diagnostics = answer["diagnostics"]
    if not isinstance(diagnostics, list):
        raise TypeError
    for one in diagnostics:
        at = one.get("range") or {}
        message = ": ".join(part for part in (str(one["summary"]), str(one.get("detail") or "")) if part)
        line = int(at.get("start", {}).get("line", 1))
        blocking = one["severity"] == "error"
        found.append(
            (str(at.get("filename", "")), CheckFinding(line=line, rule="validate", message=message[:500], blocking=blocking))
        )
    return found


def _no_provider(said: str) -> bool:
    return any(word in " ".join(said.split()) for word in ("Failed to query available provider", "Failed to install provider"))


def _configuration() -> str:
    """The person's own Terraform configuration, where there is one."""
    named = os.environ.get("TF_CLI_CONFIG_FILE", "")
    usual = Path(os.environ.get("HOME", ""), ".terraformrc")
    return next((str(path) for path in (Path(named) if named else usual, usual) if str(path) and path.is_file()), "")


def _run(program: str, place: str, *arguments: str) -> subprocess.CompletedProcess[str] | str:
    """Run terraform there with nothing of this machine but its providers; or say why it could not."""
    home = Path(place, ".home")
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    configuration = _configuration()
    if configuration:
        environment["TF_CLI_CONFIG_FILE"] = configuration
    elif os.environ.get("TF_PLUGIN_CACHE_DIR"):
        environment["TF_CLI_CONFIG_FILE"] = _only_local(home, os.environ["TF_PLUGIN_CACHE_DIR"])
    else:
        environment["TF_CLI_CONFIG_FILE"] = _only_local(home, "")
    try:
        return subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            cwd=place,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"terraform did not answer within {TIMEOUT_S:.0f} s."
    except OSError as error:
        return f"terraform could not be started: {error.strerror or error}."


def _only_local(home: Path, cache: str) -> str:
    """A configuration that never asks the network: a check must not download."""
    directory = cache or str(home / "no-providers")
    if not cache:
        Path(directory).mkdir(exist_ok=True)
    written = home / "terraformrc"
    written.write_text(
        f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(directory)}\n  }}\n}}\n", encoding="utf-8"
    )
    return str(written)
