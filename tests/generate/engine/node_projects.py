# ruff: noqa: E501 - sources read better unbroken
"""Small projects that are complete: each is installed, built and started as it stands."""

from __future__ import annotations

import json
from typing import Any

Files = dict[str, str]


def package(**fields: Any) -> str:
    return json.dumps({"name": "shop", "version": "1.0.0", "private": True, **fields}, indent=2) + "\n"


EXPRESS: Files = {
    "package.json": package(scripts={"start": "node server.js"}, dependencies={"express": "5.1.0"}),
    "server.js": "const app = require('express')();\n"
    "app.get('/', (q, r) => r.send('hello'));\n"
    "app.listen(process.env.PORT || 3000, '0.0.0.0');\n",
}
THROUGH_A_SHELL: Files = {
    **EXPRESS,
    "package.json": package(
        scripts={"start": "node prepare.js && node server.js"}, dependencies={"express": "5.1.0"}, packageManager="pnpm@10.34.9"
    ),
    "prepare.js": "console.log('prepared');\n",
}
FASTIFY: Files = {
    "package.json": package(
        type="module",
        scripts={"build": "tsc", "start": "node dist/server.js", "prepare": "husky"},
        dependencies={"fastify": "5.6.1"},
        devDependencies={"typescript": "5.9.3", "@types/node": "22.18.8"},
    ),
    "tsconfig.json": '{"compilerOptions": {"module": "nodenext", "target": "es2023", "outDir": "dist", "rootDir": "src", "strict": true},'
    ' "include": ["src"]}\n',
    "src/server.ts": "import Fastify from 'fastify';\n\nconst app = Fastify();\napp.get('/healthz', async () => ({ up: true }));\n"
    "await app.listen({ port: Number(process.env.PORT ?? 3000), host: '0.0.0.0' });\n",
}
NEST: Files = {
    "package.json": package(
        scripts={"build": "tsc", "start": "nest start", "start:prod": "node dist/main"},
        dependencies={
            "@nestjs/common": "11.1.6",
            "@nestjs/core": "11.1.6",
            "@nestjs/platform-express": "11.1.6",
            "reflect-metadata": "0.2.2",
            "rxjs": "7.8.2",
        },
        devDependencies={"typescript": "5.9.3", "@types/node": "22.18.8"},
    ),
    "tsconfig.json": '{"compilerOptions": {"module": "commonjs", "target": "es2023", "outDir": "dist", "rootDir": "src",\n'
    ' "experimentalDecorators": true, "emitDecoratorMetadata": true, "skipLibCheck": true}, "include": ["src"]}\n',
    "nest-cli.json": '{"sourceRoot": "src"}\n',
    "src/main.ts": "import 'reflect-metadata';\nimport { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\n\n"
    "async function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n  app.enableShutdownHooks();\n"
    "  await app.listen(process.env.PORT ?? 3000);\n}\nbootstrap();\n",
    "src/app.module.ts": "import { Controller, Get, Module } from '@nestjs/common';\n\n@Controller()\nclass Shop {\n  @Get()\n"
    "  index() {\n    return 'hello';\n  }\n\n  @Get('health')\n  health() {\n    return { up: true };\n  }\n}\n\n"
    "@Module({ controllers: [Shop] })\nexport class AppModule {}\n",
}
NUXT: Files = {
    "package.json": package(
        type="module", scripts={"build": "nuxt build", "postinstall": "nuxt prepare"}, dependencies={"nuxt": "4.1.3"}
    ),
    "nuxt.config.ts": "export default defineNuxtConfig({ compatibilityDate: '2025-10-01', telemetry: false });\n",
    "app.vue": "<template><p>hello</p></template>\n",
}
ASTRO: Files = {
    "package.json": package(type="module", scripts={"build": "astro build"}, dependencies={"astro": "5.14.4"}),
    "astro.config.mjs": "import { defineConfig } from 'astro/config';\n\nexport default defineConfig({});\n",
    "src/pages/index.astro": "<html><head><title>shop</title></head><body><p>hello</p><style>p { color: teal; }</style></body></html>\n",
    "src/pages/404.astro": "<html><head><title>shop</title></head><body><p>nothing of that name</p></body></html>\n",
}
ASTRO_NODE: Files = {
    "package.json": package(
        type="module", scripts={"build": "astro build"}, dependencies={"astro": "5.14.4", "@astrojs/node": "9.5.0"}
    ),
    "astro.config.mjs": "import node from '@astrojs/node';\nimport { defineConfig } from 'astro/config';\n\n"
    "export default defineConfig({ output: 'server', adapter: node({ mode: 'standalone' }) });\n",
    "src/pages/index.astro": "<html><head><title>shop</title></head><body><p>hello</p></body></html>\n",
    "src/pages/health.ts": "export const GET = () => new Response('up');\n",
}
SVELTEKIT: Files = {
    "package.json": package(
        type="module",
        scripts={"build": "vite build"},
        devDependencies={
            "@sveltejs/adapter-node": "5.3.3",
            "@sveltejs/kit": "2.46.2",
            "@sveltejs/vite-plugin-svelte": "6.2.1",
            "svelte": "5.39.11",
            "vite": "7.1.9",
        },
    ),
    "svelte.config.js": "import adapter from '@sveltejs/adapter-node';\n\nexport default { kit: { adapter: adapter() } };\n",
    "vite.config.js": "import { sveltekit } from '@sveltejs/kit/vite';\nimport { defineConfig } from 'vite';\n\n"
    "export default defineConfig({ plugins: [sveltekit()] });\n",
    "src/app.html": '<!doctype html>\n<html lang="en"><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>\n',
    "src/routes/+page.svelte": "<p>hello</p>\n",
}
REACT_ROUTER: Files = {
    "package.json": package(
        type="module",
        scripts={"build": "react-router build", "start": "react-router-serve ./build/server/index.js"},
        dependencies={
            "@react-router/node": "7.9.4",
            "@react-router/serve": "7.9.4",
            "isbot": "5.1.31",
            "react": "19.2.0",
            "react-dom": "19.2.0",
            "react-router": "7.9.4",
        },
        devDependencies={"@react-router/dev": "7.9.4", "vite": "7.1.9"},
    ),
    "vite.config.js": "import { reactRouter } from '@react-router/dev/vite';\nimport { defineConfig } from 'vite';\n\n"
    "export default defineConfig({ plugins: [reactRouter()] });\n",
    "app/root.jsx": "import { Outlet, Scripts } from 'react-router';\n\nexport default function App() {\n"
    "  return <html lang='en'><body><Outlet /><Scripts /></body></html>;\n}\n",
    "app/routes.js": "import { index } from '@react-router/dev/routes';\n\nexport default [index('home.jsx')];\n",
    "app/home.jsx": "export default function Home() {\n  return <p>hello</p>;\n}\n",
}
VITE: Files = {
    "package.json": package(type="module", scripts={"build": "vite build"}, devDependencies={"vite": "7.1.9"}),
    "index.html": '<!doctype html><title>shop</title><div id="app"></div><script type="module" src="/main.js"></script>\n',
    "main.js": "document.getElementById('app').textContent = 'hello';\n",
}
BUN: Files = {
    "package.json": package(
        type="module",
        scripts={"start": "bun run src/index.ts"},
        dependencies={"hono": "4.9.12"},
        devDependencies={"prettier": "3.6.2"},
    ),
    "src/index.ts": "import { Hono } from 'hono';\n\nconst app = new Hono();\napp.get('/healthz', (c) => c.text('up'));\n\n"
    "Bun.serve({ port: Number(process.env.PORT ?? 3000), hostname: '0.0.0.0', fetch: app.fetch });\n",
}
DENO: Files = {
    "deno.json": json.dumps(
        {"tasks": {"start": "deno run --allow-net --allow-env=PORT main.ts"}, "imports": {"hono": "npm:hono@4.9.12"}}, indent=2
    )
    + "\n",
    "main.ts": "import { Hono } from 'hono';\n\nconst app = new Hono();\napp.get('/healthz', (c) => c.text('up'));\n\n"
    "Deno.serve({ port: Number(Deno.env.get('PORT') ?? 8000), hostname: '0.0.0.0' }, app.fetch);\n",
}
ELEVENTY: Files = {
    "package.json": package(scripts={"build": "eleventy"}, devDependencies={"@11ty/eleventy": "3.1.2"}),
    "index.md": "# hello\n",
    "404.md": "---\npermalink: 404.html\n---\nnothing of that name\n",
}
HUGO: Files = {
    "hugo.toml": "baseURL = 'https://shop.example/'\ntitle = 'shop'\ndisableKinds = ['taxonomy', 'term', 'rss']\n",
    "content/about.md": "---\ntitle: about\n---\nhello\n",
    "layouts/_default/single.html": "<h1>{{ .Title }}</h1>{{ .Content }}\n",
    "layouts/_default/list.html": "<h1>{{ .Title }}</h1>\n",
    "layouts/404.html": "<p>nothing of that name</p>\n",
}
MDBOOK: Files = {
    "book.toml": "[book]\ntitle = 'shop'\n",
    "src/SUMMARY.md": "# Summary\n\n- [Hello](hello.md)\n",
    "src/hello.md": "# hello\n",
}
MKDOCS: Files = {"requirements.txt": "mkdocs==1.6.1\n", "mkdocs.yml": "site_name: shop\n", "docs/index.md": "# hello\n"}
SPHINX: Files = {"requirements.txt": "sphinx==8.2.3\n", "conf.py": "project = 'shop'\n", "index.rst": "Shop\n====\n\nhello\n"}
WORKSPACE: Files = {
    "package.json": package(devDependencies={"prettier": "3.6.2"}, packageManager="pnpm@10.34.9"),
    "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n",
    "apps/api/package.json": package(
        name="@shop/api",
        scripts={"start": "node server.js"},
        dependencies={"express": "5.1.0", "@shop/words": "workspace:*"},
    ),
    "apps/api/server.js": "const app = require('express')();\nconst { hello } = require('@shop/words');\n\n"
    "app.get('/', (q, r) => r.send(hello));\napp.listen(process.env.PORT || 3000, '0.0.0.0');\n",
    "packages/words/package.json": package(name="@shop/words", main="dist/index.js", scripts={"build": "node build.js"}),
    "packages/words/build.js": "const fs = require('fs');\nfs.mkdirSync('dist', { recursive: true });\n"
    "fs.writeFileSync('dist/index.js', \"exports.hello = 'hello';\");\n",
}
