# ruff: noqa: E501 - tables read better unbroken
"""The production command of each framework that has one of its own."""

from __future__ import annotations

import posixpath
import re

from deploydeck.domain import Fact, PackageManager, StartCommand
from deploydeck.scan.ecosystems.node_files import compiled, output_directory
from deploydeck.scan.ecosystems.node_scripts import Outcome, serves_files
from deploydeck.scan.ecosystems.node_server import from_outcome, report_replaced, script_outcomes, server_start
from deploydeck.scan.ecosystems.node_static import angular_server, clean, is_version, option, uses
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

Start = Fact[StartCommand]

NEXT = ("next", "start", "-H", "{host}", "-p", "{port}")
FIXED: dict[str, tuple[str, ...]] = {
    "nitro": ("node", ".output/server/index.mjs"), "tanstack-start": ("node", ".output/server/index.mjs"),
    "solid-start": ("node", ".output/server/index.mjs"), "strapi": ("strapi", "start"), "keystone": ("keystone", "start"),
    "directus": ("directus", "start"), "medusa": ("medusa", "start"), "redwood": ("rw", "serve"), "waku": ("waku", "start"),
    "analog": ("node", "dist/analog/server/index.mjs"), "modernjs": ("modern", "serve"), "rakkas": ("node", "dist/server/index.js"),
    "frontity": ("frontity", "serve"), "node-red": ("node-red",), "probot": ("probot", "run", "./index.js"), "blitz": ("blitz", "start"),
    "meteor": ("node", "main.js"),
}  # fmt: skip
_TOOLS: dict[str, frozenset[str]] = {
    "nuxt": frozenset({"nuxt", "nuxi", "nuxt-ts"}), "nextjs": frozenset({"next"}), "blitz": frozenset({"blitz"}), "payload": frozenset({"next"}),
    "nestjs": frozenset({"nest"}), "astro": frozenset({"astro"}), "sveltekit": frozenset({"vite"}), "meteor": frozenset({"meteor"}),
    "tanstack-start": frozenset({"vite", "vinxi"}), "solid-start": frozenset({"solid-start"}), "angular": frozenset({"ng"}),
}  # fmt: skip
"""Programs of a framework that its own production command replaces wherever a script runs them."""
_READS_PORT = frozenset({"astro", "nuxt", "nitro", "sveltekit", "tanstack-start", "solid-start", "analog"})
"""Frameworks whose built server listens on PORT without a word in the source."""


