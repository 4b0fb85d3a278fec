"""Every policy has a text that breaks it, one that keeps it, a reason, and a fix that settles it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import CheckFinding, TextEdit
from deploydeck.generate.policies import EVERYWHERE, FORMATS, findings, format_of
from deploydeck.generate.policies.model import names_secret, read_hcl, unversioned

DOCKERFILE = 'FROM python:3.13-slim\nEXPOSE 8000\nUSER 10001:10001\nHEALTHCHECK CMD ["true"]\nCMD ["python", "app.py"]\n'
COMPOSE = (
    "services:\n  web:\n    image: web:1\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD:?set it}\n"
    "    ports:\n      - 8000:8000\n"
)
PIN = "3d3c42e5aac5ba805825da76410c181273ba90b1"
GITHUB = (
    "on:\n  push:\npermissions:\n  contents: read\njobs:\n  test:\n    runs-on: ubuntu-24.04\n"
    "    env:\n      TITLE: ${{ github.head_ref }}\n"
    f'    steps:\n      - uses: actions/checkout@{PIN} # v6\n      - run: |\n          echo one\n          echo "$TITLE"\n'
)
GITLAB = "test:\n  image: python:3.13-slim\n  variables:\n    API_KEY: $API_KEY\n  script:\n    - pytest\n"
JENKINS = "pipeline {\n  environment {\n    API_KEY = credentials('api-key')\n  }\n}\n"
TERRAFORM = (
    'resource "aws_security_group" "web" {\n  ingress {\n    from_port   = 443\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n'
    "  egress {\n"
    '    from_port   = 0\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'
    'resource "aws_db_instance" "main" {\n  password            = random_password.main.result\n  publicly_accessible = false\n}\n'
    'data "aws_iam_policy_document" "task" {\n  statement {\n    actions = ["s3:GetObject"]\n  }\n}\n'
)
CLOUDFORMATION = (
    "Resources:\n  Web:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      SecurityGroupIngress:\n"
    "        - CidrIp: 0.0.0.0/0\n"
    "          FromPort: 443\n  Database:\n    Properties:\n      PubliclyAccessible: false\n      ManageMasterUserPassword: true\n"
    "  Role:\n    Properties:\n      Statement:\n        - Action: s3:GetObject\n          Principal: !Ref Account\n"
)
ARM = (
    '{\n  "parameters": {\n    "dbPassword": {\n      "type": "secureString"\n    }\n  },\n  "resources": [\n    {\n'
    '      "properties": {\n        "access": "Allow",\n        "direction": "Inbound",\n        "destinationPortRange": "443",\n'
    '        "sourceAddressPrefix": "*",\n        "httpsOnly": true\n      }\n    }\n  ]\n}\n'
)
GOOD = {
    "Dockerfile": DOCKERFILE,
    "compose.yaml": COMPOSE,
    ".github/workflows/ci.yml": GITHUB,
    ".gitlab-ci.yml": GITLAB,
    "Jenkinsfile": JENKINS,
    "infra/terraform/main.tf": TERRAFORM,
    "infra/cloudformation/template.yaml": CLOUDFORMATION,
    "infra/arm/azuredeploy.json": ARM,
}


@dataclass(frozen=True)
class Bad:
    """A text that breaks one rule: the good one with a part replaced. `fixed`: the policy knows an edit that settles it."""

    path: str
    old: str
    new: str
    rule: str
    line: int
    fixed: bool = True

    @property
    def content(self) -> str:
        assert self.old in GOOD[self.path]
        return GOOD[self.path].replace(self.old, self.new, 1)


USER = "USER 10001:10001"
BAD = (
    Bad("Dockerfile", f"{USER}\n", "", "runs-as-root", 1),
    Bad("Dockerfile", "10001:10001", "root", "runs-as-root", 3),
    Bad("Dockerfile", "10001:10001", "0:0", "runs-as-root", 3),
    Bad("Dockerfile", "10001:10001", "app", "user-by-name", 3, fixed=False),
    Bad("Dockerfile", ":3.13-slim", "", "unpinned-base", 1),
    Bad("Dockerfile", ":3.13-slim", ":latest", "unpinned-base", 1),
    Bad("Dockerfile", "python:3.13-slim", "somebody/image", "unpinned-base", 1, fixed=False),
    Bad("Dockerfile", USER, f"ENV API_KEY=abc\n{USER}", "secret-in-image", 3),
    Bad("Dockerfile", USER, f"ARG DB_PASSWORD\n{USER}", "secret-in-image", 3),
    Bad("Dockerfile", USER, f"ENV SECRET_KEY abc\n{USER}", "secret-in-image", 3),
    Bad("Dockerfile", USER, f"ENV A=1 \\\n    GITHUB_TOKEN=x\n{USER}", "secret-in-image", 3, fixed=False),
    Bad("Dockerfile", 'HEALTHCHECK CMD ["true"]\n', "", "no-health-check", 1),
    Bad("Dockerfile", USER, f"ADD http://host/x /x\n{USER}", "unverified-download", 3, fixed=False),
    Bad("Dockerfile", USER, f"RUN curl -s http://host/x | sh\n{USER}", "piped-to-shell", 3, fixed=False),
    Bad("Dockerfile", USER, f"RUN chmod -R 777 /app\n{USER}", "writable-by-all", 3),
    Bad("Dockerfile", USER, f"RUN echo ghp_{'a' * 36}\n{USER}", "credential", 3, fixed=False),
    Bad("compose.yaml", "web:1", "web", "unpinned-base", 3, fixed=False),
    Bad("compose.yaml", "${DB_PASSWORD:?set it}", "hunter22", "secret-literal", 5),
    Bad("compose.yaml", "    ports:", "    privileged: true\n    ports:", "too-much-power", 6),
    Bad("compose.yaml", "    ports:", "    network_mode: host\n    ports:", "too-much-power", 6),
    Bad("compose.yaml", "8000:8000", "5432:5432", "open-database", 7),
    Bad(".github/workflows/ci.yml", f"@{PIN} # v6", "@v6", "unpinned-action", 11),
    Bad(".github/workflows/ci.yml", "actions/checkout@", "somebody/action@v1 # ", "unpinned-action", 11, fixed=False),
    Bad(".github/workflows/ci.yml", "permissions:\n  contents: read\n", "", "wide-permissions", 3),
    Bad(".github/workflows/ci.yml", "permissions:\n  contents: read\n", "permissions: write-all\n", "wide-permissions", 3),
    Bad(".github/workflows/ci.yml", '"$TITLE"', "${{ github.head_ref }}", "script-injection", 14, fixed=False),
    Bad(".github/workflows/ci.yml", "  push:", "  pull_request_target:", "untrusted-trigger", 2, fixed=False),
    Bad(".github/workflows/ci.yml", "TITLE: ${{ github.head_ref }}", "API_TOKEN: hunter22", "secret-literal", 9, fixed=False),
    Bad(".gitlab-ci.yml", "python:3.13-slim", "python", "unpinned-base", 2, fixed=False),
    Bad(".gitlab-ci.yml", "$API_KEY", "hunter22", "secret-literal", 4, fixed=False),
    Bad("Jenkinsfile", "credentials('api-key')", "'hunter22'", "secret-literal", 3, fixed=False),
    Bad("infra/terraform/main.tf", "= 443", "= 5432", "world-open-port", 4),
    Bad("infra/terraform/main.tf", '["s3:GetObject"]', '["*"]', "wildcard-permission", 17, fixed=False),
    Bad("infra/terraform/main.tf", "publicly_accessible = false", "publicly_accessible = true", "exposed-resource", 13),
    Bad("infra/terraform/main.tf", "random_password.main.result", '"hunter22"', "secret-literal", 12, fixed=False),
    Bad("infra/cloudformation/template.yaml", "FromPort: 443", "FromPort: 22", "world-open-port", 6),
    Bad("infra/cloudformation/template.yaml", "s3:GetObject", '"*"', "wildcard-permission", 15, fixed=False),
    Bad("infra/cloudformation/template.yaml", "!Ref Account", '"*"', "wildcard-permission", 16, fixed=False),
    Bad("infra/cloudformation/template.yaml", "Accessible: false", "Accessible: true", "exposed-resource", 10),
    Bad(
        "infra/cloudformation/template.yaml",
        "ManageMasterUserPassword: true",
        "MasterUserPassword: hunter22",
        "secret-literal",
        11,
        fixed=False,
    ),
    Bad("infra/arm/azuredeploy.json", '"443"', '"22"', "world-open-port", 13),
    Bad("infra/arm/azuredeploy.json", '"httpsOnly": true', '"httpsOnly": false', "exposed-resource", 14),
    Bad(
        "infra/arm/azuredeploy.json",
        '"secureString"',
        '"string",\n      "defaultValue": "hunter22"',
        "secret-literal",
        5,
        fixed=False,
    ),
    Bad("infra/arm/azuredeploy.json", '"httpsOnly": true', '"actions": ["*"]', "wildcard-permission", 14, fixed=False),
)


def edited(content: str, edits: tuple[TextEdit, ...]) -> str:
    lines = content.split("\n")
    for edit in sorted(edits, key=lambda one: -one.line):
        lines[edit.line - 1 : edit.line - 1 + edit.count] = edit.lines
    return "\n".join(lines)


def broken(found: tuple[CheckFinding, ...]) -> list[str]:
    return [finding.rule for finding in found]


@pytest.mark.parametrize("path", GOOD)
def test_a_good_file_breaks_nothing(path: str) -> None:
    assert findings(path, GOOD[path]) == ()


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.path}-{bad.rule}-{bad.new[:20]}")
def test_a_bad_file_is_caught_at_its_line_with_reason_and_fix(bad: Bad) -> None:
    found = [finding for finding in findings(bad.path, bad.content) if finding.rule == bad.rule]
    assert [finding.line for finding in found] == [bad.line]
    assert found[0].reason and found[0].message
    assert bool(found[0].fix) is bad.fixed
    if bad.fixed:
        assert bad.rule not in broken(findings(bad.path, edited(bad.content, found[0].fix)))


def test_every_policy_of_every_format_has_a_bad_text() -> None:
    for name, _, policies in FORMATS:
        tried = {bad.rule for bad in BAD if format_of(bad.path) == name}
        assert {policy.rule for policy in policies} <= tried, name
    assert {policy.rule for policy in EVERYWHERE} <= {bad.rule for bad in BAD}


def test_a_secret_literal_of_ours_may_never_be_offered() -> None:
    for bad in BAD:
        found = findings(bad.path, bad.content)
        secret = bad.rule in ("secret-literal", "secret-in-image", "credential")
        assert any(finding.blocking for finding in found) is secret, bad


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("API_KEY", True), ("DB_PASSWORD", True), ("clientSecret", True), ("db.password", True), ("SECRET_KEY_BASE", True),
        ("AWS_SECRET_ACCESS_KEY", True), ("MONKEY_KEYS", False), ("PUBLIC_URL", False), ("SECRET_ARN", False), ("TOKEN_URL", False),
        ("secretName", False), ("PASSWORD_FILE", False), ("KEY", False), ("tokenizer", False),
    ],
)  # fmt: skip
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert names_secret(name) is secret


@pytest.mark.parametrize(
    ("image", "bad"),
    [("a", True), ("a:latest", True), ("host:5000/a", True), ("host:5000/a:1", False), ("a:1", False), ("a@sha256:1", False),
     ("$X", False), ("", False)],
)  # fmt: skip
def test_images_without_a_version(image: str, bad: bool) -> None:
    assert unversioned(image) is bad


def test_a_dockerfile_may_be_called_anything() -> None:
    assert format_of("docker/prod", "docker/prod") == "dockerfile"
    assert "runs-as-root" in broken(findings("docker/prod", "FROM a:1\n", "docker/prod"))
    assert format_of("src/app.py") == ""


def test_braces_in_strings_and_heredocs_do_not_confuse_the_blocks() -> None:
    text = 'resource "a" "b" {\n  x = "}{"\n  y = <<EOF\n} not = this\nEOF\n  z = {\n    k = "v"\n  }\n'
    text += "  end = 1\n}\nafter = 2\n"
    assert [(one.blocks, one.name) for one in read_hcl(text)] == [
        (("resource a b",), "x"), (("resource a b",), "y"), (("resource a b",), "z"), (("resource a b", "z"), "k"),
        (("resource a b",), "end"), ((), "after"),
    ]  # fmt: skip


@given(
    st.sampled_from(sorted(GOOD)),
    st.text(max_size=300) | st.lists(st.sampled_from("{}[]:\"'\n -&*!|<>=FROM RUN USER ab0".split(" ")), max_size=80).map("".join),
)
def test_any_text_is_judged_and_its_fixes_fit(path: str, text: str) -> None:
    count = len(text.split("\n"))
    for finding in findings(path, text):
        assert 1 <= finding.line <= count
        assert all(edit.line <= count + 1 for edit in finding.fix)


def test_a_bomb_of_aliases_is_read_in_no_time() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20))
    assert findings("compose.yaml", bomb) == ()
    assert findings("compose.yaml", "[" * 5000) == ()


DENY_TERRAFORM = """resource "aws_s3_bucket_policy" "a" {
  policy = jsonencode({
    Statement = [
      {
        Effect = "Deny"
        Principal = "*"
        Action = "*"
      },
      {
        Effect = "Allow"
        Principal = "*"
      },
    ]
  })
}

data "aws_iam_policy_document" "b" {
  statement {
    effect = "Deny"
    actions = ["*"]

    condition {
      values = ["false"]
    }
  }
  statement {
    actions = ["*"]
  }
}
"""
DENY_TEMPLATE = """Resources:
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: ["*"]
          - Effect: Allow
            Principal: "*"
            Action: "*"
"""


@pytest.mark.parametrize(
    ("path", "content", "lines"),
    [
        ("infra/terraform/main.tf", DENY_TERRAFORM, [11, 27]),
        ("infra/cloudformation/template.yaml", DENY_TEMPLATE, [11, 12]),
    ],
    ids=("terraform", "cloudformation"),
)
def test_what_is_forbidden_to_everybody_is_no_permission(path: str, content: str, lines: list[int]) -> None:
    found = findings(path, content)
    assert [one.line for one in found if one.rule == "wildcard-permission"] == lines


def test_an_identity_in_place_of_a_credential_is_no_secret() -> None:
    line = 'locals {\n  storage_credential = "%s"\n}\n'
    assert "secret-literal" not in broken(findings("infra/terraform/main.tf", line % "managedidentity"))
    assert "secret-literal" in broken(findings("infra/terraform/main.tf", line % "hunter22"))
