"""Procfile and the files of hosting platforms: which files are read as what."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import platform_files as files
from deploydeck.scan.parsers import platform_specs as specs
from deploydeck.scan.parsers import start_scripts as scripts
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.python_configs import uwsgi_ini
from deploydeck.scan.parsers.python_source import python_source

_PROCESS = re.compile(r"^([A-Za-z0-9_-]{1,40}):\s*(\S.{0,1000})$")


def procfile(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := _PROCESS.match(line.strip()):
            yield Found("process", match[1], match[2].strip(), file, number, line, "Procfile")


def nothing(file: str, data: bytes) -> Iterator[Found]:
    """A file that is only listed."""
    yield from ()


_LISTED: dict[str, tuple[str, ...]] = {
    "azure-developer": ("azure.yaml", "azure.yml"),
    "caprover": ("captain-definition",),
    "buildpacks": ("project.toml",),
    "nginx": ("nginx.conf", "nginx/nginx.conf", "nginx/default.conf", "docker/nginx.conf", "docker/nginx/default.conf",
    "nginx.conf.template", "default.conf"),
    "caddy": ("Caddyfile", "docker/Caddyfile"),
    "traefik": ("traefik.yml", "traefik.yaml", "traefik.toml"),
    "haproxy": ("haproxy.cfg",),
    "elastic-beanstalk": (".elasticbeanstalk/config.yml", "Dockerrun.aws.json"),
    "docker-ignore": (),
    "amplify": ("amplify.yml",),
    "copilot": ("copilot/.workspace",),
    "dokku": ("CHECKS",),
    "koyeb": ("koyeb.yaml",),
    "deno-deploy": ("deployctl.json",),
    "slug": (".slugignore",),
}  # fmt: skip

PARSERS: tuple[Parser, ...] = (
    Parser("Procfile", procfile, config_kind="procfile"),
    Parser("app.json", files.heroku_app, config_kind="heroku"),
    Parser("scalingo.json", files.heroku_app, config_kind="scalingo"),
    Parser("heroku.yml", files.heroku_yml, config_kind="heroku"),
    Parser("fly.toml", files.fly, config_kind="fly"),
    Parser("fly.production.toml", files.fly, config_kind="fly"),
    Parser("render.yaml", specs.render, config_kind="render"),
    Parser("render.yml", specs.render, config_kind="render"),
    Parser("railway.json", files.railway_json, config_kind="railway"),
    Parser("railway.toml", files.railway_toml, config_kind="railway"),
    Parser("nixpacks.toml", files.railway_toml, config_kind="nixpacks"),
    Parser("nixpacks.json", files.railway_json, config_kind="nixpacks"),
    Parser("railpack.json", files.railway_json, config_kind="railpack"),
    Parser("vercel.json", files.vercel, config_kind="vercel"),
    Parser("now.json", files.vercel, config_kind="vercel"),
    Parser("netlify.toml", files.netlify, config_kind="netlify"),
    Parser("firebase.json", files.firebase, config_kind="firebase"),
    Parser("static.json", files.static_json, config_kind="static"),
    Parser("Staticfile", files.staticfile, config_kind="cloud-foundry"),
    Parser("wrangler.toml", files.wrangler_toml, config_kind="wrangler"),
    Parser("wrangler.json", files.wrangler_json, config_kind="wrangler"),
    Parser("wrangler.jsonc", files.wrangler_json, config_kind="wrangler"),
    Parser("app.yaml", specs.app_engine, config_kind="app-engine"),
    Parser("app.yml", specs.app_engine, config_kind="app-engine"),
    Parser("app.standard.yaml", specs.app_engine, config_kind="app-engine"),
    Parser(".do/app.yaml", specs.digitalocean, config_kind="digitalocean"),
    Parser(".do/app.yml", specs.digitalocean, config_kind="digitalocean"),
    Parser(".do/deploy.template.yaml", specs.digitalocean, config_kind="digitalocean"),
    Parser("apprunner.yaml", specs.app_runner, config_kind="app-runner"),
    Parser("manifest.yml", specs.cloud_foundry, config_kind="cloud-foundry"),
    Parser("manifest.yaml", specs.cloud_foundry, config_kind="cloud-foundry"),
    Parser("serverless.yml", specs.serverless, config_kind="serverless"),
    Parser("serverless.yaml", specs.serverless, config_kind="serverless"),
    Parser("config/deploy.yml", specs.kamal, config_kind="kamal"),
    Parser(".platform.app.yaml", specs.platform_sh, config_kind="platform-sh"),
    Parser(".platform/services.yaml", specs.platform_services, config_kind="platform-sh"),
    Parser(".upsun/config.yaml", specs.upsun, config_kind="upsun"),
    Parser(".ebextensions/*.config", nothing, config_kind="elastic-beanstalk"),
    Parser("supervisord.conf", scripts.supervisor, config_kind="supervisor"),
    Parser("docker/supervisord.conf", scripts.supervisor, config_kind="supervisor"),
    Parser("supervisor.conf", scripts.supervisor, config_kind="supervisor"),
    *(Parser(f"ecosystem.config.{ending}", scripts.pm2, config_kind="pm2") for ending in ("js", "cjs", "json")),
    *(Parser(name, scripts.pm2, config_kind="pm2") for name in ("pm2.json", "process.json", "pm2.config.js", "pm2.config.cjs",
        "ecosystem.yml", "ecosystem.yaml",
        "process.yml", "process.yaml", "pm2.yml", "pm2.yaml")),
    Parser("*.service", scripts.systemd, config_kind="systemd"),
    *(Parser(name, python_source, config_kind="gunicorn") for name in ("gunicorn.conf.py", "gunicorn_config.py",
        "gunicorn_conf.py", "config/gunicorn.py")),
    *(Parser(name, uwsgi_ini, config_kind="uwsgi") for name in ("docker/uwsgi.ini", "deploy/uwsgi.ini")),
    *(
        Parser(f"{directory}{name}", scripts.shell)
        for directory in ("", "scripts/", "script/", "bin/", "docker/", ".docker/", "deploy/")
        for name in ("start.sh", "run.sh", "entrypoint.sh", "docker-entrypoint.sh", "entrypoint", "docker-entrypoint",
        "start-server.sh", "boot.sh",
                     "launch.sh", "server.sh", "start", "prod.sh", "start-prod.sh", "startup.sh", "bootstrap.sh")
    ),
    *(
        Parser(f"*/{name}", scripts.shell)
        for name in ("bootstrap.sh", "start.sh", "entrypoint.sh", "docker-entrypoint.sh", "run.sh")
    ),
    *(Parser(f"compose/*/*/{name}", scripts.shell) for name in ("start", "entrypoint", "start.sh", "entrypoint.sh")),
    *(Parser(name, nothing, config_kind=kind) for kind, names in _LISTED.items() for name in names),
)  # fmt: skip
