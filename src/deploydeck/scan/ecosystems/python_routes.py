"""Full paths of routes: where routers are mounted, across files. Only what is certain becomes a `route` fact."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

from deploydeck.scan.facts import Found
from deploydeck.scan.state import Scan

_MOST_ROUTES = 2_000
_DEEPEST = 8
_PLACE = re.compile(r"\{(\w{1,60})\}")
Node = tuple[str, str]
"""A router: its file and the variable that holds it."""


def join_routes(scan: Scan) -> None:
    """Add `route` facts for the routes of routers and of included URL configurations."""
    settings = _settings(scan)
    for fact in scan.facts.of("openapi-template", scope="python"):
        scan.facts.add([replace(fact, kind="openapi", name=_filled(fact.name, settings) or "")])
    scan.facts.add(_routers(scan, settings)[:_MOST_ROUTES])
    scan.facts.add(_django(scan)[:_MOST_ROUTES])


def _settings(scan: Scan) -> dict[str, str]:
    """Prefixes that settings and constants hold, by name; a name with two values means nothing."""
    found: dict[str, str] = {}
    clashing = set()
    for fact in scan.facts.of("prefix", scope="python"):
        if found.setdefault(fact.name, fact.value) != fact.value:
            clashing.add(fact.name)
    return {name: value for name, value in found.items() if name not in clashing}


def _filled(text: str, settings: dict[str, str]) -> str | None:
    """The text with every `{NAME}` replaced; None when one of them is not known."""
    for name in _PLACE.findall(text):
        if name not in settings:
            return None
        text = text.replace("{" + name + "}", settings[name])
    return text


def _known(fact: Found, settings: dict[str, str]) -> Found:
    text = _filled(fact.value, settings)
    return replace(fact, value="", tags=fact.tags | {"unknown"}) if text is None else replace(fact, value=text)


def modules(scan: Scan) -> dict[str, list[str]]:
    """The Python files by the last name of their module ("users" for app/users.py and app/users/__init__.py)."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in scan.tree.entries:
        if path.endswith(".py"):
            parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
            found[parts[-1]].append(path)
    return found


def file_of(dotted: str, origin: str, known: dict[str, list[str]]) -> str:
    """The file of a module as imported in `origin`; of several that fit the one nearest to it. "" when there is none."""
    level = len(dotted) - len(dotted.lstrip("."))
    parts = dotted.strip(".").split(".")
    directory = origin.rpartition("/")[0].split("/") if "/" in origin else []
    if level:
        base = directory[: len(directory) - (level - 1)] if level <= len(directory) + 1 else []
        wanted = "/".join([*base, *filter(None, parts)])
        exact = [path for path in (f"{wanted}.py", f"{wanted}/__init__.py") if path in known.get(wanted.rpartition("/")[2], ())]
        if exact or wanted == "":
            return exact[0] if exact else ""
        return ""
    tail = "/".join(parts)
    fits = [
        path for path in known.get(parts[-1], ()) if path.removesuffix(".py").removesuffix("/__init__").endswith(f"/{tail}")
        or path.removesuffix(".py").removesuffix("/__init__") == tail
    ]  # fmt: skip
    return min(fits, key=lambda path: (-_shared(path, origin), path.count("/"), path)) if fits else ""


