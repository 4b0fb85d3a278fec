# ruff: noqa: E501 - tables read better unbroken
"""Where the build of a JavaScript site writes, whether it is one page, and whether it is a site at all."""

from __future__ import annotations

import posixpath
import re

from deploydeck.domain import Fact, Kind
from deploydeck.scan.ecosystems.node_build import build_script, documents
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Role, Technology
from deploydeck.scan.state import Scan, evidence

_STATIC_ADAPTERS = ("@sveltejs/adapter-static",)
_NODE_ADAPTERS = (
    "@sveltejs/adapter-node",
    "svelte-adapter-bun",
    "@astrojs/node",
    "svelte-adapter-deno",
    "@nurodev/astro-bun",
    "astro-bun-adapter",
)
_OTHER_ADAPTERS = (
    "@sveltejs/adapter-auto", "@sveltejs/adapter-vercel", "@sveltejs/adapter-netlify", "@sveltejs/adapter-cloudflare", "@astrojs/vercel",
    "@astrojs/netlify", "@astrojs/cloudflare", "@sveltejs/adapter-cloudflare-workers",
)  # fmt: skip
_OPTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "vite": (("build.outDir", "vite.config"),), "vue-cli": (("outputDir", "vue.config"),), "astro": (("outDir", "astro.config"),),
    "eleventy": (("dir.output", ""),), "gridsome": (("outputDir", "gridsome.config"), ("outDir", "gridsome.config")),
    "rsbuild": (("output.distPath.root", "rsbuild.config"), ("output.distPath", "rsbuild.config")), "farm": (("compilation.output.path", "farm.config"),),
    "snowpack": (("buildOptions.out", "snowpack.config"),), "vitepress": (("outDir", "vitepress"),), "vuepress": (("dest", "vuepress"),),
    "nextjs": (("distDir", "next.config"),), "umi": (("outputPath", ""),), "create-react-app": (("paths.appBuild", "craco.config"),),
    "rspress": (("outDir", "rspress"),),
}  # fmt: skip
_FLAGS: dict[str, str] = {
    "vite": r"--outDir", "parcel": r"(?:--dist-dir|-d|--out-dir)", "vue-cli": r"--dest", "docusaurus": r"--out-dir", "eleventy": r"--output",
    "angular": r"--output-path", "preact-cli": r"--dest", "ember": r"(?:--output-path|-o)", "astro": r"--outDir", "vitepress": r"--outDir",
    "create-react-app": r"BUILD_PATH", "vuepress": r"(?:--dest|-d)", "rsbuild": r"--dist-path",
}  # fmt: skip
_COMPILERS = re.compile(
    r"\b(?:webpack|rollup|esbuild|gulp|grunt|browserify|rspack|brunch|laravel-mix|mix|encore|bun build|vite|parcel|node|npm|yarn|pnpm)\b"
)


def option(scan: Scan, name: str, file_start: str = "") -> Found | None:
    """An option of a configuration file by its dotted name or the end of it."""
    found = [
        fact for fact in scan.facts.own("option") if file_start in fact.file.rpartition("/")[0] + "/" + fact.file.rpartition("/")[2]
    ]
    exact = next((fact for fact in found if fact.name == name and not {"call", "name"} & fact.tags), None)
    return exact or next((fact for fact in found if fact.name.endswith(f".{name}") and not {"call", "name"} & fact.tags), None)


def uses(scan: Scan, *packages: str) -> Found | None:
    """The import or dependency of the first of these packages that there is."""
    for package in packages:
        if found := scan.facts.first("import", package, "node"):
            return found
    return next((found for package in packages if (found := scan.facts.first("dependency", package, "node"))), None)


def clean(path: str) -> str:
    """A directory as the profile says it."""
    return posixpath.normpath(path.strip()) if path.strip() else ""


def found_in(fact: Found, value: str, confidence: float = 0.95) -> Fact[str]:
    return Fact(value=value, confidence=confidence, evidence=(fact.evidence("output"),))


def output(scan: Scan, technology: Technology) -> Fact[str] | None:
    """The directory the build writes to: a flag of the script, the configuration, else the technology's default."""
    id = technology.id
    if id == "angular":
        return angular_output(scan, technology)
    script = build_script(scan)
    if script and (flag := _FLAGS.get(id)) and (match := re.search(rf"{flag}[= ]['\"]?([A-Za-z0-9_./-]{{1,100}})", script.value)):
        return found_in(script, clean(match[1]))
    for name, file in _OPTIONS.get(id, ()):
        chosen = option(scan, name, file)
        if chosen and chosen.value:
            value = chosen.value
            if id == "vite" and (root := option(scan, "root", "vite.config")) and root.value not in {"", "."}:
                value = posixpath.join(root.value, value)
            value = clean(value)
            if not value.startswith(("/", "..")) or id == "vite":
                return found_in(chosen, value)
    if id in {"vitepress", "vuepress"}:
        value = posixpath.normpath(posixpath.join(documents(scan, id), f".{id}/dist"))
        return _default(scan, technology, value)
    if (
        id == "vite"
        and (root := option(scan, "root", "vite.config"))
        and root.value not in {"", "."}
        and not root.value.startswith("/")
    ):
        return found_in(root, clean(posixpath.join(root.value, "dist")), 0.85)
    if technology.role is Role.UI:
        return _of_library(scan, technology, script)
    return _default(scan, technology, technology.output) if technology.output else None


