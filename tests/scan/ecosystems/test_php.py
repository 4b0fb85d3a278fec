# ruff: noqa: E501 - a table of file contents reads better unbroken
"""PHP projects: how they start, listen, build, and what they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind
from deploydeck.scan.parsers.php_project import PARSERS
from tests.scan.ecosystems.cases import check_broken, check_project

CASES: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "laravel": (
        {
            "composer.json": '{\n "name": "laravel/laravel",\n "type": "project",\n "require": {\n  "php": "^8.2",\n  "laravel/framework": "^11.9",\n  "ext-pdo_pgsql": "*",\n  "laravel/tinker": "^2"\n },\n "require-dev": {\n  "phpunit/phpunit": "^11"\n },\n "scripts": {\n  "dev": [\n   "a",\n   "b"\n  ]\n }\n}',
            "composer.lock": '{\n "packages": [\n  {\n   "name": "laravel/framework",\n   "version": "v11.9.2"\n  },\n  {\n   "name": "monolog/monolog",\n   "version": "3.1.0"\n  }\n ],\n "packages-dev": [\n  {\n   "name": "phpunit/phpunit",\n   "version": "11.0.1"\n  }\n ]\n}',
            "artisan": "#!/usr/bin/env php\n<?php\nrequire 'x';",
            "public/index.php": "<?php\n",
            "bootstrap/app.php": "<?php\nuse Illuminate\\Foundation\\Application;\nreturn Application::configure(basePath: dirname(__DIR__))\n->withRouting(\n web: __DIR__.'/../routes/web.php',\n health: '/up',\n)->create();",
            "routes/web.php": "<?php\nuse Illuminate\\Support\\Facades\\Route;\nRoute::get('/', fn() => 1);\nRoute::prefix('admin')->group(function () { Route::get('/health', 'x'); });",
            "routes/api.php": "<?php\nRoute::get('/health', fn() => 1);",
            "config/database.php": "<?php\nreturn ['default' => env('DB_CONNECTION', 'sqlite'), 'h' => env('DB_HOST', '127.0.0.1'), 'r'=>env('REDIS_URL'), 'q'=>env('Q', env('R','x'))];",
            ".env.example": "DB_CONNECTION=pgsql\nCACHE_STORE=redis\n",
            "package.json": '{"scripts": {"build": "vite build", "dev": "vite"}, "devDependencies": {"vite": "^5"}}',
        },
        {
            "framework": "laravel",
            "version": "11.9.2",
            "start": "frankenphp php-server --root public --listen {host}:{port}",
            "build": "npm run build",
            "port": 80,
            "output": "public",
            "runtime": "8.4",
            "services": ["postgresql", "redis"],
        },
    ),
    "symfony": (
        {
            "composer.json": '{\n "type": "project",\n "require": {\n  "php": ">=8.1",\n  "symfony/framework-bundle": "6.4.*",\n  "symfony/asset-mapper": "6.4.*",\n  "doctrine/orm": "^2"\n }\n}',
            "symfony.lock": "{}",
            "bin/console": "x",
            "public/index.php": "<?php use App\\Kernel;",
            "src/Kernel.php": "<?php\nnamespace App;\nuse Symfony\\Bundle\\FrameworkBundle\\Kernel\\MicroKernelTrait;\nclass Kernel { use MicroKernelTrait; }",
            "config/packages/doctrine.yaml": "doctrine:\n    dbal:\n        url: '%env(resolve:DATABASE_URL)%'\n",
            "src/Controller/H.php": "<?php\n#[Route('/api')]\nclass H {\n #[Route('/health', name: 'h', methods: ['GET'])]\n public function i() {}\n}\n",
            "config/services.yaml": "parameters:\n  x: '%env(default:y:APP_X)%'\n",
        },
        {
            "framework": "symfony",
            "build": "php bin/console asset-map:compile",
            "health": "/api/health",
            "variables": {"APP_X": None, "DATABASE_URL": "required"},
        },
    ),
    "slim": (
        {
            "composer.json": '{"require": {"slim/slim": "4.12.0", "php": "^7.4|^8.0"}, "scripts": {"start": "php -S localhost:8080 -t public"}}',
            "public/index.php": "<?php\nuse Slim\\Factory\\AppFactory;\n$app = AppFactory::create();\n$app->get('/health', function ($r) { return 1; });\n$app->group('/api', function ($group) { $group->get('/ping', 'x'); });\n$k = $_ENV['KEY'] ?? 'd'; $z = getenv('ZED') ?: throw new E(); $q=$_SERVER['REQUEST_URI']; $w = isset($_SERVER['APP_X']) ? $_SERVER['APP_X'] : 'k'; $client->get('/nope');",
        },
        {
            "framework": "slim",
            "version": "4.12.0",
            "port": 8080,
            "health": "/health",
            "runtime": "8.4",
            "variables": {"APP_X": "k", "KEY": None, "ZED": "required"},
        },
    ),
    "plain pages": (
        {
            "index.php": "<?php echo getenv('GREETING') ?: 'hi'; $p = new PDO('mysql:host=' . getenv('DB_HOST'));",
            "about.php": "<?php",
        },
        {
            "framework": None,
            "kind": Kind.SERVER,
            "port": 80,
            "output": ".",
            "services": ["mysql"],
            "variables": {"DB_HOST": None, "GREETING": "hi"},
        },
    ),
    "wordpress": (
        {
            "wp-config-sample.php": "<?php define('DB_NAME', getenv('WORDPRESS_DB_NAME'));",
            "index.php": "<?php define('WP_USE_THEMES', true);",
            "wp-content/x.php": "<?php",
        },
        {"framework": "wordpress", "output": ".", "services": ["mysql"]},
    ),
    "reactphp": (
        {
            "server.php": "<?php\nuse React\\Http\\HttpServer;\n$s = new React\\Socket\\SocketServer('0.0.0.0:8080');",
            "composer.json": '{"require":{"react/http":"^1"}}',
        },
        {"framework": "reactphp", "start": "php server.php", "port": 8080},
    ),
    "swoole": (
        {
            "server.php": "<?php\n$s = new Swoole\\Http\\Server('0.0.0.0', (int) (getenv('PORT') ?: 9501));",
            "composer.json": '{"require":{"ext-swoole":"*"}}',
        },
        {"framework": "swoole", "start": "php server.php", "env": True, "port": 9501},
    ),
    "a package": (
        {
            "composer.json": '{"name":"a/b","type":"library","require":{"php":">=7.2","psr/log":"^3"}}',
            "src/A.php": "<?php class A{}",
        },
        {"framework": None, "kind": Kind.NONE, "start": None},
    ),
    "drupal": (
        {
            "composer.json": '{"require":{"drupal/core-recommended":"^10"},"extra":{"drupal-scaffold":{"locations":{"web-root":"web/"}}}}',
        },
        {"framework": "drupal", "output": "web", "services": ["mysql"]},
    ),
    "octane": (
        {
            "composer.json": '{"require":{"laravel/framework":"^10","laravel/octane":"^2"}}',
            "artisan": "x",
        },
        {"framework": "laravel", "start": "php artisan octane:start --host={host} --port={port}", "port": 8000},
    ),
    "a wordpress plugin": (
        {
            "my-plugin.php": "<?php\n/**\n * Plugin Name: X\n */\n",
            "readme.txt": "x",
        },
        {"framework": "wordpress", "kind": Kind.NONE, "start": None},
    ),
    "wrong types": (
        {
            "composer.json": "[1]",
            "composer.lock": '{"packages":{"a":1}}',
        },
        {"framework": None, "kind": Kind.NONE},
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_project(name: str, tmp_path: Path) -> None:
    check_project(tmp_path, *CASES[name])


@pytest.mark.parametrize("pattern", sorted({parser.pattern for parser in PARSERS}))
def test_a_broken_file_is_broken_and_nothing_else(pattern: str) -> None:
    check_broken(PARSERS, pattern)
