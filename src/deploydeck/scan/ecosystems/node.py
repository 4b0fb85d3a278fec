# ruff: noqa: E501 - tables read better unbroken
"""How a Node.js project is started and built: scripts first, then its framework's way, then the usual files."""

from __future__ import annotations

import re

from deploydeck.domain import Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.ecosystems import deno
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.ecosystems.node_build import build_command, build_script
from deploydeck.scan.ecosystems.node_files import existing
from deploydeck.scan.ecosystems.node_frameworks import framework_start
from deploydeck.scan.ecosystems.node_links import configured_port, file_routes, link_ports, link_routes
from deploydeck.scan.ecosystems.node_scripts import outcome, serves_files
from deploydeck.scan.ecosystems.node_server import (
    from_outcome,
    instead_of,
    report_main,
    report_replaced,
    script_outcomes,
    server_start,
)
from deploydeck.scan.ecosystems.node_static import bundled, kind_of, output, single_page, static_output
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Role, Technology
from deploydeck.scan.state import Scan

Start = Fact[StartCommand]

_START_SCRIPTS = frozenset({"start", "start:prod", "start:production"})
_PAGES = frozenset({Role.UI, Role.BUNDLER})
_WEB_TOOLS = ("html-webpack-plugin", "webpack-dev-server", "@rspack/dev-server", "rollup-plugin-serve", "laravel-mix")


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    if not scan.facts.own("manifest", scope="node") and scan.facts.own("manifest", "deno.json"):
        return deno.resolve(scan, technology, manager)  # a framework of npm, run by Deno
    link_ports(scan)
    link_routes(scan)
    build = build_command(scan, manager, technology)
    if technology is None:
        known = _without_framework(scan, manager, build)
    else:
        file_routes(scan, technology.id)
        known = _with_framework(scan, technology, manager, build)
    _report_start(scan, technology, known)
    return Resolved(
        start=known.start,
        build=known.build,
        output=known.output,
        kind=known.kind,
        single_page=known.single_page,
        port=known.port,
        runtime=_runtime(scan, manager, known.start),
    )


def _report_start(scan: Scan, technology: Technology | None, known: Resolved) -> None:
    """What the start script and `main` are not: a development server that something else stands for, a file that is missing."""
    kind = known.kind or (technology.kind if technology else Kind.SERVER if known.start else Kind.NONE)
    if kind is Kind.NONE:
        return
    script = scan.facts.first("script", "start", "node")
    one = outcome(scan, script) if script else None
    if one is not None and one.why and not one.elsewhere and not any(found.code == "development-start" for found in scan.findings):
        report_replaced(scan, one, " ".join(word for word in known.start.value.argv if "{" not in word) if known.start else "")
    if kind is Kind.SERVER:
        report_main(scan)


def _with_framework(
    scan: Scan, technology: Technology, manager: PackageManager | None, build: Fact[tuple[str, ...]] | None
) -> Resolved:
    kind, why = kind_of(scan, technology)
    final = kind or technology.kind
    if technology.role in _PAGES:
        if start := _page_server(scan, manager):
            return Resolved(start=start, build=build, output=output(scan, technology), kind=Kind.SERVER)
        if technology.role is Role.UI and _is_library(scan):
            return Resolved(build=build, kind=Kind.NONE)
    if technology.role is Role.APP:
        return Resolved(build=build, kind=Kind.NONE)
    if final is Kind.STATIC:
        place = static_output(scan, technology, why) if kind is Kind.STATIC else output(scan, technology)
        return Resolved(build=build, output=place, kind=kind, single_page=single_page(scan, technology, Kind.STATIC))
    start = framework_start(scan, technology, manager)
    shown = output(scan, technology) if technology.output and technology.id != "angular" else None
    return Resolved(start=start, build=build, output=shown, kind=kind, port=_port(scan))


def _port(scan: Scan) -> Fact[int] | None:
    """The port of a configuration file, where the framework listens by itself."""
    if scan.facts.own("listen", scope="node") or (found := configured_port(scan)) is None:
        return None
    return Fact(value=int(found.value), confidence=0.9, evidence=(found.evidence("port"),), reason=f"{found.file} says so")


def _without_framework(scan: Scan, manager: PackageManager | None, build: Fact[tuple[str, ...]] | None) -> Resolved:
    """A program without a framework: started when it listens or when its scripts say how."""
    script = build_script(scan)
    if not scan.facts.own("listen", scope="node"):
        for one in script_outcomes(scan):
            if one.script.name not in _START_SCRIPTS or one.elsewhere or serves_files(one.argv):
                continue
            runs = _runs_a_program(one.argv) or (one.whole and not scan.facts.own("manifest", "workspace-root"))
            start = instead_of(scan, one) if one.why else from_outcome(scan, one, manager) if runs else None
            if start is not None:
                return Resolved(start=start, build=build)
        pages = next((fact for name in _WEB_TOOLS if (fact := scan.facts.first("dependency", name, "node"))), None)
        if pages is not None and script is not None and not scan.facts.own("manifest", "workspace-root"):
            return Resolved(build=build, output=bundled(scan, script), kind=Kind.STATIC, single_page=False)
        return Resolved(build=build)
    return Resolved(start=server_start(scan, None, manager), build=build)


def _runs_a_program(argv: tuple[str, ...]) -> bool:
    words = [word for word in argv if word != "env" and "=" not in word]
    return bool(words) and words[0].rpartition("/")[2] in {
        "node", "bun", "tsx", "ts-node", "pm2", "pm2-runtime", "forever", "babel-node", "coffee", "deno", "probot", "node-red", "moleculer-runner",
    }  # fmt: skip


def _page_server(scan: Scan, manager: PackageManager | None) -> Start | None:
    """The program beside a page that serves it: a start script that runs a file which listens."""
    if not scan.facts.own("listen", scope="node"):
        return None
    for one in script_outcomes(scan):
        words = [word for word in one.argv if word != "env" and "=" not in word]
        if one.why or one.elsewhere or one.whole or not words or words[0] not in {"node", "bun", "tsx", "ts-node"}:
            continue
        if one.script.name in {"serve", "server", "start:api"}:
            continue  # a helper beside the page
        path = next((found for word in words[1:] if not word.startswith("-") and (found := existing(scan, word))), "")
        if path or any(re.match(r"(?:\./)?(?:dist|build)[\w-]*/", word) for word in words[1:]):
            return from_outcome(scan, one, manager)
    return None


def _is_library(scan: Scan) -> bool:
    """Whether a package is made for other packages: it names what they import, and is not private."""
    fields = {fact.name for fact in scan.facts.own("package-field", scope="node")}
    return (
        bool(fields & {"module", "exports", "main"})
        and "private" not in fields
        and not scan.files("index.html")
        and not scan.files("public/index.html")
    )


def _runtime(scan: Scan, manager: PackageManager | None, start: Start | None) -> str:
    """Bun or Deno where they run the program."""
    words = [word for word in start.value.argv if word != "env" and "=" not in word] if start else []
    if words[:1] in (["bun"], ["bunx"]):
        return "bun"
    if words[:1] == ["deno"]:
        return "deno"
    pinned: list[Found] = scan.facts.of("pin", "node")
    if manager is not None and manager.name == "bun" and words[:1] != ["node"] and not pinned:
        return "bun"
    return ""