def _default(scan: Scan, technology: Technology, value: str) -> Fact[str]:
    place = [fact for name in technology.packages for fact in scan.facts.of("dependency", name, "node")][:1]
    return Fact(value=value, confidence=0.85, evidence=evidence(place, "output"), reason=f"the default of {technology.name}")


def _of_library(scan: Scan, technology: Technology, script: Found | None) -> Fact[str] | None:
    """Where a bundler that is only a tool writes what a user interface library was written in."""
    if script is None or not _COMPILERS.search(script.value):
        return None
    return bundled(scan, script)


def bundled(scan: Scan, script: Found) -> Fact[str]:
    """The directory a site is served from: where the bundler writes, or the one around it that holds the page."""
    found = _written(scan, script)
    top = found.value.partition("/")[0]
    if top != found.value and f"{top}/index.html" in scan.tree.entries:
        return found.model_copy(update={"value": top, "reason": f"{top}/index.html is the page"})
    return found


def _written(scan: Scan, script: Found) -> Fact[str]:
    """The output of webpack, Rollup, esbuild and the like: configuration, flag, else dist."""
    for name in ("output.path", "output.dir"):
        if (chosen := option(scan, name)) and chosen.value and not clean(chosen.value).startswith(("/", "..")):
            return found_in(chosen, clean(chosen.value))
    if file := option(scan, "output.file"):
        return found_in(file, posixpath.dirname(clean(file.value)) or ".")
    if "config/paths.js" in scan.tree.entries and "scripts/build.js" in scan.tree.entries:  # an ejected Create React App
        return Fact(
            value="build", confidence=0.8, evidence=evidence([script], "output"), reason="the directory of Create React App"
        )
    if match := re.search(r"--(?:outdir|output-path|out-dir|dist-dir)[= ]['\"]?([\w./-]{1,80})", script.value):
        return found_in(script, clean(match[1]))
    if match := re.search(r"--outfile[= ]['\"]?([\w./-]{1,80})", script.value):
        return found_in(script, posixpath.dirname(clean(match[1])) or ".")
    return Fact(value="dist", confidence=0.6, evidence=evidence([script], "output"), reason="the usual directory")


def angular_output(scan: Scan, technology: Technology) -> Fact[str]:
    """`outputPath` of the old builders is the site itself; the application builder puts it into its `browser`."""
    builder = scan.facts.first("option", "angular.builder")
    name = scan.facts.first("option", "angular.project") or scan.facts.first("project-name", scope="node")
    base = scan.facts.first("option", "angular.outputPath") or scan.facts.first("option", "angular.outputPath.base")
    path = clean(base.value) if base else f"dist/{(name.value or name.name) if name else ''}".rstrip("/")
    if builder and builder.value.endswith(":application"):
        browser = scan.facts.first("option", "angular.outputPath.browser")
        inner = browser.value if browser else "browser"
        path = posixpath.normpath(posixpath.join(path, inner)) if inner else path
    places = evidence([fact for fact in (base, builder, name) if fact], "output")
    return Fact(value=path, confidence=0.95 if base else 0.85, evidence=places)


def angular_server(scan: Scan) -> tuple[str, Found] | None:
    """The file that renders an Angular application on a server, and what says so; None for a plain site."""
    mode = scan.facts.first("option", "angular.outputMode")
    if mode and mode.value == "static":
        return None
    name = scan.facts.first("option", "angular.project")
    base = scan.facts.first("option", "angular.outputPath") or scan.facts.first("option", "angular.outputPath.base")
    root = clean(base.value) if base else f"dist/{name.value}" if name else "dist"
    universal = scan.facts.first("option", "angular.universal")
    if universal:
        directory = clean(universal.value) if universal.value != "true" else f"{root.removesuffix('/browser')}/server"
        return f"{directory}/main.js", universal
    ssr = scan.facts.first("option", "angular.ssr")
    if (ssr and ssr.value != "false") or (mode and mode.value == "server"):
        fact = ssr or mode
        assert fact is not None
        return f"{root}/server/server.mjs", fact
    return None


