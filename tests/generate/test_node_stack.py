"""Node.js, Bun, Deno and sites: what each project's Dockerfile and server configuration hold, by scans of whole small projects."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import BuildTool, Dependency, DeployDeckError, Framework, Kind, PackageManager, StartCommand, SystemPackage
from deploydeck.generate import ConfigurationGenerator
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from tests.generate.samples import express_npm, fact, profile, static_site, vite_npm, write
from tests.generate.test_generator import files_of, last, refusal, runs, set_to

GENERATOR = ConfigurationGenerator()


def scanned(root: Path, files: dict[str, str], chosen: Settings | None = None) -> dict[str, str]:
    """The contents of what is generated for a project, by path."""
    write(root, files)
    return {path: file.content for path, file in files_of(ProjectAnalyzer().profile(root), chosen).items()}


def package(**fields: Any) -> str:
    return json.dumps({"name": "shop", "version": "1.0.0", "private": True, **fields})


def copies(dockerfile: str) -> list[str]:
    """What the final stage takes from the build."""
    return re.findall(r"^COPY --from=build (?:--chown=\S+ )?(\S+) ", dockerfile, re.MULTILINE)


LISTENS = "require('http').createServer((q, r) => r.end('x')).listen(process.env.PORT || 3000)\n"


@pytest.mark.parametrize(
    ("files", "command", "taken"),
    [
        pytest.param(
            {"package.json": package(scripts={"build": "nest build", "start": "nest start"}, dependencies={"@nestjs/core": "11"}),
             "src/main.ts": "import { NestFactory } from '@nestjs/core';\nNestFactory.create({}).then(a => a.listen(3000));\n"},
            ["node", "dist/main.js"], ["/app"], id="nestjs"),
        pytest.param(
            {"package.json": package(scripts={"build": "nuxt build"}, dependencies={"nuxt": "4"})},
            ["node", ".output/server/index.mjs"], ["/app/.output"], id="nuxt"),
        pytest.param(
            {"package.json": package(scripts={"build": "vinxi build"}, dependencies={"@solidjs/start": "1"})},
            ["node", ".output/server/index.mjs"], ["/app/.output"], id="solid-start"),
        pytest.param(
            {"package.json": package(scripts={"build": "astro build"}, dependencies={"astro": "5", "@astrojs/node": "9"})},
            ["node", "./dist/server/entry.mjs"], ["/app/dist", "/app/package.json", "/app/node_modules"], id="astro-node"),
        pytest.param(
            {"package.json": package(scripts={"build": "vite build"},
                                     devDependencies={"@sveltejs/kit": "2", "@sveltejs/adapter-node": "5", "vite": "7"})},
            ["node", "build"], ["/app/build", "/app/package.json"], id="sveltekit-node"),
        pytest.param(
            {"package.json": package(scripts={"build": "react-router build", "start": "react-router-serve ./build/server/index.js"},
                                     dependencies={"@react-router/serve": "7"}, devDependencies={"@react-router/dev": "7"})},
            ["react-router-serve", "./build/server/index.js"], ["/app/build", "/app/package.json", "/app/node_modules"],
            id="react-router"),
        pytest.param(
            {"package.json": package(scripts={"start": "node server.js"}, dependencies={"koa": "3"}), "server.js": LISTENS},
            ["node", "server.js"], ["/app"], id="koa"),
    ],
)  # fmt: skip
def test_the_final_stage_takes_what_runs(tmp_path: Path, files: dict[str, str], command: list[str], taken: list[str]) -> None:
    text = scanned(tmp_path, files)["Dockerfile"]
    assert json.loads(last(text, "CMD")) == command
    assert copies(text) == taken
    assert ("prune" in text) is ("/app/node_modules" in taken or (taken == ["/app"] and "RUN npm run build" in text))
    assert ('PATH="/app/node_modules/.bin:$PATH"' in text) is (command[0] != "node")


def test_a_custom_server_of_a_framework_keeps_the_whole_program(tmp_path: Path) -> None:
    files = {
        "package.json": package(
            scripts={"build": "react-router build", "start": "node server.js"},
            dependencies={"@react-router/express": "7"}, devDependencies={"@react-router/dev": "7"},
        ),
        "server.js": LISTENS,
    }  # fmt: skip
    assert copies(scanned(tmp_path, files)["Dockerfile"]) == ["/app"]


def test_development_packages_stay_when_the_start_command_runs_one(tmp_path: Path) -> None:
    files = {
        "package.json": package(
            scripts={"start": "tsx src/server.ts"}, dependencies={"express": "5"}, devDependencies={"tsx": "4", "prettier": "3"}
        ),
        "src/server.ts": "import express from 'express';\nexpress().listen(3000, '0.0.0.0');\n",
    }
    write(tmp_path, files)
    file = files_of(ProjectAnalyzer().profile(tmp_path))["Dockerfile"]
    assert "npm install --include=dev" in file.content
    assert "prune" not in file.content
    reason = next(r for r in file.reasons if r.rule == "runtime-files")
    assert "tsx" in reason.why and reason.evidence[0].file == "package.json"


@pytest.mark.parametrize(("manager", "tool"), [("npm", ""), ("pnpm", "pnpm@"), ("yarn", "yarn@")])
def test_a_script_that_needs_a_shell_keeps_its_manager(tmp_path: Path, manager: str, tool: str) -> None:
    made = express_npm(
        tmp_path,
        start=fact(StartCommand(argv=(manager, "run", "start"), port_from_env=True), "package.json"),
        package_manager=fact(PackageManager(name=manager, manifest="package.json"), "package.json"),
    )
    file = files_of(made)["Dockerfile"]
    final = file.content.split("# Run:")[1]
    assert ("npm install --global" in final) is bool(tool) and tool in final
    assert "needs a shell" in next(r.why for r in file.reasons if r.rule == "start")


def test_prisma_is_generated_where_no_script_does_it(tmp_path: Path) -> None:
    schema = "generator client {\n  provider = 'prisma-client-js'\n}\n"
    dependencies = (Dependency(name="prisma", development=True), Dependency(name="@prisma/client"))
    openssl = SystemPackage(name="openssl", build=True, run=True, because="prisma")
    made = express_npm(tmp_path, dependencies=dependencies, system_packages=(openssl,))
    write(tmp_path, {"prisma/schema.prisma": schema, "package-lock.json": "{}"})
    file = files_of(made)["Dockerfile"]
    steps = [file.content.index(step) for step in ("npm ci --include=dev", "COPY . .", "prisma generate", "npm prune --omit=dev")]
    assert steps == sorted(steps)
    assert next(r for r in file.reasons if r.rule == "prisma-generate").evidence[0].where == "prisma/schema.prisma:1"
    assert file.content.count("        openssl \\\n") == 2
    write(tmp_path, {"package.json": package(scripts={"postinstall": "prisma generate"})})
    assert "exec" not in files_of(made)["Dockerfile"].content.split("# Run:")[0]


def test_browsers_stay_beside_the_program(tmp_path: Path) -> None:
    found = (SystemPackage(name="libnss3", run=True, because="puppeteer"), SystemPackage(name="x; id", run=True))
    made = express_npm(tmp_path, dependencies=(Dependency(name="puppeteer"),), system_packages=found)
    text = files_of(made)["Dockerfile"].content
    assert text.count("PUPPETEER_CACHE_DIR=/app/.cache/puppeteer") == 2
    assert "        libnss3 \\\n" in text.split("# Run:")[1]
    assert "; id" not in text
    made = express_npm(tmp_path, dependencies=(Dependency(name="playwright"),))
    assert any(run.endswith("npm exec -- playwright install chromium") for run in runs(files_of(made)["Dockerfile"].content))


def test_a_registry_login_is_lent_to_the_install_and_in_no_layer(tmp_path: Path) -> None:
    made = express_npm(tmp_path)
    write(tmp_path, {".npmrc": "//registry.example/:_authToken=npm_abcdefgh\n", "package-lock.json": "{}"})
    found = files_of(made)
    assert "\n.npmrc\n" in found[".dockerignore"].content
    assert "COPY package.json package-lock.json ./" in found["Dockerfile"].content
    assert "--mount=type=secret,id=npmrc,target=/root/.npmrc npm ci" in found["Dockerfile"].content
    write(tmp_path, {".npmrc": "engine-strict=true\n"})
    assert "COPY package.json package-lock.json .npmrc ./" in files_of(made)["Dockerfile"].content


# --- workspaces -----------------------------------------------------------------------------------------------------------------

WORKSPACES = {
    "npm": ({"package-lock.json": "{}"}, ("npm", "run", "--workspace", "packages/units", "build"), "npm prune --omit=dev"),
    "pnpm": (
        {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n"},
        ("pnpm", "--filter", "./packages/units", "run", "build"),
        "pnpm install --frozen-lockfile --prod --ignore-scripts",
    ),
    "yarn": (
        {"yarn.lock": "# yarn lockfile v1\n"},
        ("yarn", "--cwd", "packages/units", "run", "build"),
        "yarn install --frozen-lockfile --production=true --ignore-scripts",
    ),
}


@pytest.mark.parametrize("manager", WORKSPACES)
def test_a_member_of_a_workspace_is_built_after_those_it_uses(tmp_path: Path, manager: str) -> None:
    lock, built, prune = WORKSPACES[manager]
    files = {
        "package.json": package(workspaces=["apps/*", "packages/*"]),
        "apps/api/package.json": package(
            name="api", scripts={"start": "node server.js"}, dependencies={"express": "5", "units": "*"}
        ),
        "apps/api/server.js": "const app = require('express')();\nrequire('units');\napp.listen(process.env.PORT || 3000);\n",
        "packages/units/package.json": package(name="units", main="dist/index.js", scripts={"build": "tsc"}),
    }
    text = scanned(tmp_path, {**files, **lock})["Dockerfile"]
    steps = [text.index(step) for step in ("COPY . .", " ".join(built), prune, "WORKDIR /app/apps/api")]
    assert steps == sorted(steps)
    assert (copies(text), json.loads(last(text, "CMD"))) == (["/app"], ["node", "server.js"])


def test_a_site_that_is_a_member_is_served_from_its_directory(tmp_path: Path) -> None:
    files = {
        "package.json": package(workspaces=["web"]),
        "package-lock.json": "{}",
        "web/package.json": package(name="web", scripts={"build": "vite build"}, devDependencies={"vite": "7"}),
        "web/index.html": "<p>x</p>\n",
    }
    text = scanned(tmp_path, files)["Dockerfile"]
    assert "RUN npm run --workspace web build" in text
    assert copies(text) == ["/app/web/dist/"]


def test_a_member_is_started_in_its_directory_without_an_image_too(tmp_path: Path) -> None:
    files = {
        "package.json": package(workspaces=["api"]),
        "package-lock.json": "{}",
        "api/package.json": package(name="api", scripts={"start": "node server.js"}, dependencies={"koa": "3"}),
        "api/server.js": LISTENS,
    }
    write(tmp_path, files)
    made = ProjectAnalyzer().profile(tmp_path)
    config = GENERATOR.deployment_config(made, Settings(), project_id="prj-1", environment="development", target="process")
    assert config.recipe.start == ("env", "--chdir=api", "node", "server.js")


# --- Bun and Deno ---------------------------------------------------------------------------------------------------------------


def test_a_server_of_bun(tmp_path: Path) -> None:
    files = {
        "package.json": package(scripts={"start": "bun run src/index.ts"}, dependencies={"hono": "4"}),
        "bun.lock": '{"lockfileVersion": 1}\n',
        ".bun-version": "1.3.1\n",
        "src/index.ts": "Bun.serve({ port: process.env.PORT ?? 3000, fetch: () => new Response('x') });\n",
    }
    text = scanned(tmp_path, files)["Dockerfile"]
    assert last(text, "FROM") == "oven/bun:1.3-slim"
    assert any(run.endswith("bun install --frozen-lockfile --production") for run in runs(text))
    assert json.loads(last(text, "CMD")) == ["bun", "run", "src/index.ts"]
    assert (last(text, "USER"), "npm install --global" in text) == ("1000:1000", False)


def test_what_only_installs_with_bun_runs_on_node(tmp_path: Path) -> None:
    files = {
        "package.json": package(scripts={"build": "vite build"}, devDependencies={"vite": "7"}),
        "bun.lock": '{"lockfileVersion": 1}\n',
        "index.html": "<p>x</p>\n",
    }
    text = scanned(tmp_path, files)["Dockerfile"]
    assert text.index("FROM node:22-slim") < text.index("npm install --global bun@") < text.index("bun install --frozen-lockfile")


def test_a_server_of_deno_has_the_permissions_of_its_task(tmp_path: Path) -> None:
    files = {
        "deno.json": '{"tasks": {"start": "deno run --allow-net --allow-env=PORT main.ts"}, "imports": {"hono": "npm:hono@4"}}\n',
        "deno.lock": '{"version": "5"}\n',
        ".deno-version": "2.5.6\n",
        "main.ts": "import { Hono } from 'hono';\nDeno.serve({ port: 8000 }, new Hono().fetch);\n",
    }
    text = scanned(tmp_path, files)["Dockerfile"]
    assert last(text, "FROM") == "denoland/deno:2.5.6"
    assert [run for run in runs(text) if run.startswith("deno")] == ["deno install --frozen", "deno cache --frozen main.ts"]
    assert json.loads(last(text, "CMD")) == ["run", "--allow-net", "--allow-env=PORT", "main.ts"]
    assert copies(text) == ["/deno-dir", "/app"]


def test_a_task_of_deno_that_only_a_shell_can_run(tmp_path: Path) -> None:
    files = {
        "deno.json": '{"tasks": {"start": "X=$(date) deno run -A main.ts"}}\n',
        "main.ts": "Deno.serve(() => new Response('x'));\n",
    }
    text = scanned(tmp_path, files, set_to(app={"port": 8000}))["Dockerfile"]
    assert json.loads(last(text, "CMD")) == ["task", "start"]


# --- sites ----------------------------------------------------------------------------------------------------------------------


def site(root: Path, framework: str, tools: tuple[str, ...] = (), **over: Any) -> str:
    made = vite_npm(
        root,
        framework=fact(Framework(id=framework, name=framework), "package.json"),
        build_tools=tuple(fact(BuildTool(id=tool, name=tool), "package.json") for tool in tools),
        **over,
    )
    return files_of(made)["deploy/nginx.conf"].content


HASHED = {
    ("vite", ()): (["/assets/index-BkH2xJ1a.js", "/assets/logo-D3x_a-9Q.svg"], ["/assets/portrait.png", "/assets/my-portrait.png"]),
    ("react", ("vite",)): (["/assets/index-BkH2xJ1a.js"], ["/index.html"]),
    ("docusaurus", ()): (["/assets/js/main.1f3b9ac2.js"], ["/img/logo.svg"]),
    ("vitepress", ()): (["/assets/app.CkF9d2aB.js"], ["/hashmap.json"]),
    ("astro", ()): (["/_astro/index.Dz8sk1Qa.css"], ["/favicon.svg"]),
    ("nextjs", ()): (["/_next/static/chunks/main-0a1b.js"], ["/_next/data/x.json"]),
    ("nuxt", ()): (["/_nuxt/entry.Bf2a.js"], ["/robots.txt"]),
    ("sveltekit", ()): (["/_app/immutable/entry/start.js"], ["/_app/version.json"]),
    ("react", ("create-react-app",)): (["/static/js/main.8f3a91bc.js"], ["/static/logo.png", "/manifest.json"]),
    ("vue", ("vue-cli",)): (["/js/app.8f3a91bc.js", "/css/app.8f3a91bc.css"], ["/js/config.js"]),
    ("gatsby", ()): (["/app-0123456789abcdef0123.js", "/static/abc/x.png"], ["/page-data/app-data.json"]),
    ("angular", ()): (["/main-ABCD2345.js", "/styles.0123456789abcdef0123.css"], ["/assets/config.js", "/ngsw.js"]),
    ("parcel", ()): (["/index.8f3a91bc.js"], ["/index.html"]),
}


@pytest.mark.parametrize(("framework", "tools"), HASHED)
def test_only_names_that_change_with_their_content_are_kept_for_good(
    tmp_path: Path, framework: str, tools: tuple[str, ...]
) -> None:
    text = site(tmp_path, framework, tools)
    match = re.search(r'^\s+"~(.+)" "public, max-age=31536000, immutable";$', text, re.MULTILINE)
    assert match is not None
    kept, asked = HASHED[framework, tools]
    assert all(re.search(match[1], path) for path in kept)
    assert not [path for path in asked if re.search(match[1], path)]
    assert 'default "no-cache";' in text and "add_header Cache-Control $kept;" in text
    assert f'location ~ "{match[1]}" {{\n            try_files $uri =404;' in text  # this one is a single page


def test_files_that_nothing_built_are_asked_for_anew(tmp_path: Path) -> None:
    text = files_of(static_site(tmp_path))["deploy/nginx.conf"].content
    assert "immutable" not in text and "add_header Cache-Control no-cache;" in text
    assert "error_page 404 /404.html;" in text and "index.html;" in text


def test_each_single_page_falls_back_to_its_own_page(tmp_path: Path) -> None:
    assert "try_files $uri $uri.html $uri/ /200.html;" in site(tmp_path, "nuxt")
    assert "try_files $uri $uri.html $uri/ /index.html;" in site(tmp_path, "sveltekit")
    write(tmp_path, {"svelte.config.js": "export default { kit: { adapter: adapter({ fallback: 'app.html' }) } };\n"})
    assert "try_files $uri $uri.html $uri/ /app.html;" in site(tmp_path, "sveltekit")
    write(tmp_path, {"svelte.config.js": "export default { kit: { adapter: adapter({ fallback: 'x.html; }' }) } };\n"})
    assert "try_files $uri $uri.html $uri/ /index.html;" in site(tmp_path, "sveltekit")


def test_a_hugo_site_is_built_by_hugo(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"hugo.toml": "title = 'x'\n", "content/a.md": "x\n"})
    text = found["Dockerfile"]
    assert "no-install-recommends ca-certificates hugo " in text and "RUN hugo --minify" in text
    assert copies(text) == ["/app/public/"] and last(text, "FROM") == "nginx:stable"
    assert "\n/public\n" in found[".dockerignore"]


def test_a_mkdocs_site_is_built_by_python(tmp_path: Path) -> None:
    files = {"requirements.txt": "mkdocs==1.6.1\n", "mkdocs.yml": "site_name: x\n", "docs/index.md": "x\n"}
    text = scanned(tmp_path, files)["Dockerfile"]
    assert "RUN mkdocs build" in text and copies(text) == ["/app/site/"] and last(text, "FROM") == "nginx:stable"


def test_a_site_that_nothing_here_builds_is_refused(tmp_path: Path) -> None:
    made = static_site(tmp_path, build_command=fact(("zola", "build")), output_dir=fact("public"))
    assert refusal(made).code == "generate-static-build"


# --- hostile ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framework", ["astro", "sveltekit", "nuxt", "react-router"])
@pytest.mark.parametrize("word", ["dist/a b\nRUN id", ".output/$(id)", 'build/"; id', "../../etc/x", "/etc/x", "dist\x00"])
def test_a_start_command_cannot_write_a_line(tmp_path: Path, framework: str, word: str) -> None:
    made = express_npm(
        tmp_path,
        framework=fact(Framework(id=framework, name=framework)),
        start=fact(StartCommand(argv=("node", word), port_from_env=True)),
        build_command=fact(("npm", "run", "build\nRUN id")),
    )
    try:
        text = files_of(made)["Dockerfile"].content
    except DeployDeckError as error:
        assert error.code == "generate-unsafe-path"
        return
    assert not [line for line in text.split("\n") if line.startswith("RUN id")]
    assert json.loads(last(text, "CMD")) == ["node", word]


def test_a_manifest_of_odd_shapes_is_no_obstacle(tmp_path: Path) -> None:
    for content in ("[]", '{"scripts": 1, "dependencies": [], "devDependencies": "x"}', "{", '{"scripts": {"postinstall": {}}}'):
        made = express_npm(tmp_path, dependencies=(Dependency(name="prisma"),))
        write(tmp_path, {"package.json": content, "prisma/schema.prisma": "\n"})
        assert json.loads(last(files_of(made)["Dockerfile"].content, "CMD")) == ["node", "server.js"]


def test_a_language_of_no_stack_is_plain_files(tmp_path: Path) -> None:
    made = profile(tmp_path, kind=Kind.STATIC, output_dir=fact("."))
    assert last(files_of(made)["Dockerfile"].content, "FROM") == "nginx:stable"
