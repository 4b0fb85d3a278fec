# ruff: noqa: E501 - tables read better unbroken
"""What builds a Node.js project: its build script through the package manager, else the build of its framework."""

from __future__ import annotations

import re

from deploydeck.domain import Fact, PackageManager
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

RUN = {"npm": ("npm", "run"), "pnpm": ("pnpm", "run"), "yarn": ("yarn", "run"), "bun": ("bun", "run"), "deno": ("deno", "task")}
EXECUTE = {"npm": ("npm", "exec", "--"), "pnpm": ("pnpm", "exec"), "yarn": ("yarn", "run"), "bun": ("bun", "x")}
SCRIPTS = (
    "build", "build:prod", "build:production", "build-prod", "generate", "docs:build", "build:docs", "build:server", "build:app", "build:web", "production",
    "prod:build", "compile", "bundle", "dist", "export", "heroku-postbuild", "build:client",
)  # fmt: skip
_NO_BUILD = re.compile(
    r"^\s*(?:echo\b(?!.*&&)|exit\b|true\b|:\s*$|#|docker\b|docker-compose\b|podman\b|electron-builder\b|pkg\b|semantic-release\b)"
)
OWN: dict[str, tuple[str, ...]] = {
    "nextjs": ("next", "build"), "vite": ("vite", "build"), "nuxt": ("nuxt", "build"), "nestjs": ("nest", "build"), "astro": ("astro", "build"),
    "sveltekit": ("vite", "build"), "remix": ("remix", "vite:build"), "react-router": ("react-router", "build"), "angular": ("ng", "build"),
    "create-react-app": ("react-scripts", "build"), "vue-cli": ("vue-cli-service", "build"), "gatsby": ("gatsby", "build"),
    "docusaurus": ("docusaurus", "build"), "eleventy": ("eleventy",), "hexo": ("hexo", "generate"), "vitepress": ("vitepress", "build", "docs"),
    "vuepress": ("vuepress", "build", "docs"), "gridsome": ("gridsome", "build"), "parcel": ("parcel", "build", "index.html"),
    "rsbuild": ("rsbuild", "build"), "farm": ("farm", "build"), "strapi": ("strapi", "build"), "medusa": ("medusa", "build"),
    "keystone": ("keystone", "build"), "ember": ("ember", "build", "--environment=production"), "nitro": ("nitropack", "build"),
    "solid-start": ("vinxi", "build"), "tanstack-start": ("vite", "build"), "preact-cli": ("preact", "build"), "blitz": ("blitz", "build"),
    "redwood": ("rw", "build"), "payload": ("next", "build"), "quasar": ("quasar", "build"), "qwik-city": ("qwik", "build"), "vike": ("vite", "build"),
    "waku": ("waku", "build"), "umi": ("umi", "build"), "snowpack": ("snowpack", "build"), "modernjs": ("modern", "build"), "rspress": ("rspress", "build"),
    "sanity": ("sanity", "build"), "wmr": ("wmr", "build"), "poi": ("poi", "--prod"), "adonis": ("node", "ace", "build"),
}  # fmt: skip
_ALWAYS = frozenset({"eleventy"})


def build_script(scan: Scan) -> Found | None:
    """The script that builds the project for production."""
    for name in SCRIPTS:
        script = scan.facts.first("script", name, "node")
        if script and script.value.strip() and not _NO_BUILD.search(script.value):
            return script
    return None


def build_command(scan: Scan, manager: PackageManager | None, technology: Technology | None) -> Fact[tuple[str, ...]] | None:
    """The build script through the package manager; for frameworks without one, their own build."""
    name = manager.name if manager else "npm"
    script = build_script(scan)
    if script:
        sure = 0.95 if script.name == "build" else 0.85
        return Fact(value=(*RUN.get(name, RUN["npm"]), script.name), confidence=sure, evidence=evidence([script], "build"))
    own = OWN.get(technology.id if technology else "")
    if technology is None or own is None:
        return None
    if technology.id == "adonis" and not scan.facts.of("dependency", "@adonisjs/core", "node"):
        return None  # up to version 4 there was nothing to build
    if own[0] == "vitepress" or own[0] == "vuepress":
        own = (*own[:2], *([directory] if (directory := documents(scan, own[0])) else []))
    place = [fact for package in technology.packages for fact in scan.facts.of("dependency", package, "node")]
    argv = own if own[0] == "node" else (*EXECUTE.get(name, EXECUTE["npm"]), *own)
    return Fact(value=argv, confidence=0.8, evidence=evidence(place[:1], "build"), reason="there is no build script")


def documents(scan: Scan, tool: str) -> str:
    """The directory a documentation generator works in: the one that holds its configuration; "" for the project's own."""
    marker = f".{tool}/"
    for path in scan.tree.entries:
        before, found, _ = path.partition(marker)
        if found and (not before or before.endswith("/")):
            return before.rstrip("/")
    for script in scan.facts.of("script", scope="node"):
        if match := re.search(rf"\b{tool}\s+build\s+([\w./-]{{1,60}})", script.value):
            return match[1].strip("/").removeprefix("./")
    return "docs" if "docs" in scan.directories else ""
