"""Checks of the small files: deploydeck.toml against the settings, .dockerignore, .env.example, nginx.conf by structure."""

from __future__ import annotations

import re
import tomllib

from deploydeck.domain import CheckFinding, CheckState, CheckVerdict, DeployDeckError
from deploydeck.generate.policies.model import names_secret
from deploydeck.settings import PROJECT_FILE, validate_content

_ENV_LINE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=(.*)")


def _verdict(checker: str, findings: list[CheckFinding]) -> CheckVerdict:
    return CheckVerdict(checker=checker, state=CheckState.FINDINGS if findings else CheckState.PASSED, findings=tuple(findings))


def check_project_file(content: str) -> CheckVerdict:
    """TOML, and the schema of the settings a project may set."""
    findings = []
    try:
        validate_content(tomllib.loads(content), PROJECT_FILE, "project")
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        findings.append(CheckFinding(line=int(at[1]) if at else 1, rule="toml-syntax", message=str(error), blocking=True))
    except DeployDeckError as error:
        findings.append(CheckFinding(line=1, rule=error.code, message=str(error), blocking=True))
    return _verdict("settings", findings)


def check_dockerignore(content: str) -> CheckVerdict:
    """That secrets stay out, and that nothing brings them back."""
    patterns = [(n, line.strip()) for n, line in enumerate(content.splitlines(), 1) if line.strip() and not line.startswith("#")]
    findings = []
    covered = {pattern.removeprefix("**/").strip("/") for _, pattern in patterns}
    if not covered & {".env", ".env*", "*", "**", ".*"}:
        message = "Nothing keeps .env out of the image."
        findings.append(CheckFinding(line=1, rule="env-file-in-context", message=message, blocking=True))
    for number, pattern in patterns:
        if re.fullmatch(r"!(?:\*\*/)?/?\.env(?:\.(?!example|sample|template).*)?", pattern):
            message = f"{pattern} brings a file with secret values back into the image."
            findings.append(CheckFinding(line=number, rule="env-file-in-context", message=message, blocking=True))
    return _verdict("dockerignore", findings)


def check_env_example(content: str) -> CheckVerdict:
    """One NAME=VALUE a line, and no value where the name says secret."""
    findings = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _ENV_LINE.fullmatch(line)
        if match is None:
            findings.append(CheckFinding(line=number, rule="env-syntax", message="This is not NAME=VALUE.", blocking=True))
        elif match[1] and names_secret(line.split("=", 1)[0]):
            message = "The name says secret, so no value may stand here."
            findings.append(CheckFinding(line=number, rule="secret-value", message=message, blocking=True))
    return _verdict("env", findings)


def check_nginx(content: str) -> CheckVerdict:
    """Structure only: blocks balance and statements end. The proof is the running server."""
    findings = []
    depth = 0
    for number, raw in enumerate(content.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.endswith("{"):
            depth += 1
        elif line == "}":
            depth -= 1
        elif not line.endswith(";"):
            findings.append(CheckFinding(line=number, rule="nginx-syntax", message="A statement must end with ;", blocking=True))
        if depth < 0:
            findings.append(CheckFinding(line=number, rule="nginx-syntax", message="A } without its {.", blocking=True))
            depth = 0
    if depth:
        findings.append(CheckFinding(line=1, rule="nginx-syntax", message="A block is not closed.", blocking=True))
    return _verdict("nginx", findings)