def _shared(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


def _routers(scan: Scan, settings: dict[str, str]) -> list[Found]:
    waiting = scan.facts.of("router-route", scope="python")
    if not waiting:
        return []
    known = modules(scan)
    routers = {(fact.file, fact.name): _known(fact, settings) for fact in scan.facts.of("router", scope="python")}
    mounts = [_known(fact, settings) for fact in scan.facts.of("mounts", scope="python")]
    above: dict[Node, list[tuple[Node, Found]]] = defaultdict(list)
    for mount in mounts:
        owner = next((tag[3:] for tag in mount.tags if tag.startswith("on:")), "app")
        child = _resolved(mount.file, mount.name, known, routers)
        if child:
            above[child].append((_resolved(mount.file, owner, known, routers) or (mount.file, owner), mount))
    mounted = bool(mounts)
    prefixed = any({"prefixed", "unknown"} & one.tags or one.value for one in mounts)
    found = []
    for fact in waiting:
        node = (fact.file, fact.value)
        if node not in routers:
            if not prefixed and fact.name.startswith("/"):  # an application under another name, or made elsewhere
                found.append(_route(fact, fact.name))
            continue
        prefixes = _prefixes(node, above, routers, 0)
        if prefixes is None or (not prefixes and mounted and prefixed):
            continue
        if not prefixes:
            own = routers[node]
            prefixes = [] if "unknown" in own.tags else [own.value]
        found += [_route(fact, _joined(prefix, fact.name)) for prefix in prefixes[:3]]
    return found


def _route(fact: Found, path: str) -> Found:
    return Found("route", path, "app", fact.file, fact.line, fact.text, "python", frozenset({"joined"}))


def _joined(prefix: str, path: str) -> str:
    return "/" + (prefix.strip("/") + "/" + path.lstrip("/")).lstrip("/") if prefix.strip("/") else "/" + path.lstrip("/")


def _resolved(origin: str, written: str, known: dict[str, list[str]], routers: dict[Node, Found]) -> Node | None:
    """The router that a dotted name means in a file."""
    if (origin, written) in routers:
        return origin, written
    module, _, name = written.rpartition(".")
    if not module:
        return None
    for dotted, variable in ((module, name), (written, "router")):
        file = file_of(dotted, origin, known)
        if (file, variable) in routers:
            return file, variable
        if file.endswith("/__init__.py"):  # the package passes on what a module of its own made
            inside = [node for node in routers if node[0].startswith(file.removesuffix("__init__.py")) and node[1] == variable]
            if len(inside) == 1:
                return inside[0]
    same = [node for node in routers if node[1] == name]
    return same[0] if len(same) == 1 and name not in {"router", "bp", "api", "blueprint"} else None


def _prefixes(node: Node, above: dict[Node, list[tuple[Node, Found]]], routers: dict[Node, Found], depth: int) -> list[str] | None:
    """Every prefix a router is served under; None when one of them is not known, empty when nothing mounts it."""
    own = routers[node]
    if "unknown" in own.tags or depth > _DEEPEST:
        return None
    blueprint = any("Blueprint" in tag for tag in own.tags)
    found: list[str] = []
    for parent, mount in above.get(node, ()):
        if "unknown" in mount.tags:
            return None
        # A prefix given where a blueprint is registered replaces its own; a router's own stays behind it.
        here = (
            mount.value if blueprint and "prefixed" in mount.tags else _joined(mount.value, own.value) if own.value else mount.value
        )
        if parent in routers and parent != node:
            outer = _prefixes(parent, above, routers, depth + 1)
            if outer is None:
                return None
            found += [_joined(one, here) if one else here for one in outer]
        else:
            found.append(here)
    return list(dict.fromkeys(found))[:5]


def _django(scan: Scan) -> list[Found]:
    """Routes of URL configurations that the root one includes, with their prefixes; tagged `nested`."""
    roots = scan.facts.of("setting", "ROOT_URLCONF", "python")
    includes = scan.facts.of("django-include", scope="python")
    if not roots or not includes:
        return []
    known = modules(scan)
    by_file: dict[str, list[Found]] = defaultdict(list)
    for fact in scan.facts.of("route", scope="python"):
        if "urlpatterns" in fact.tags:
            by_file[fact.file].append(fact)
    nested: dict[str, list[Found]] = defaultdict(list)
    for fact in includes:
        nested[fact.file].append(fact)
    found: list[Found] = []
    seen: set[tuple[str, str]] = set()
    waiting = [(file_of(root.value, root.file, known), "", 0) for root in roots if root.value]
    while waiting and len(found) < _MOST_ROUTES and len(seen) < _MOST_ROUTES:
        file, prefix, depth = waiting.pop(0)
        if not file or (file, prefix) in seen or depth > _DEEPEST:
            continue
        seen.add((file, prefix))
        if depth:
            for fact in by_file.get(file, ()):
                path = "/" + (prefix + fact.name.lstrip("/")).lstrip("/")
                found.append(Found("route", path, "django", file, fact.line, fact.text, "python", fact.tags | {"nested"}))
        waiting += [(file_of(one.name, one.file, known), prefix + one.value, depth + 1) for one in nested.get(file, ())]
    return found
