# ruff: noqa: E501 - tables of small trees read better unbroken
"""JavaScript projects: how each family of frameworks is started and built, where it listens, what its source reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploydeck.scan.facts import Broken, Found
from deploydeck.scan.parsers import parsers_for
from tests.scan.trees import codes, scan, where

Files = dict[str, str]


def package(scripts: dict[str, str] | None = None, *names: str, dev: tuple[str, ...] = (), **more: Any) -> str:
    """A package.json; a name may carry its version after a space."""
    listed = {part.partition(" ")[0]: part.partition(" ")[2] or "1.0.0" for part in names}
    content = {
        "name": "shop",
        "scripts": scripts or {},
        "dependencies": listed,
        "devDependencies": dict.fromkeys(dev, "1.0.0"),
        **more,
    }
    return json.dumps(content, indent=1)


def facts(path: str, content: str) -> list[Found]:
    found = parsers_for(path)
    assert found
    return [fact for parser in found for fact in parser.parse(path, content.encode())]


def told(path: str, content: str, kind: str) -> set[tuple[str, str, str]]:
    """Name, value and tags (joined) of the facts of a kind."""
    return {(fact.name, fact.value, " ".join(sorted(fact.tags))) for fact in facts(path, content) if fact.kind == kind}


TSC = {"build": "tsc", "start": "node dist/index.js"}
STATIC = "static"
NEXT = "next start -H {host} -p {port}"
# name: files, framework, start (None: a site, "": nothing starts), build script, port, output or health path that must be found
PROJECTS: dict[str, tuple[Files, str | None, str | None, str, int | None, dict[str, Any]]] = {
    "express from source": (
        {"package.json": package({"start": "ts-node src/index.ts", "build": "tsc"}, "express", dev=("ts-node", "typescript")), "tsconfig.json": '{"compilerOptions": {"outDir": "dist", "rootDir": "src"}}',
         "src/index.ts": "import express from 'express'\nimport { config } from './config'\nimport r from './routes'\nconst app = express()\napp.use('/api', r)\napp.listen(config.port)\n",
         "src/config.ts": "export const config = { port: Number(process.env.PORT) || 5050 }\n", "src/routes/index.ts": "import { Router } from 'express'\nconst router = Router()\nrouter.get('/health', h)\nexport default router\n"},
        "express", "node dist/index.js", "build", 5050, {"health": "/api/health", "env": True}),
    "build step before the start": ({"package.json": package({"build": "tsc", "start": "npm run build && cross-env X=1 node dist/server.js"}, "express"), "src/server.ts": "app.listen(8081)"}, "express", "env X=1 node dist/server.js", "build", 8081, {}),
    "several commands beside each other": ({"package.json": package({"start": 'concurrently "npm run server" "npm run client"', "server": "node server/index.js", "client": "vite"}, "express"), "server/index.js": "const app = require('express')()\napp.listen(4000)"}, "express", "node server/index.js", "", 4000, {}),
    "the script of another name": ({"package.json": package({"start": "npm run serve", "serve": "node web.js"}, "koa"), "web.js": "new Koa().listen(3005)"}, "koa", "node web.js", "", 3005, {}),
    "nodemon and ts-node": ({"package.json": package({"start": "nodemon --exec ts-node src/server.ts", "build": "tsc -p ."}, "express", dev=("nodemon",)), "tsconfig.json": '{"compilerOptions": {"outDir": "./build"}}', "src/server.ts": "const PORT = process.env.SERVER_PORT || 6000\napp.listen(PORT)\n"}, "express", "node build/server.js", "build", 6000, {"env": False}),
    "a program without a build": ({"package.json": package({"dev": "tsx watch src/server.ts"}, "fastify", "tsx"), "src/server.ts": "import { env } from './env'\nconst app = fastify()\napp.get('/healthz', h)\napp.listen({ port: env.PORT })", "src/env.ts": "import { z } from 'zod'\nexport const env = z.object({ PORT: z.coerce.number().default(3333) }).parse(process.env)"}, "fastify", "tsx src/server.ts", "", 3333, {"health": "/healthz", "env": True}),
    "express generator": ({"package.json": package({"start": "node ./bin/www"}, "express"), "app.js": "var app = express()", "bin/www": "#!/usr/bin/env node\nvar port = normalizePort(process.env.PORT || '3100');\nserver.listen(port)"}, "express", "node ./bin/www", "", 3100, {"env": True}),
    "pm2": ({"package.json": package({"start": "pm2-runtime start ecosystem.config.js"}, "koa"), "ecosystem.config.js": "module.exports = { apps: [{ script: './src/app.js' }] }", "src/app.js": "new Koa().listen(7000)"}, "koa", "node src/app.js", "", 7000, {}),
    "hapi": ({"package.json": package({"start": "node ."}, "@hapi/hapi", main="index.js"), "index.js": "const Hapi = require('@hapi/hapi')\nconst server = Hapi.server({ port: 3100, host: '0.0.0.0' })\nserver.route({ method: 'GET', path: '/health', handler })"}, "hapi", "node .", "", 3100, {"health": "/health"}),
    "fastify below a prefix": ({"package.json": package({"start": "node server.js"}, "fastify"), "server.js": "const fastify = require('fastify')()\nfastify.register(require('./routes'), { prefix: '/api' })\nfastify.listen({ port: process.env.PORT || 3010, host: '0.0.0.0' })", "routes.js": "module.exports = async function (fastify) { fastify.get('/health', h) }"}, "fastify", "node server.js", "", 3010, {"health": "/api/health"}),
    "hono on node": ({"package.json": package(TSC, "hono", "@hono/node-server"), "src/index.ts": "import { serve } from '@hono/node-server'\nconst app = new Hono()\napp.get('/health', c)\nserve({ fetch: app.fetch, port: 8787 })"}, "hono", "node dist/index.js", "build", 8787, {"health": "/health"}),
    "elysia on bun": ({"package.json": package({"dev": "bun run --watch src/index.ts"}, "elysia"), "bun.lockb": "", "src/index.ts": "new Elysia().get('/', () => 'x').listen(3001)"}, "elysia", "bun run src/index.ts", "", 3001, {"runtime": "bun"}),
    "bun alone": ({"package.json": package({"start": "bun index.ts"}), "bun.lock": "{}", "index.ts": "Bun.serve({ port: process.env.PORT ?? 4321, fetch() {} })"}, None, "bun run index.ts", "", 4321, {"runtime": "bun"}),
    "nest": ({"package.json": package({"build": "nest build", "start": "nest start", "start:prod": "node dist/main"}, "@nestjs/core", "@nestjs/platform-express"), "src/main.ts": "const app = await NestFactory.create(AppModule)\napp.setGlobalPrefix('api')\nawait app.listen(process.env.PORT ?? 3001)\n", "src/health.controller.ts": "@Controller('health')\nexport class H { @Get() check() {} }"}, "nestjs", "node dist/main", "build", 3001, {"health": "/api/health", "env": True}),
    "nest by its settings": ({"package.json": package({"build": "nest build", "start": "nest start"}, "@nestjs/core"), "src/main.ts": "const app = await NestFactory.create(AppModule)\nconst config = app.get(ConfigService)\nawait app.listen(config.get<number>('PORT'))\n", ".env.example": "PORT=4444\n"}, "nestjs", "node dist/main.js", "build", 4444, {"env": True}),
    "adonis": ({"package.json": package({"start": "node bin/server.js", "build": "node ace build"}, "@adonisjs/core"), "bin/server.ts": ""}, "adonis", "node build/bin/server.js", "build", 3333, {}),
    "strapi": ({"package.json": package({"start": "strapi start", "build": "strapi build", "develop": "strapi develop"}, "@strapi/strapi"), "config/server.js": "module.exports = ({ env }) => ({ port: env.int('PORT', 1338), app: { keys: env.array('APP_KEYS') } })"}, "strapi", "strapi start", "build", 1338, {"health": "/_health"}),
    "medusa": ({"package.json": package({"start": "medusa start", "build": "medusa build"}, "@medusajs/medusa")}, "medusa", "medusa start", "build", 9000, {}),
    "payload": ({"package.json": package({"start": "next start", "build": "next build"}, "payload", "next")}, "payload", NEXT, "build", 3000, {}),
    "feathers": ({"package.json": package({"start": "node src/"}, "@feathersjs/feathers"), "config/default.json": '{"port": 3030}', "src/index.js": "const port = app.get('port')\napp.listen(port)"}, "feathers", "node src/", "", 3030, {}),
    "next in a group": ({"package.json": package({"start": "next start -p 4000", "build": "next build"}, "next", "react", "express", "hono")}, "nextjs", NEXT, "build", 4000, {"output": ".next"}),
    "next export": ({"package.json": package({"build": "next build && next export"}, "next")}, "nextjs", None, "build", None, {"output": "out"}),
    "nuxt": ({"package.json": package({"build": "nuxt build", "generate": "nuxt generate", "preview": "nuxt preview"}, "nuxt 3.1.0"), "server/api/health.get.ts": ""}, "nuxt", "node .output/server/index.mjs", "build", 3000, {"health": "/api/health", "env": True}),
    "nuxt 2": ({"package.json": package({"build": "nuxt build", "start": "nuxt start"}, "nuxt ^2.15.0")}, "nuxt", "nuxt start", "build", 3000, {}),
    "nuxt as a site": ({"package.json": package({"build": "nuxt generate"}, "nuxt 3.1.0")}, "nuxt", None, "build", None, {"output": ".output/public"}),
    "remix": ({"package.json": package({"build": "remix vite:build", "start": "remix-serve ./build/server/index.js"}, "@remix-run/node", "react"), "vite.config.ts": "", "app/routes/healthcheck.tsx": ""}, "remix", "remix-serve ./build/server/index.js", "build", 3000, {"health": "/healthcheck"}),
    "react router": ({"package.json": package({"build": "react-router build"}, "react", dev=("@react-router/dev",)), "react-router.config.ts": "export default { ssr: true }"}, "react-router", "react-router-serve ./build/server/index.js", "build", 3000, {}),
    "react router without a server": ({"package.json": package({"build": "react-router build"}, "react", dev=("@react-router/dev",)), "react-router.config.ts": "export default { ssr: false }"}, "react-router", None, "build", None, {"output": "build/client", "single": True}),
    "tanstack start": ({"package.json": package({"build": "vite build"}, "@tanstack/react-start", "react"), "src/routes/api/health.ts": ""}, "tanstack-start", "node .output/server/index.mjs", "build", 3000, {"health": "/api/health"}),
    "solid start": ({"package.json": package({"build": "vinxi build", "start": "vinxi start"}, "@solidjs/start", "solid-js")}, "solid-start", "vinxi start", "build", 3000, {}),
    "astro as a site": ({"package.json": package({"start": "astro dev", "build": "astro build"}, "astro"), "astro.config.mjs": "export default defineConfig({ outDir: './site' })"}, "astro", None, "build", None, {"output": "site"}),
    "astro as a server": ({"package.json": package({"start": "astro dev", "build": "astro build"}, "astro", "@astrojs/node"), "astro.config.mjs": "import node from '@astrojs/node'\nexport default defineConfig({ output: 'server', adapter: node({ mode: 'standalone' }) })"}, "astro", "node ./dist/server/entry.mjs", "build", 4321, {}),
    "sveltekit on node": ({"package.json": package({"build": "vite build"}, dev=("@sveltejs/kit", "@sveltejs/adapter-node", "svelte", "vite")), "svelte.config.js": "import adapter from '@sveltejs/adapter-node'\nexport default { kit: { adapter: adapter() } }", "src/routes/health/+server.ts": ""}, "sveltekit", "node build", "build", 3000, {"health": "/health"}),
    "sveltekit wherever": ({"package.json": package({"build": "vite build"}, dev=("@sveltejs/kit", "@sveltejs/adapter-auto"))}, "sveltekit", "", "build", None, {}),
    "sveltekit as a site": ({"package.json": package({"build": "vite build"}, dev=("@sveltejs/kit", "@sveltejs/adapter-static")), "svelte.config.js": "import adapter from '@sveltejs/adapter-static'\nexport default { kit: { adapter: adapter({ pages: 'out', fallback: 'index.html' }) } }"}, "sveltekit", None, "build", None, {"output": "out", "single": True}),
    "angular of the application builder": ({"package.json": package({"start": "ng serve", "build": "ng build"}, "@angular/core"), "angular.json": json.dumps({"projects": {"shop": {"projectType": "application", "architect": {"build": {"builder": "@angular/build:application", "options": {}}}}}})}, "angular", None, "build", None, {"output": "dist/shop/browser", "single": True}),
    "angular of the browser builder": ({"package.json": package({"build": "ng build"}, "@angular/core"), "angular.json": json.dumps({"projects": {"shop": {"architect": {"build": {"builder": "@angular-devkit/build-angular:browser", "options": {"outputPath": "dist/web"}}}}}})}, "angular", None, "build", None, {"output": "dist/web"}),
    "angular on a server": ({"package.json": package({"start": "ng serve", "build": "ng build", "serve:ssr:shop": "node dist/shop/server/server.mjs"}, "@angular/core", "express"), "angular.json": json.dumps({"projects": {"shop": {"architect": {"build": {"builder": "@angular/build:application", "options": {"ssr": {"entry": "server.ts"}}}}}}})}, "angular", "node dist/shop/server/server.mjs", "build", 4000, {}),
    "create react app": ({"package.json": package({"start": "react-scripts start", "build": "react-scripts build"}, "react", "react-scripts")}, "react", None, "build", None, {"output": "build", "single": True}),
    "vite and react": ({"package.json": package({"build": "tsc -b && vite build"}, "react", dev=("vite",)), "index.html": "", "vite.config.ts": "export default defineConfig({ build: { outDir: 'out' } })"}, "react", None, "build", None, {"output": "out", "single": True}),
    "vite of several pages": ({"package.json": package({"build": "vite build"}, dev=("vite",)), "index.html": "", "vite.config.js": "export default { build: { rollupOptions: { input: { a: 'a.html', b: 'b.html' } } } }"}, "vite", None, "build", None, {"output": "dist", "single": False}),
    "vue cli": ({"package.json": package({"serve": "vue-cli-service serve", "build": "vue-cli-service build"}, "vue", dev=("@vue/cli-service",)), "vue.config.js": "module.exports = { outputDir: 'site' }"}, "vue", None, "build", None, {"output": "site"}),
    "webpack and react": ({"package.json": package({"start": "webpack serve", "build": "webpack"}, "react", dev=("webpack", "webpack-dev-server"), private=True), "webpack.config.js": "module.exports = { output: { path: path.resolve(__dirname, 'public') } }"}, "react", None, "build", None, {"output": "public"}),
    "a page with its own server": ({"package.json": package({"start": "node server.js", "build": "vite build"}, "react", dev=("vite",)), "index.html": "", "server.js": "require('http').createServer().listen(8000)"}, "react", "node server.js", "build", 8000, {}),
    "parcel": ({"package.json": package({"start": "parcel index.html", "build": "parcel build index.html --dist-dir public"}, dev=("parcel",)), "index.html": ""}, "parcel", None, "build", None, {"output": "public"}),
    "gatsby": ({"package.json": package({"start": "gatsby develop", "build": "gatsby build"}, "gatsby", "react")}, "gatsby", None, "build", None, {"output": "public"}),
    "docusaurus": ({"package.json": package({"start": "docusaurus start", "build": "docusaurus build"}, "@docusaurus/core", "react")}, "docusaurus", None, "build", None, {"output": "build"}),
    "eleventy": ({"package.json": package({"start": "eleventy --serve", "build": "eleventy"}, dev=("@11ty/eleventy",)), ".eleventy.js": "module.exports = c => ({ dir: { output: 'public' } })"}, "eleventy", None, "build", None, {"output": "public"}),
    "vitepress": ({"package.json": package({"docs:build": "vitepress build docs"}, dev=("vitepress",)), "docs/.vitepress/config.ts": "export default {}"}, "vitepress", None, "docs:build", None, {"output": "docs/.vitepress/dist"}),
    "a bot": ({"package.json": package({"start": "node index.js"}, "discord.js"), "index.js": "client.login(process.env.DISCORD_TOKEN)"}, "discordjs", "node index.js", "", None, {}),
    "http alone": ({"package.json": package({"start": "node server.js"}), "server.js": "const port = process.env.PORT || 8000\nrequire('http').createServer().listen(port)"}, None, "node server.js", "", 8000, {"env": True}),
    "graphql": ({"package.json": package({"start": "node index.js"}, "@apollo/server"), "index.js": "startStandaloneServer(server, { listen: { port: 4001 } })"}, "apollo-server", "node index.js", "", 4001, {}),
    "a desktop application": ({"package.json": package({"start": "electron ."}, "react", dev=("electron", "vite")), "index.html": ""}, "electron", "", "", None, {}),
    "a library of components": ({"package.json": package({"build": "tsup"}, module="dist/index.mjs", main="dist/index.js", peerDependencies={"react": "18"})}, "react", "", "build", None, {}),
    "a command line tool": ({"package.json": package(None, "commander", bin="./bin.js"), "bin.js": "require('commander')"}, None, "", "", None, {}),
    "a plain page": ({"package.json": package({"start": "http-server ."}, dev=("http-server",)), "index.html": "", "app.js": "document.title"}, None, None, "", None, {"output": "."}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PROJECTS))
def test_a_project_is_started_and_built(name: str, tmp_path: Path) -> None:
    files, framework, start, build, port, more = PROJECTS[name]
    profile = scan(tmp_path, files)
    assert (profile.framework.value.id if profile.framework else None) == framework
    assert (" ".join(profile.start.value.argv) if profile.start else "") == (start or "")
    assert (profile.kind.value == STATIC) is (start is None)
    assert (profile.build_command.value[-1] if profile.build_command else "") == build
    assert (profile.port.value if profile.port else None) == port
    if "health" in more:
        assert profile.health_path is not None
        assert profile.health_path.value == more["health"]
    if "output" in more:
        assert profile.output_dir is not None
        assert profile.output_dir.value == more["output"]
    if "env" in more:
        assert profile.start is not None
        assert profile.start.value.port_from_env is more["env"]
    assert profile.single_page is more.get("single", profile.single_page)
    assert profile.runtime == more.get("runtime", profile.runtime)
    for fact in (profile.start, profile.build_command, profile.port):
        assert fact is None or fact.evidence


@pytest.mark.parametrize("start", [
    "astro dev", "ng serve", "react-scripts start", "gatsby develop", "nest start", "vite", "next dev", "nuxt dev", "webpack serve", "vue-cli-service serve",
    "parcel index.html", "remix dev", "tsx watch src/x.ts", "node --watch x.js", "ts-node-dev x.ts", "live-server", "storybook dev -p 6006", "node ace serve --hmr",
    "cross-env A=1 nodemon x.js", "npm run dev", "dotenv -e .env -- next dev", "concurrently 'npm:dev'", "npx nodemon x.js",
])  # fmt: skip
def test_a_development_server_is_never_the_start_command(start: str, tmp_path: Path) -> None:
    files = {
        "package.json": package({"start": start, "dev": "nodemon x.js"}, "express"),
        "x.js": "require('express')().listen(3000)\n",
        "src/x.ts": "",
    }
    profile = scan(tmp_path, files)
    assert "development-start" in codes(profile)
    assert profile.start is None or profile.start.value.argv == ("node", "x.js")


def test_a_workspace_starts_one_of_its_members(tmp_path: Path) -> None:
    files = {
        "package.json": package({"start": "npm start --workspace=server", "build": "turbo run build"}, dev=("turbo", "react"), workspaces=["server", "client"]),
        "turbo.json": "{}", "server/package.json": package({"start": "node src/index.js"}, "express"), "server/src/index.js": "const express = require('express')\nconst app = express()\napp.listen(3333)",
        "client/package.json": package({"build": "vite build"}, "react", dev=("vite",)), "client/index.html": "",
    }  # fmt: skip
    profile = scan(tmp_path, files)
    assert [(one.path, one.profile.framework.value.id if one.profile.framework else "") for one in profile.components] == [
        ("client", "react"),
        ("server", "express"),
    ]
    assert profile.framework is not None
    assert profile.start is not None
    assert (profile.framework.value.id, profile.start.value.argv) == ("express", ("node", "src/index.js"))


SOURCE = """
const { A, B = '1', C: d = 2 } = process.env
const x = parseInt(process.env.PORT ?? '3000', 10)
const must = process.env.MUST!
if (!process.env.ENDS) { throw new Error('a') }
const copy = process.env.COPY
if (!copy) throw new Error('b')
const either = process.env.FIRST || process.env.SECOND || 'last'
const asked = process.env.ASKED ? Number(process.env.ASKED) : 5
const soft = process.env.SOFT?.split(',')
const hard = process.env['HARD'].split(',')
const set = process.env.SWITCH === 'true'
delete process.env['GONE']
process.env.WRITTEN = '1'
process.env.KEPT ??= 'k'
import.meta.env.VITE_X
const read = (name: string, d?: string) => process.env[name] ?? d
function requireEnv(name: string): string { const v = process.env[name]; if (!v) throw new Error(name); return v }
read('HELPED'); read('HELPED2', 'z'); requireEnv('DEMANDED')
const c = config.get<string>('CFG', 'd'); configService.getOrThrow('SURE'); config.get('other')
const n = Deno.env.get('DENO_X') ?? 'q'
const own = process.env.COMPUTED || make()
"""


def test_variables_of_the_source() -> None:
    assert told("a.ts", SOURCE, "env") == {
        ("A", "", ""), ("B", "1", "defaulted"), ("C", "2", "defaulted"), ("PORT", "3000", "defaulted"), ("MUST", "", "required"), ("ENDS", "", "required"),
        ("COPY", "", "required"), ("FIRST", "last", "defaulted"), ("SECOND", "last", "defaulted"), ("ASKED", "5", "defaulted"), ("ASKED", "", ""), ("SOFT", "", ""),
        ("HARD", "", "required"), ("SWITCH", "", ""), ("KEPT", "k", "defaulted"), ("VITE_X", "", "build"), ("HELPED", "", ""), ("HELPED2", "z", "defaulted"),
        ("DEMANDED", "", "required"), ("CFG", "d", "defaulted"), ("SURE", "", "required"), ("DENO_X", "q", "defaulted"), ("COMPUTED", "", "computed defaulted"),
    }  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), [
    ("import { z } from 'zod'\nz.object({ NEED: z.string().url(), OPT: z.string().optional(), N: z.coerce.number().default(3000), KIND: z.enum(['a']) }).parse(process.env)", {("NEED", "", "required"), ("OPT", "", ""), ("KIND", "", "required")}),
    ("import { cleanEnv, str, port } from 'envalid'\ncleanEnv(process.env, { NEED: str(), TITLE: str({ default: 'Shop' }), WEB_PORT: port({ default: 80 }) })", {("NEED", "", "required"), ("TITLE", "Shop", "defaulted"), ("WEB_PORT", "80", "defaulted")}),
    ("createEnv({ server: { NEED: z.string() }, client: { NEXT_PUBLIC_A: z.string() } })", {("NEED", "", "required"), ("NEXT_PUBLIC_A", "", "build required")}),
    ("ConfigModule.forRoot({ validationSchema: Joi.object({ NEED: Joi.string().required(), FREE: Joi.string(), MODE: Joi.string().default('x') }) })", {("NEED", "", "required"), ("FREE", "", ""), ("MODE", "x", "defaulted")}),
    ("convict({ web: { format: 'port', default: 8080, env: 'WEB_PORT' }, key: { default: null, env: 'KEY' } })\nprocess.env", {("WEB_PORT", "8080", "defaulted"), ("KEY", "", "")}),
    ("class E { @IsString() NEED: string; @IsOptional() FREE?: string; MODE: string = 'x' }\nvalidateSync(plainToInstance(E, process.env))", {("NEED", "", "required"), ("FREE", "", ""), ("MODE", "x", "defaulted")}),
    ("import { SECRET_A } from '$env/static/private'\nimport { env } from '$env/dynamic/private'\nenv.LATER", {("SECRET_A", "", "build required"), ("LATER", "", "")}),
    ("env.get('NEED').required().asString(); env.get('MODE').default('x').asString(); process.env", {("NEED", "", "required"), ("MODE", "x", "defaulted")}),
    ("export default ({ env }) => ({ key: env('NEED_KEY'), host: env('HOST_NAME', '0.0.0.0'), n: env.int('COUNT', 3) })", {("NEED_KEY", "", ""), ("HOST_NAME", "0.0.0.0", "defaulted"), ("COUNT", "3", "defaulted")}),
])  # fmt: skip
def test_variables_of_schemas(source: str, expected: set[tuple[str, str, str]]) -> None:
    assert expected <= told("env.ts", source, "env")


def test_variables_of_nuxt_and_of_components() -> None:
    nuxt = "export default defineNuxtConfig({ runtimeConfig: { apiSecret: '', public: { apiBase: '/api' } } })"
    assert told("nuxt.config.ts", nuxt, "env") == {("NUXT_API_SECRET", "", ""), ("NUXT_PUBLIC_API_BASE", "/api", "defaulted")}
    found = facts("x.vue", "<template>\n<p></p></template>\n<script setup lang='ts'>\nconst u = import.meta.env.VITE_A\n</script>")
    assert [(fact.name, fact.line) for fact in found if fact.kind == "env"] == [("VITE_A", 4)]


@pytest.mark.parametrize(("source", "port", "host", "env"), [
    ("app.listen(3000)", "3000", "", False), ("app.listen('3000', 'localhost', f)", "3000", "localhost", False), ("app.listen(process.env.PORT)", "", "", True),
    ("const p = Number(process.env.PORT) || 8080\napp.listen(p, () => {})", "8080", "", True), ("const { PORT = 5000 } = process.env\napp.listen(PORT)", "5000", "", True),
    ("app.set('port', process.env.PORT || 5001)\nhttp.createServer(app).listen(app.get('port'))", "5001", "", True), ("const c = { web: { port: 4001 } }\nserver.listen(c.web.port)", "4001", "", False),
    ("server.listen({ port: 1234, host: '127.0.0.1' })", "1234", "127.0.0.1", False), ("Bun.serve({ port: 4000, fetch() {} })", "4000", "", False), ("Deno.serve(h)", "8000", "", False),
    ("export default { port: 3003, fetch: app.fetch }", "3003", "", False), ("uws.App().listen('0.0.0.0', 9001, cb)", "9001", "0.0.0.0", False), ("const PORT = process.env.PORT ? +process.env.PORT : 3002\napp.listen(PORT)", "3002", "", True),
    ("await app.listen(configService.get('PORT', 3004))", "3004", "", True), ("app.listen(`${port}`)\nvar port = 81", "81", "", False),
])  # fmt: skip
def test_where_a_program_listens(source: str, port: str, host: str, env: bool) -> None:
    found = [fact for fact in facts("server.ts", source) if fact.kind == "listen"]
    assert [(fact.name, fact.value, "env" in fact.tags) for fact in found] == [(port, host, env)]


@pytest.mark.parametrize(
    "source",
    [
        "history.listen(() => {})",
        "server.listen('/tmp/x.sock')",
        "worker.listen({ onUnhandledRequest: 'error' })",
        "i18n.listen(callback)",
    ],
)
def test_what_does_not_listen(source: str) -> None:
    assert not [fact for fact in facts("a.ts", source) if fact.kind == "listen"]


MANIFESTS: list[tuple[str, str, set[tuple[str, str, str]]]] = [
    ("package.json5", "{\n // c\n name: 'web', 'scripts': {start: 'node x.js',},\n dependencies: {express: '^5'},\n}", {("dependency", "express", "^5"), ("script", "start", "node x.js")}),
    ("package.yaml", "name: web\ndependencies:\n  express: ^5\nscripts:\n  start: node x.js\n", {("dependency", "express", "^5"), ("script", "start", "node x.js")}),
    ("package.json", '{"workspaces": {"packages": ["a/*", "!a/b"]}, "devEngines": {"runtime": [{"name": "node", "version": "22"}], "packageManager": {"name": "yarn", "version": "4"}}}', {("workspace", "a/*", ""), ("workspace", "!a/b", ""), ("pin", "node", "22"), ("package-manager", "yarn", "4")}),
    ("package.json", '{"packageManager": "bun@1.2.3", "engines": {"bun": ">=1.1"}, "dependencies": {"x": "workspace:*", "y": "file:../y"}, "bin": {"s": "./cli.js"}}', {("package-manager", "bun", "1.2.3"), ("pin", "bun", ">=1.1"), ("uses-project", "x", "workspace:*"), ("uses-project", "../y", "file:../y"), ("package-field", "bin", "./cli.js")}),
    ("pnpm-workspace.yaml", "packages:\n  - 'apps/*'\n  - '!x'\ncatalog:\n  react: ^19\ncatalogs:\n  old:\n    react: ^17\n", {("workspace", "apps/*", ""), ("workspace", "!x", ""), ("catalog", "react", "^19"), ("catalog", "react", "^17")}),
    ("pnpm-lock.yaml", "lockfileVersion: 5.4\n\nspecifiers:\n  express: ^4.18.2\n\ndependencies:\n  express: 4.18.2\n\npackages:\n\n  /accepts/1.3.8:\n    dev: false\n  /@a/b/1.0.0_react@18:\n    dev: true\n", {("locked", "express", "4.18.2"), ("locked", "accepts", "1.3.8"), ("locked", "@a/b", "1.0.0")}),
    ("pnpm-lock.yaml", "lockfileVersion: '6.0'\n\ndependencies:\n  express:\n    specifier: ^4\n    version: 4.18.2\n\npackages:\n\n  /accepts@1.3.8:\n    dev: false\n", {("locked", "express", "4.18.2"), ("locked", "accepts", "1.3.8")}),
    ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@x/y':\n        specifier: ^1\n        version: 1.2.3(react@19.0.0)\n\npackages:\n\n  other@1.0.0:\n    resolution: {}\n", {("locked", "@x/y", "1.2.3"), ("locked", "other", "1.0.0")}),
    ("package-lock.json", '{"packages": {"": {}, "node_modules/a/node_modules/b": {"version": "1.0"}, "node_modules/b": {"version": "2.0"}}}', {("locked", "b", "2.0"), ("locked", "b", "1.0")}),
    ("npm-shrinkwrap.json", '{"dependencies": {"a": {"version": "1.0", "dependencies": {"b": {"version": "2.0"}}}}}', {("locked", "a", "1.0"), ("locked", "b", "2.0")}),
    ("bun.lock", '{\n "workspaces": {"": {}},\n "packages": {\n  "hono": ["hono@4.6.1", "", {}, "x"],\n  "a/ansi": ["ansi@5.0.0", "", {}, "x"],\n }\n}', {("locked", "hono", "4.6.1"), ("locked", "ansi", "5.0.0")}),
    ("yarn.lock", '__metadata:\n  version: 8\n\n"a@npm:^1":\n  version: 1.0.1\n\n"web@workspace:.":\n  version: 0.0.0-use.local\n', {("locked", "a", "1.0.1"), ("manager-version", "yarn", "berry")}),
    ("rush.json", '{"pnpmVersion": "9.1.0", "nodeSupportedVersionRange": ">=20", "projects": [{"projectFolder": "apps/web"}]}', {("workspace", "apps/web", ""), ("package-manager", "pnpm", "9.1.0"), ("pin", "node", ">=20")}),
    ("lerna.json", '{"packages": ["packages/*"]}', {("workspace", "packages/*", "")}),
    ("project.json", '{"name": "web", "targets": {"build": {"executor": "@nx/vite:build", "options": {"outputPath": "dist/web"}}}}', {("tool", "@nx/vite", "@nx/vite:build"), ("option", "nx.build.outputPath", "dist/web")}),
    (".yarnrc.yml", "yarnPath: .yarn/releases/yarn-4.1.0.cjs\n", {("manager-version", "yarn", "4.1.0")}),
    ("tsconfig.json", '{ // c\n "compilerOptions": {"outDir": "./dist",},}', {("option", "compilerOptions.outDir", "./dist")}),
    ("nest-cli.json", '{"sourceRoot": "src", "monorepo": true}', {("option", "nest.sourceRoot", "src"), ("option", "nest.monorepo", "true")}),
    ("config/custom-environment-variables.json", '{"web": {"port": "WEB_PORT", "n": {"__name": "COUNT", "__format": "json"}}}', {("env", "WEB_PORT", ""), ("env", "COUNT", "")}),
    ("turbo.json", '{"tasks": {"build": {}}}', {("tool", "turbo", ""), ("task", "build", "")}),
    ("vite.config.ts", "export default { build: { outDir: path.resolve(__dirname, '../out') } }", {("option", "build.outDir", "../out")}),
    ("knexfile.js", "module.exports = { client: 'pg', connection: process.env.DATABASE_URL }", {("datasource", "postgresql", "Knex client 'pg'"), ("env", "DATABASE_URL", "")}),
    ("src/data.ts", "new DataSource({ type: 'mysql', url: '' })", {("datasource", "mysql", "TypeORM type 'mysql'")}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "content", "expected"), MANIFESTS, ids=range(len(MANIFESTS)))
def test_a_file_gives_its_facts(path: str, content: str, expected: set[tuple[str, str, str]]) -> None:
    assert expected <= {(fact.kind, fact.name, fact.value) for fact in facts(path, content)}


ODD = ["{}", "[]", "[1, {}]", "null", '"x"', "7", "", "{", "\0", "a: [", '{"packages": [1], "dependencies": 7, "projects": {"a": 1}, "targets": [2], "tasks": {"x": {}}, "name": {}, "importers": 3}',
       '{"packages": {"a": [], "b": [1], "c": "x"}, "workspaces": {"packages": "x"}, "devEngines": [], "catalogs": {"x": 1}, "compilerOptions": [], "include": [3]}', "(" * 3000, "export default {" * 200]  # fmt: skip
PATHS = sorted({path for path, *_ in MANIFESTS} | {"angular.json", "nx.json", "deno.json", "deno.lock", "import_map.json", "next.config.js", "a.tsx", "a.vue", "a.svelte", "a.astro", "ionic.config.json", "config/default.json", "config/default.yaml", "bin/www"})  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_odd_files_are_facts_or_broken_and_nothing_else(path: str) -> None:
    for content in ODD:
        try:
            assert all(fact.file == path and fact.line >= 0 for fact in facts(path, content))
        except Broken as broken:
            assert broken.message


def test_long_lines_and_large_patterns_end_quickly() -> None:
    for content in (
        "process.env." * 20_000,
        "x = {" * 5000 + "process.env.A",
        "import " + "'" * 40_000,
        "a" * 400_000 + "\nprocess.env.B",
        "app.get('/" + "a/" * 30_000 + "')",
    ):
        facts("a.ts", content)


def test_services_and_system_packages(tmp_path: Path) -> None:
    files = {"package.json": package({"start": "node a.js"}, "express", "pg", "bullmq", "mongoose", "@elastic/elasticsearch", "puppeteer", "bcrypt", "@prisma/client"), "a.js": "require('express')().listen(1)\n"}  # fmt: skip
    profile = scan(tmp_path, files)
    assert {one.name for one in profile.services} == {"postgresql", "redis", "mongodb", "elasticsearch"}
    packages = {one.name: (one.build, one.run) for one in profile.system_packages}
    assert packages["g++"] == (True, False)
    assert packages["openssl"] == (True, True)
    assert packages["libnss3"] == (False, True)


@pytest.mark.parametrize(("files", "version", "code"), [
    ({".nvmrc": "lts/gallium"}, "16", "runtime-end-of-life"), ({".nvmrc": "18"}, "18", "runtime-end-of-life"), ({".nvmrc": "v22.1.0"}, "22.1.0", ""),
    ({".nvmrc": "20", ".node-version": "24"}, "24", "runtime-version-conflict"), ({".nvmrc": "jod"}, "22", ""),
])  # fmt: skip
def test_versions_of_node(files: Files, version: str, code: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, {"package.json": package(None, "express"), "a.js": "require('express')", **files})
    assert profile.runtime_version is not None
    assert profile.runtime_version.value == version
    found = codes(profile) & {"runtime-end-of-life", "runtime-version-conflict"}
    assert found == ({code} if code else set())


def test_evidence_of_a_port_in_another_file_names_that_file(tmp_path: Path) -> None:
    files, *_ = PROJECTS["express from source"]
    profile = scan(tmp_path, files)
    assert profile.port is not None
    assert where(profile.port) == ["src/config.ts:1"]


MORE: dict[str, tuple[Files, str | None, int | None, str]] = {
    "a class with a field": ({"package.json": package({"start": "node .", "build": "tsc"}, "express", main="dist/server.js"), "src/server.ts": "class App { private port = process.env.PORT || 5005; run() { this.app.listen(this.port) } }"}, "node .", 5005, ""),
    "a directory as the program": ({"package.json": package({"start": "node ./dist", "build": "tsc"}, "express"), "src/index.ts": "app.listen(5006)"}, "node ./dist", 5006, ""),
    "an ejected page": ({"package.json": package({"start": "node scripts/start.js", "build": "node scripts/build.js"}, "react"), "scripts/start.js": "server.listen(port, HOST)", "scripts/build.js": "", "config/paths.js": ""}, None, None, "build"),
    "a value of another module": ({"package.json": package({"start": "node index.js"}, "express"), "index.js": "const { PORT } = require('./config/env')\napp.listen(PORT)", "config/env.js": "module.exports = { PORT: process.env.PORT || 3456, DB_PORT: 5432 }", "other.js": "const PORT = 1111"}, "node index.js", 3456, ""),
    "node-config": ({"package.json": package({"start": "node index.js"}, "koa"), "index.js": "new Koa().listen(config.get('server.port'))", "config/default.yaml": "server:\n  port: 8123\n"}, "node index.js", 8123, ""),
    "a worker under nodemon": ({"package.json": package({"start": "nodemon worker.js"}, "axios"), "worker.js": "setInterval(() => {}, 1)"}, "node worker.js", None, ""),
    "svelte by rollup": ({"package.json": package({"build": "rollup -c", "start": "sirv public"}, dev=("svelte", "rollup")), "rollup.config.js": "export default { output: { file: 'public/build/bundle.js' } }", "public/index.html": ""}, None, None, "public"),
    "nx": ({"package.json": package({"start": "nx serve", "build": "nx build"}, "@nestjs/core", dev=("nx",)), "nx.json": "{}", "apps/api/src/main.ts": "await app.listen(process.env.PORT || 3333)", "apps/api/project.json": '{"name": "api", "targets": {"build": {"executor": "@nx/webpack:webpack"}}}'}, "node dist/apps/api/main.js", 3333, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MORE))
def test_a_program_in_an_odd_place(name: str, tmp_path: Path) -> None:
    files, start, port, output = MORE[name]
    profile = scan(tmp_path, files)
    assert (" ".join(profile.start.value.argv) if profile.start else None) == start
    assert (profile.port.value if profile.port else None) == port
    assert not output or (profile.output_dir is not None and profile.output_dir.value == output)
    assert profile.name == "shop"


REAL: dict[str, tuple[Files, dict[str, Any]]] = {
    "a converted variable with a default": ({"package.json": package(), "a.js": "const n = Number(process.env.LIMIT) || 20"}, {"variables": {"LIMIT": (False, "20")}}),
    "a checker of another file": ({"package.json": package(), "a.ts": "import { verifyCriticalEnvVariable } from './b'\nverifyCriticalEnvVariable('DOMAIN')"}, {"variables": {"DOMAIN": (True, None)}}),
    "typebox options": ({"package.json": package(), "env.ts": "import { Type as t } from '@sinclair/typebox'\nconst schema = t.Object({ LEVEL: t.String({ default: 'info' }), DOCS: t.Optional(t.Boolean()), NAME: t.String() })\nenvSchema({ schema })"}, {"variables": {"LEVEL": (False, "info"), "DOCS": (False, None), "NAME": (True, None)}}),
    "astro's schema": ({"package.json": package({"build": "astro build"}, "astro"), "astro.config.mjs": "export default defineConfig({ env: { schema: { TO: envField.string({ context: 'server', access: 'secret', default: 'a' }), KEY_ID: envField.string({ context: 'server', access: 'secret', optional: true }) } } })"}, {"variables": {"TO": (False, "a"), "KEY_ID": (False, None)}}),
    "nuxt's configuration": ({"package.json": package({"build": "nuxt build"}, "nuxt 3.1.0"), "nuxt.config.ts": "export default defineNuxtConfig({ runtimeConfig: { one: process.env.ONE, two: '' } })"}, {"variables": {"ONE": (False, None), "NUXT_TWO": (False, None)}, "build": {"ONE"}}),
    "a health route below a prefix": ({"package.json": package({"build": "nest build", "start:prod": "node dist/main"}, "@nestjs/core"), "src/main.ts": "const app = await NestFactory.create(M)\napp.setGlobalPrefix('api/v1')\nawait app.listen(3001)\n", "src/a.controller.ts": "@Controller()\nexport class A { @Get('health') check() {} }"}, {"health": "/api/v1/health"}),
    "an image whose entry point is node": ({"package.json": package({"start": "node src/index.js"}, "express"), "src/index.js": "require('express')().listen(3001)", "Dockerfile": "FROM gcr.io/distroless/nodejs22\nCOPY . .\nCMD [\"src/index.js\"]\n"}, {"start": "node src/index.js", "alternatives": 0}),
    "an entry point that is told what to do": ({"package.json": package({"start": "node src/index.js"}, "express"), "src/index.js": "require('express')().listen(3001)", "docker/docker-entrypoint.sh": "#!/bin/bash\nexec runuser -u app \"$@\"\n", "Dockerfile": "FROM node:22\nENTRYPOINT [\"docker-entrypoint.sh\"]\nCMD [\"start\"]\n"}, {"start": "node src/index.js", "alternatives": 0}),
    "an interpreter for development": ({"package.json": package({"start": "tsx src/index.ts"}, "telegraf", dev=("tsx",)), "src/index.ts": "new Telegraf()"}, {"start": "tsx src/index.ts", "codes": {"development-start"}, "health": None}),
    "a server of its own": ({"package.json": package({"start": "bun run index.ts"}), "bun.lock": "{}", "index.ts": "Bun.serve({ port: 4000, fetch(req) { const url = new URL(req.url)\nif (url.pathname === '/healthz') return new Response('ok') } })"}, {"health": "/healthz"}),
    "a switch over the path": ({"package.json": package({"start": "node a.js"}), "a.js": "require('http').createServer((req, res) => { switch (req.url) { case '/health': res.end() } }).listen(4000)"}, {"health": "/health"}),
    "a site that is started for development": ({"package.json": package({"start": "gatsby develop", "build": "gatsby build"}, "gatsby"), "gatsby-config.js": "module.exports = { siteMetadata: { siteUrl: process.env.SITE_URL } }"}, {"codes": {"development-start"}, "build": {"SITE_URL"}}),
    "a main that is missing": ({"package.json": package({"start": "node app.js"}, "express", main="index.js"), "app.js": "require('express')().listen(3001)"}, {"codes": {"main-missing"}}),
    "a framework that is only listed": ({"package.json": package({"start": "node dist/index.js", "build": "tsc"}, "express", "discord.js"), "src/index.ts": "import { Client } from 'discord.js'\nnew Client().login(process.env.DISCORD_TOKEN)"}, {"framework": "discordjs", "health": None}),
    "an image of deno": ({"deno.json": '{"tasks": {"start": "deno run --allow-net main.ts"}, "imports": {"@oak/oak": "jsr:@oak/oak@^17.1.0"}}', "main.ts": "import { Application } from '@oak/oak'\nnew Application().listen({ port: 8000 })", "Dockerfile": "FROM denoland/deno:2.1.4\nCOPY . .\nCMD [\"task\", \"start\"]\n"}, {"start": "deno run --allow-net main.ts"}),
    "a program of the image's modules": ({"package.json": package({"start": "next start", "build": "next build"}, "next"), "Dockerfile": "FROM node:22\nCMD [\"node_modules/.bin/next\", \"start\"]\n"}, {"start": NEXT}),
    "variables in config.env": ({"package.json": package({"start": "node a.js"}, "express"), "a.js": "require('express')().listen(process.env.PORT || 5000)", "config/config.env": "PORT=5000\nJWT_EXPIRE=30d\n"}, {"variables": {"JWT_EXPIRE": (False, None)}}),
    "a schema of fastify": ({"package.json": package({"start": "node a.js"}, "fastify"), "a.js": "const app = require('fastify')()\napp.register(require('@fastify/env'), { schema: { type: 'object', required: ['NEED'], properties: { NEED: { type: 'string' }, PORT: { type: 'string', default: '8080' }, ORIGIN: { type: 'string', default: 'x' } } } })\napp.listen({ port: Number(app.config.PORT ?? '8080'), host: '0.0.0.0' })"}, {"variables": {"NEED": (True, None), "ORIGIN": (False, "x")}}),
    "a port of nest's settings": ({"package.json": package({"build": "nest build", "start:prod": "node dist/main"}, "@nestjs/core"), "src/main.ts": "const app = await NestFactory.create(M)\napp.setGlobalPrefix('api')\napp.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' })\nconst port = app.get(ConfigService).get<string>('app.port')\nawait app.listen(port ?? 3000)", "src/config/app.config.ts": "export default registerAs('app', () => ({ port: parseInt(process.env.APP_PORT, 10) || 8080 }))", "src/a.controller.ts": "@Controller('ping')\nexport class A { @Get() get() {} }"}, {"port": 8080, "health": "/api/v1/ping"}),
    "a neutral version of nest": ({"package.json": package({"build": "nest build", "start:prod": "node dist/main"}, "@nestjs/core"), "src/main.ts": "const app = await NestFactory.create(M)\napp.enableVersioning({ type: VersioningType.URI })\nawait app.listen(3000)", "src/a.controller.ts": "@Controller({ path: 'health', version: VERSION_NEUTRAL })\nexport class A { @Get() get() {} }"}, {"health": "/health"}),
    "a platform that sets the port": ({"package.json": package({"start": "node a.js"}, "express"), "a.js": "require('express')().listen(process.env.PORT || 3000)", "fly.toml": "[env]\n  PORT = \"8080\"\n[http_service]\n  internal_port = 8080\n"}, {"port": 3000, "no": {"port-conflict"}}),
    "a program that a directory below is": ({"package.json": package({"start": "node server/server.js", "build": "cd client && npm run build"}, dev=("concurrently",)), "server/package.json": package({"start": "node server.js"}, "express"), "server/server.js": "const app = require('express')()\napp.get('/api/health', f)\napp.listen(process.env.PORT || 5000)", "client/package.json": package({"build": "vite build"}, "react", dev=("vite",)), "client/index.html": ""}, {"framework": "express", "start": "node server/server.js", "port": 5000, "health": "/api/health"}),
    "variables of vite's configuration": ({"package.json": package({"build": "vite build"}, dev=("vite",)), "index.html": "", "vite.config.ts": "export default defineConfig(({ mode }) => { const env = loadEnv(mode, process.cwd(), '')\nreturn { base: env.BASE_PATH || '/' } })"}, {"variables": {"BASE_PATH": (False, "/")}, "build": {"BASE_PATH"}}),
    "two lock files and an image": ({"package.json": package({"start": "node a.js"}, "express"), "a.js": "require('express')().listen(3000)", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "package-lock.json": "{}", "Dockerfile": "FROM node:22\nRUN npm install -g pm2 && npm ci\nCMD [\"node\", \"a.js\"]\n"}, {"manager": "npm"}),
    "a path that is compared": ({"package.json": package({"start": "node a.js"}, "koa"), "a.js": "const Koa = require('koa')\nconst app = new Koa()\napp.use(async ctx => { if (ctx.request.path === '/health') ctx.body = 'ok' })\napp.listen(3000)"}, {"health": "/health"}),
    "an image that keeps a program running": ({"package.json": package({"start": "node src/a.js"}, "express"), "src/a.js": "require('express')().listen(3000)", "Dockerfile": "FROM node:22\nCMD [\"pm2-runtime\", \"start\", \"src/a.js\"]\n"}, {"start": "node src/a.js"}),
    "a process file in yaml": ({"package.json": package({"start": "node src/a.js"}, "express"), "src/a.js": "require('express')().listen(3000)", "ecosystem.yml": "apps:\n  - script: ./src/a.js\n    name: a\n", "Dockerfile": "FROM node:22\nENTRYPOINT [\"pm2-runtime\"]\nCMD [\"start\", \"ecosystem.yml\"]\n"}, {"start": "node src/a.js"}),
    "a process file for production": ({"package.json": package({}, "express"), "a.js": "require('express')().listen(process.env.PORT)", "ecosystem.config.js": "module.exports = { apps: [{ script: 'a.js', env: { PORT: 3000 },\n env_production: {\n NODE_ENV: 'production',\n PORT: 8000 } }] }"}, {"port": 8000}),
    "a prefix in a constant": ({"package.json": package({"build": "nest build", "start:prod": "node dist/main"}, "@nestjs/core"), "src/main.ts": "const app = await NestFactory.create(M)\nconst globalPrefix = 'api'\napp.setGlobalPrefix(globalPrefix)\nawait app.listen(3001)\n", "src/a.controller.ts": "@Controller('health')\nexport class A { @Get() check() {} }"}, {"health": "/api/health"}),
    "a prefix nobody knows": ({"package.json": package({"build": "nest build", "start:prod": "node dist/main"}, "@nestjs/core"), "src/main.ts": "const app = await NestFactory.create(M)\napp.setGlobalPrefix(config.get('PREFIX'))\nawait app.listen(3001)\n", "src/a.controller.ts": "@Controller('health')\nexport class A { @Get() check() {} }"}, {"health": "/"}),
    "a health check of yoga": ({"package.json": package({"start": "node a.js"}, "graphql-yoga"), "a.js": "const { createYoga } = require('graphql-yoga')\nrequire('http').createServer(createYoga({ schema, healthCheckEndpoint: '/live' })).listen(4000)"}, {"health": "/live"}),
    "variables taken from vite": ({"package.json": package({"build": "astro build"}, "astro"), "astro.config.mjs": "const { SITE_URL } = loadEnv(process.env.NODE_ENV, process.cwd(), '')\nexport default defineConfig({ site: SITE_URL })"}, {"variables": {"SITE_URL": (False, None)}, "build": {"SITE_URL"}}),
    "an old adonis": ({"package.json": package({"start": "node server.js"}, "@adonisjs/framework"), "server.js": "new Ignitor().fireHttpServer()"}, {"framework": "adonis", "build_command": None}),
    "sockets of their own": ({"package.json": package({"start": "node a.js"}, "socket.io"), "a.js": "import { Server } from 'socket.io'\nimport { env } from './env.js'\nconst io = new Server(env.SOCKET_PORT, { cors: {} })", "env.js": "export const env = { SOCKET_PORT: Number(process.env.SOCKET_PORT ?? 5001) }"}, {"framework": "socket.io", "port": 5001}),
    "sockets beside a server": ({"package.json": package({"start": "node a.js"}, "express", "ws"), "a.js": "const { WebSocketServer } = require('ws')\nconst server = require('http').createServer(require('express')())\nnew WebSocketServer({ server })\nserver.listen(3001)"}, {"framework": "express", "port": 3001}),
    "an address in sequelize's configuration": ({"package.json": package({"start": "node a.js"}, "sequelize"), "a.js": "", "config/config.json": '{"production": {"use_env_variable": "DB_ADDRESS", "dialect": "mysql"}}'}, {"variables": {"DB_ADDRESS": (False, None)}}),
    "an old range": ({"package.json": package({"start": "node app.js"}, engines={"node": "8.x"}), "app.js": "require('http').createServer().listen(3001)"}, {"version": "8", "codes": {"runtime-end-of-life"}}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REAL))
def test_what_real_projects_taught(name: str, tmp_path: Path) -> None:
    files, expected = REAL[name]
    profile = scan(tmp_path, files)
    told_variables = {one.name: one for one in profile.variables}
    for variable, (required, default) in expected.get("variables", {}).items():
        assert (told_variables[variable].required, told_variables[variable].default) == (required, default), variable
    if "variables" in expected:
        assert set(told_variables) == set(expected["variables"])
    assert {one.name for one in profile.variables if one.build_time} >= expected.get("build", set())
    if "framework" in expected:
        assert profile.framework is not None and profile.framework.value.id == expected["framework"]
    if "start" in expected:
        assert profile.start is not None and " ".join(profile.start.value.argv) == expected["start"]
        assert len(profile.start.alternatives) == expected.get("alternatives", 0)
    if "build_command" in expected:
        assert (profile.build_command.value if profile.build_command else None) == expected["build_command"]
    if "manager" in expected:
        assert profile.package_manager is not None and profile.package_manager.value.name == expected["manager"]
    if "port" in expected:
        assert profile.port is not None and profile.port.value == expected["port"]
    if "health" in expected:
        assert (profile.health_path.value if profile.health_path else None) == expected["health"]
    if "version" in expected:
        assert profile.runtime_version is not None and profile.runtime_version.value == expected["version"]
    found = {one.code for one in profile.findings}
    assert found >= expected.get("codes", set()) and not found & expected.get("no", set())
