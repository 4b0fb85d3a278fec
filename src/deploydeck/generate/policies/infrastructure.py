"""Policies for infrastructure: Terraform, CloudFormation and ARM say the same things in three languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploydeck.domain import TextEdit
from deploydeck.generate.policies.model import Hit, Policy, is_literal, names_secret, read_document, read_hcl

WEB_PORTS = frozenset({"80", "443"})
_WORLD = re.compile(r'"?(?:0\.0\.0\.0/0|::/0)"?')
_DENY = re.compile(r'^\s*"?effect"?\s*[=:]\s*"Deny"', re.IGNORECASE)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_EVERY_ACTION = "Every action is allowed; list the ones it calls."
_EVERYBODY = "Everybody may use it; name the account or the service."
_WORLD_SOURCES = frozenset({"0.0.0.0/0", "::/0", "*", "internet"})


@dataclass(frozen=True)
class _Setting:
    """One thing somebody set, in whatever language: the block or object it belongs to, key, text and line."""

    owner: tuple[str, ...]
    key: str
    value: str
    line: int


def _terraform(content: str) -> list[_Setting]:
    return [_Setting(one.blocks, one.name, one.value, one.line) for one in read_hcl(content)]


def _document(content: str) -> list[_Setting]:
    document = read_document(content)
    return [_Setting(tuple(part for part in one.path[:-1]), one.key, one.value, one.line) for one in document.entries]


def _edit(content: str, line: int, old: str, new: str) -> tuple[TextEdit, ...]:
    text = content.split("\n")[line - 1]
    return (TextEdit(line=line, count=1, lines=(text.replace(old, new),)),) if old in text else ()


def _siblings(settings: list[_Setting], one: _Setting) -> dict[str, str]:
    """What else is set in the same block: nearest of the same owner."""
    return {
        other.key.lower(): other.value.strip('"')
        for other in settings
        if other.owner == one.owner and abs(other.line - one.line) < 40
    }


_OPEN_MESSAGE = "Everybody may reach port {}; allow the network or the security group that needs it."


def _open_terraform(content: str) -> Iterator[Hit]:
    settings = _terraform(content)
    for one in settings:
        world = _WORLD.search(one.value)
        if world is None or one.key not in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "source_address_prefix"):
            continue
        if any("egress" in block for block in one.owner) or _siblings(settings, one).get("type") == "egress":
            continue
        beside = _siblings(settings, one)
        port = beside.get("from_port") or beside.get("destination_port_range") or "any"
        ports = set(re.findall(r'"(\d{1,5})"', beside.get("for_each", ""))) if "each." in port else {port}
        if not ports or not ports <= WEB_PORTS:
            yield Hit(one.line, _OPEN_MESSAGE.format(port[:20]), _edit(content, one.line, world[0].strip('"'), "10.0.0.0/8"))


def _open_documents(content: str) -> Iterator[Hit]:
    settings = _document(content)
    for one in settings:
        if one.key.lower() not in ("cidrip", "cidripv6", "sourceaddressprefix") or one.value.lower() not in _WORLD_SOURCES:
            continue
        if any("egress" in part.lower() for part in one.owner):
            continue
        beside = _siblings(settings, one)
        if beside.get("direction", "").lower() == "outbound" or beside.get("access", "").lower() == "deny":
            continue
        port = beside.get("fromport") or beside.get("destinationportrange") or "any"
        if port not in WEB_PORTS:
            yield Hit(one.line, _OPEN_MESSAGE.format(port[:20]), _edit(content, one.line, one.value, "10.0.0.0/8"))


def _wildcards_terraform(content: str) -> Iterator[Hit]:
    lines = [_STRING.sub('""', line) if "{" in line or "}" in line else line for line in content.split("\n")]
    for one in _terraform(content):
        action = one.key.lower() in ("action", "actions", "not_actions") and _all(one.value)
        anybody = one.key.lower() == "principals" or (one.key == "Principal" and one.value.strip('"') == "*")
        if (action or anybody) and not _denies(lines, one.line - 1):
            yield Hit(one.line, _EVERY_ACTION if action else _EVERYBODY)


def _denies(lines: list[str], at: int) -> bool:
    """Whether the block around a line of HCL says Deny: what is forbidden to everybody is no permission."""
    depth, first = 0, at
    while first > 0:
        first -= 1
        depth += lines[first].count("{") - lines[first].count("}")
        if depth > 0:
            break
    depth = 0
    for number, line in enumerate(lines[first:], first):
        if depth == 1 and _DENY.match(line):
            return True
        depth += line.count("{") - line.count("}")
        if depth <= 0 and number > at:
            return False
    return False


def _all(value: str) -> bool:
    return value.replace(" ", "").rstrip(",") in ('"*"', '["*"]', '["*:*"]', '"*:*"')


def _wildcards_documents(content: str) -> Iterator[Hit]:
    settings = _document(content)
    denied = {one.owner for one in settings if one.key == "Effect" and one.value == "Deny"}
    for one in settings:
        action = one.key in ("Action", "actions") and one.value in ("*", "*:*")
        anybody = one.key == "Principal" and one.value == "*"
        statement = one.owner[:-1] if one.owner and one.owner[-1] == one.key else one.owner  # an item of a list, or the value
        if (action or anybody) and statement not in denied:
            yield Hit(one.line, _EVERY_ACTION if action else _EVERYBODY)


_FLAGS: tuple[tuple[str, str, str, str], ...] = (
    ("publicly_accessible", "true", "false", "The database has an address on the internet; keep it in the private network."),
    ("publiclyaccessible", "true", "false", "The database has an address on the internet; keep it in the private network."),
    ("publicnetworkaccess", "enabled", "Disabled", "It can be reached from the internet; use a private endpoint."),
    ("public_network_access_enabled", "true", "false", "It can be reached from the internet; use a private endpoint."),
    (
        "allowblobpublicaccess",
        "true",
        "false",
        "Anybody can list and read what is stored; serve it through the site or a signed address.",
    ),
    ("allow_nested_items_to_be_public", "true", "false", "Anybody can list and read what is stored."),
    ("storage_encrypted", "false", "true", "What is stored is not encrypted."),
    ("storageencrypted", "false", "true", "What is stored is not encrypted."),
    ("httpsonly", "false", "true", "Passwords and cookies would travel readable; allow HTTPS only."),
    ("https_only", "false", "true", "Passwords and cookies would travel readable; allow HTTPS only."),
    ("adminuserenabled", "true", "false", "The registry has one shared password; use identities."),
    ("admin_enabled", "true", "false", "The registry has one shared password; use identities."),
)


def _flags(settings: list[_Setting], content: str) -> Iterator[Hit]:
    for one in settings:
        for key, bad, good, message in _FLAGS:
            value = one.value.strip('"')
            if one.key.lower() == key and value.lower() == bad:
                yield Hit(one.line, message, _edit(content, one.line, value, good))


def _flags_terraform(content: str) -> Iterator[Hit]:
    yield from _flags(_terraform(content), content)


def _flags_documents(content: str) -> Iterator[Hit]:
    yield from _flags(_document(content), content)


def _secrets_terraform(content: str) -> Iterator[Hit]:
    for one in _terraform(content):
        quoted = one.value.startswith('"') and one.value.endswith('"')
        name = one.owner[-1].split(" ")[-1] if one.key == "default" and one.owner else one.key
        if quoted and names_secret(name) and is_literal(one.value):
            yield Hit(
                one.line,
                f"The value of {name[:60]} stands in the file and the state; let the service make it, or read it from a store.",
            )


def _secrets_documents(content: str) -> Iterator[Hit]:
    for one in _document(content):
        parent = next((part for part in reversed(one.owner) if not part.isdigit()), "")
        name = parent if one.key.lower() in ("default", "defaultvalue", "value") else one.key
        if names_secret(name) and is_literal(one.value) and one.key.lower() not in ("type", "description", "ref", "fn::getatt"):
            yield Hit(
                one.line, f"The value of {name[:60]} stands in the file; let the service make it, or refer to a secret store."
            )


_OPEN = "Ports that the whole internet reaches are tried within minutes."
_WILD = "Who steals such a permission has the account."
_EXPOSED = "The defaults of clouds are convenient; these are the ones that leak."
_LITERAL = "A value in a committed file is known to everybody who ever saw the repository."
TERRAFORM: tuple[Policy, ...] = (
    Policy("world-open-port", _OPEN, _open_terraform),
    Policy("wildcard-permission", _WILD, _wildcards_terraform),
    Policy("exposed-resource", _EXPOSED, _flags_terraform),
    Policy("secret-literal", _LITERAL, _secrets_terraform, blocking=True),
)
DOCUMENTS: tuple[Policy, ...] = (
    Policy("world-open-port", _OPEN, _open_documents),
    Policy("wildcard-permission", _WILD, _wildcards_documents),
    Policy("exposed-resource", _EXPOSED, _flags_documents),
    Policy("secret-literal", _LITERAL, _secrets_documents, blocking=True),
)