def kind_of(scan: Scan, technology: Technology) -> tuple[Kind | None, Found | None]:
    """Whether the configuration makes a site or a server of a framework that can be both, and what says so."""
    id = technology.id
    script = build_script(scan)
    text = script.value if script else ""
    if id == "nextjs":
        if (mode := option(scan, "output", "next.config")) and mode.value == "export":
            return Kind.STATIC, mode
        return (Kind.STATIC, script) if re.search(r"\bnext export\b", text) else (None, None)
    if id == "astro":
        mode = option(scan, "output", "astro.config")
        if mode and mode.value == "static" and not uses(scan, *_NODE_ADAPTERS):
            return Kind.STATIC, mode
        adapter = uses(scan, "@astrojs/node", "@nurodev/astro-bun", "astro-bun-adapter")
        if adapter and adapter.kind == "import":
            return Kind.SERVER, adapter
        if mode and mode.value in {"server", "hybrid"}:
            return Kind.SERVER, mode
        return (Kind.SERVER, adapter) if adapter and "development" not in adapter.tags else (Kind.STATIC, None)
    if id == "sveltekit":
        adapter = next(
            (
                found
                for name in (*_STATIC_ADAPTERS, *_NODE_ADAPTERS, *_OTHER_ADAPTERS)
                if (found := scan.facts.first("import", name, "node"))
            ),
            None,
        )
        adapter = adapter or uses(scan, *_STATIC_ADAPTERS, *_NODE_ADAPTERS, *_OTHER_ADAPTERS)
        return (Kind.STATIC, adapter) if adapter and adapter.name in _STATIC_ADAPTERS else (Kind.SERVER, adapter)
    if id == "nuxt":
        preset = option(scan, "preset", "nuxt.config") or option(scan, "target", "nuxt.config")
        if preset and preset.value in {"static", "github_pages", "github-pages"}:
            return Kind.STATIC, preset
        if (script and re.search(r"\b(?:nuxt|nuxi)\s+generate\b|^generate$", f"{text}")) or (script and script.name == "generate"):
            return Kind.STATIC, script
        return None, None
    if id == "react-router":
        mode = option(scan, "ssr", "react-router.config")
        return (Kind.STATIC, mode) if mode and mode.value == "false" else (None, None)
    if id == "remix":
        mode = option(scan, "ssr", "vite.config")
        return (Kind.STATIC, mode) if mode and mode.value == "false" else (None, None)
    if id == "solid-start":
        preset = option(scan, "preset", "app.config")
        mode = option(scan, "ssr", "app.config")
        chosen = preset if preset and preset.value == "static" else mode if mode and mode.value == "false" else None
        return (Kind.STATIC, chosen) if chosen else (None, None)
    if (
        id == "qwik-city"
        and any(path.startswith("adapters/static/") for path in scan.tree.entries)
        and not any(
            path.startswith("src/entry.") and re.search(r"express|fastify|node-server|deno|bun", path) for path in scan.tree.entries
        )
    ):
        return Kind.STATIC, None
    if id == "angular":
        server = angular_server(scan)
        return (Kind.SERVER, server[1]) if server else (Kind.STATIC, None)
    if id == "vike":
        mode = option(scan, "prerender")
        return (Kind.STATIC, mode) if mode and mode.value == "true" else (None, None)
    return None, None


def static_output(scan: Scan, technology: Technology, why: Found | None) -> Fact[str] | None:
    """The output of a framework that is configured to make a site."""
    id = technology.id
    places = evidence([why] if why else [], "output")
    if id == "nextjs":
        directory = option(scan, "distDir", "next.config")
        return Fact(value=clean(directory.value) if directory else "out", confidence=0.95, evidence=places)
    if id == "sveltekit":
        pages = option(scan, "adapter.pages", "svelte.config") or option(scan, "pages", "svelte.config")
        return found_in(pages, clean(pages.value)) if pages else Fact(value="build", confidence=0.9, evidence=places)
    if id == "nuxt":
        old = is_version(scan, "nuxt", 2)
        return Fact(value="dist" if old else ".output/public", confidence=0.9, evidence=places)
    value = {"react-router": "build/client", "remix": "build/client", "solid-start": ".output/public", "vike": "dist/client"}.get(
        id, ""
    )
    return Fact(value=value, confidence=0.9, evidence=places) if value else output(scan, technology)


def is_version(scan: Scan, package: str, major: int) -> bool:
    """Whether a dependency is of this major version, by its lock or its requirement."""
    facts = scan.facts.of("locked", package) or scan.facts.of("dependency", package, "node")
    match = re.search(r"\d+", facts[0].value) if facts else None
    return bool(match) and int(match[0][:6]) == major if match else False


def single_page(scan: Scan, technology: Technology, kind: Kind | None) -> bool:
    """Whether unknown paths belong to the one page."""
    id = technology.id
    if id == "vite":
        mode = option(scan, "appType", "vite.config")
        inputs = [
            fact
            for fact in scan.facts.own("option")
            if ".rollupOptions.input." in f".{fact.name}." and fact.name.rpartition(".")[2] != "input"
        ]
        return mode.value == "spa" if mode else len(inputs) < 2
    if id == "vue-cli":
        return not any(fact.name.startswith("pages.") for fact in scan.facts.own("option"))
    if kind is Kind.STATIC and id == "sveltekit":
        return option(scan, "fallback", "svelte.config") is not None
    if kind is Kind.STATIC and id in {"react-router", "remix", "solid-start"}:
        return True
    if kind is Kind.STATIC and id == "nuxt":
        mode = option(scan, "ssr", "nuxt.config")
        return bool(mode and mode.value == "false")
    return technology.single_page or (technology.role is Role.UI and bool(build_script(scan)))