def framework_start(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    """The start command of a server of this framework."""
    special = {
        "next": next_start, "payload": _payload, "nuxt": _nuxt, "nest": _nest, "sveltekit": _sveltekit, "astro": _astro, "adonis": _adonis,
        "react-router": _react_router, "qwik": _qwik, "angular": _angular, "blitz": _blitz, "vike": _vike,
    }  # fmt: skip
    if technology.start in special:
        return special[technology.start](scan, technology, manager)
    if technology.id == "remix":
        return _remix(scan, technology, manager)
    if technology.start == "fixed":
        if start := _written(scan, technology, manager):
            return start
        if argv := FIXED.get(technology.id):
            return _own(scan, technology, argv)
        return None
    return server_start(scan, technology, manager)


def _written(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    """What a start script says, when it is neither for development nor the framework's own program or a file server."""
    own = _TOOLS.get(technology.id, frozenset())
    for one in script_outcomes(scan):
        if one.script.name in {"serve", "server", "start:server", "start:api"} and not any(
            word in {"node", "bun"} for word in one.argv[:1]
        ):
            continue
        if one.why or one.elsewhere or one.command is None or serves_files(one.argv) or _program(one) in own:
            continue
        if start := from_outcome(scan, one, manager):
            if technology.id in _READS_PORT and start.value.argv[:1] == ("node",) and not scan.facts.own("listen", scope="node"):
                return start.model_copy(update={"value": start.value.model_copy(update={"port_from_env": True})})
            return start
    return None


def _program(one: Outcome) -> str:
    words = [word for word in one.argv if word != "env" and "=" not in word]
    return words[0].rpartition("/")[2] if words else ""


def _own(
    scan: Scan, technology: Technology, argv: tuple[str, ...], why: Found | None = None, env: bool = True, confidence: float = 0.9
) -> Start:
    """The framework's production command; a development script that it replaces is reported."""
    outcomes = [one for one in script_outcomes(scan) if one.script.name.startswith("start")]
    places = [fact for name in technology.packages for fact in scan.facts.of("dependency", name, "node")][:1]
    shown = ([why] if why else []) + [one.script for one in outcomes[:1]] + places
    reason = f"the production command of {technology.name}"
    replaced = next((one for one in outcomes if one.why), None)
    if replaced is not None and not any(not one.why for one in outcomes):
        reason = f"the start script is replaced: {replaced.why}"
        report_replaced(scan, replaced, " ".join(word for word in argv if "{" not in word and word not in {"-H", "-p"}))
    value = StartCommand(argv=argv, port_from_env=env and not any("{port}" in word for word in argv))
    return Fact(value=value, confidence=confidence, evidence=evidence(shown, "start"), reason=reason)


def next_start(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start:
    """`next start`, or the standalone server when the configuration asks for one, or the project's own server."""
    standalone = option(scan, "output", "next.config")
    if standalone and standalone.value == "standalone":
        value = StartCommand(argv=("node", ".next/standalone/server.js"), port_from_env=True)
        return Fact(value=value, confidence=0.95, evidence=(standalone.evidence("start"),), reason="output is standalone")
    if start := _written(scan, technology, manager):
        return start  # a custom server
    start = _own(scan, technology, NEXT, confidence=0.95)
    return start if "replaced" in start.reason else start.model_copy(update={"reason": "next start serves what next build made"})


def _payload(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    if scan.facts.first("dependency", "next", "node"):
        return next_start(scan, technology, manager)
    return server_start(scan, technology, manager)


def _blitz(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    return _written(scan, technology, manager) or _own(scan, technology, ("blitz", "start", "-H", "{host}", "-p", "{port}"))


def _nuxt(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    if start := _written(scan, technology, manager):
        return start
    if is_version(scan, "nuxt", 2) or is_version(scan, "nuxt-start", 2) or is_version(scan, "nuxt-edge", 2):
        return _own(scan, technology, ("nuxt", "start"))
    return _own(scan, technology, ("node", ".output/server/index.mjs"))


def _nest(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    outcomes = script_outcomes(scan)
    for one in outcomes:
        if one.why or one.elsewhere or _program(one) == "nest":
            continue
        if start := from_outcome(scan, one, manager):
            return _from_main(scan, start)
    entry = scan.facts.first("option", "nest.entryFile")
    directory = output_directory(scan, scan.facts.first("script", "build", "node")) or "dist"
    root = scan.facts.first("option", "nest.root")
    monorepo = scan.facts.first("option", "nest.monorepo")
    if monorepo and monorepo.value == "true" and root:
        directory = posixpath.join("dist", root.value)
    main = next((fact.file for fact in scan.facts.own("listen", scope="node") if fact.file.endswith("/src/main.ts")), "")
    if "nx.json" in scan.tree.entries and main and (made := compiled(scan, main)):
        return _from_main(scan, _own(scan, technology, ("node", made), entry))
    start = _own(scan, technology, ("node", f"{directory}/{entry.value if entry else 'main'}.js"), entry)
    return _from_main(scan, start)


def _from_main(scan: Scan, start: Start) -> Start:
    """The place where a Nest application listens as evidence: its main.ts, whatever the built file is called."""
    listening = [fact for fact in scan.facts.own("listen", scope="node") if re.search(r"(?:^|/)main\.[jt]s$", fact.file)]
    if not listening or any(place.file == listening[0].file for place in start.evidence):
        return start
    env = any("env" in fact.tags for fact in listening) or start.value.port_from_env
    value = start.value.model_copy(update={"port_from_env": env})
    linked = [
        fact
        for fact in scan.facts.own("listen", scope="node")
        if fact.name and any(tag == f"by:{fact.file}" for one in listening for tag in one.tags)
    ]
    shown = evidence([fact for fact in (*listening, *linked) if "linked" not in fact.tags][:2], "start")
    return start.model_copy(update={"value": value, "evidence": tuple(dict.fromkeys((*start.evidence, *shown)))})


def _sveltekit(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    adapter = uses(scan, "@sveltejs/adapter-node", "svelte-adapter-bun")
    if start := _written(scan, technology, manager):
        return start
    if adapter is None:
        return None
    out = option(scan, "adapter.out", "svelte.config") or option(scan, "out", "svelte.config")
    directory = clean(out.value) if out else "build"
    argv = ("node", directory) if adapter.name == "@sveltejs/adapter-node" else ("bun", "run", f"{directory}/index.js")
    return _own(scan, technology, argv, adapter)


def _astro(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    adapter = uses(scan, "@astrojs/node", "@nurodev/astro-bun", "astro-bun-adapter")
    if start := _written(scan, technology, manager):
        return start
    if adapter is None:
        return None
    out = option(scan, "outDir", "astro.config")
    directory = clean(out.value) if out else "dist"
    argv = (
        ("node", f"./{directory}/server/entry.mjs")
        if adapter.name == "@astrojs/node"
        else ("bun", "run", f"./{directory}/server/entry.mjs")
    )
    return _own(scan, technology, argv, adapter)


def _adonis(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    for one in script_outcomes(scan):
        if not one.why and not one.elsewhere and one.command is not None and "ace" not in one.argv:
            if one.argv[:2] == ("node", "bin/server.js"):  # the script is for the build directory, where it is copied to
                return _own(scan, technology, ("node", "build/bin/server.js"), one.script)
            if start := from_outcome(scan, one, manager):
                return start
    for source, argv in (("bin/server.ts", "build/bin/server.js"), ("server.ts", "build/server.js"), ("server.js", "server.js")):
        if source in scan.tree.entries:
            return _own(scan, technology, ("node", argv))
    return None


def _react_router(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    return _written(scan, technology, manager) or _own(scan, technology, ("react-router-serve", "./build/server/index.js"))


def _remix(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    if start := _written(scan, technology, manager):
        return start
    classic = not scan.files("vite.config.*")
    return _own(scan, technology, ("remix-serve", "./build/index.js" if classic else "./build/server/index.js"))


def _qwik(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    if start := _written(scan, technology, manager):
        return start
    for path in sorted(scan.tree.entries):
        if match := re.fullmatch(r"src/entry\.(express|fastify|node-server|node)\.tsx?", path):
            return _own(scan, technology, ("node", f"server/entry.{match[1]}.js"))
    return None


def _angular(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    server = angular_server(scan)
    for one in script_outcomes(scan):
        if not one.why and not one.elsewhere and one.argv[:1] == ("node",) and (start := from_outcome(scan, one, manager)):
            return start
    for name in (f"serve:ssr:{_project(scan)}", "serve:ssr"):
        script = scan.facts.first("script", name, "node")
        if script and (match := re.fullmatch(r"node\s+(\S+)", script.value.strip())):
            return _own(scan, technology, ("node", match[1]), script)
    return _own(scan, technology, ("node", server[0]), server[1]) if server else None


def _project(scan: Scan) -> str:
    found = scan.facts.first("option", "angular.project")
    return found.value if found else ""


def _vike(scan: Scan, technology: Technology, manager: PackageManager | None) -> Start | None:
    return server_start(scan, technology, manager)
