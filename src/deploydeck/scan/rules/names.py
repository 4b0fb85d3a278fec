# ruff: noqa: E501 - tables read better unbroken
"""Names that mean something: secrets, variables the deployment sets itself, health paths, development servers."""

from __future__ import annotations

import re

_HIDDEN_WORDS = (
    r"SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH_?KEY|ENCRYPTION|SALT|WEBHOOK"
    r"|(?:^|_)(?:KEY|PASS|PWD)$"
)
_HIDDEN_ADDRESSES = (
    r"(?:^|_)DSN$|CONNECTION_?STRING|^(?:DATABASE|DB|REDIS|MONGO(?:DB)?|AMQP|RABBITMQ|CELERY_BROKER|POSTGRES|MYSQL|CACHE|BROKER"
    r"|SMTP|MAIL(?:ER)?|EMAIL)_UR[IL]$"
)
_SECRET = re.compile(f"{_HIDDEN_WORDS}|{_HIDDEN_ADDRESSES}", re.IGNORECASE)
_WORDS = re.compile(_HIDDEN_WORDS, re.IGNORECASE)
_BARE_ADDRESS = re.compile(r"(?:jdbc:)?[a-z][a-z0-9+.-]{0,30}://[\w.,:\[\]-]{0,200}(?:/[\w./-]{0,100})?", re.IGNORECASE)
_ABOUT = re.compile(
    r"(?:LIFETIME|EXPIR\w{0,20}|TTL|MINUTES?|SECONDS?|HOURS?|DAYS?|TIMEOUT|ALGORITHM|LENGTH|LIMIT|COUNT|MAX_TOKENS|NUM_TOKENS|_SIZE|ROUNDS)$"
    r"|TOKENIZER",
    re.IGNORECASE,
)
"""What is said about a secret, and is none: ACCESS_TOKEN_EXPIRE_MINUTES, PASSWORD_MIN_LENGTH, MAX_TOKENS."""
_PUBLIC = re.compile(r"^(?:NEXT_PUBLIC|VITE|PUBLIC|REACT_APP)_|_PUBLIC_KEY$", re.IGNORECASE)

SET_BY_DEPLOYMENT = frozenset({
    "PORT", "HOST", "HOSTNAME", "PATH", "HOME", "PWD", "USER", "USERNAME", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TERM", "COLUMNS", "LINES",
    "TMPDIR", "TMP", "TEMP", "CI", "TZ", "NO_COLOR", "FORCE_COLOR", "DEBUG_COLORS", "EDITOR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
    "NODE_ENV", "NODE_OPTIONS", "NODE_PATH", "npm_package_version", "npm_lifecycle_event", "npm_config_user_agent", "NEXT_RUNTIME", "NEXT_PHASE",
    "BABEL_ENV", "JEST_WORKER_ID", "VITEST", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "GOPATH", "GOROOT",
    "CARGO_MANIFEST_DIR", "CARGO_PKG_VERSION", "CARGO_PKG_NAME", "OUT_DIR", "JAVA_HOME", "RAILS_ENV", "RACK_ENV", "BUNDLE_GEMFILE", "MIX_ENV",
    "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS",
    "DOTNET_RUNNING_IN_CONTAINER", "VERCEL", "VERCEL_ENV", "VERCEL_URL", "NETLIFY", "DYNO", "FLY_APP_NAME", "RAILWAY_ENVIRONMENT", "RENDER",
    "GITHUB_ACTIONS", "KUBERNETES_SERVICE_HOST",
})  # fmt: skip
"""Read by many programs, but set by the system, the recipe or the target: listing them would only be noise."""


def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value must stay hidden. Names made for browsers are public by design."""
    return bool(_SECRET.search(name)) and not _PUBLIC.search(name) and not _ABOUT.search(name)


def is_open_address(name: str, value: str) -> bool:
    """Whether a variable's value may be shown although the name says secret: the address of a service without any credentials."""
    return not _WORDS.search(name) and bool(_BARE_ADDRESS.fullmatch(value))


HEALTH_PATHS = (
    "/healthz", "/health", "/api/healthz", "/api/health", "/livez", "/live", "/readyz", "/ready", "/up", "/ping",
    "/_health", "/-/healthy",
    "/healthcheck", "/health-check", "/health/live", "/health/ready", "/status", "/api/status", "/api/ping",
    "/health_check", "/healthchecks", "/heartbeat", "/alive", "/liveness", "/readiness", "/is_alive", "/isalive", "/check", "/ht",
)  # fmt: skip
"""Best first; compared without a closing slash."""

DEVELOPMENT_SERVERS: dict[str, str] = {
    "nodemon": "nodemon restarts on file changes",
    "ts-node-dev": "ts-node-dev recompiles on file changes",
    "vite": "vite serves sources for development",
    "webpack-dev-server": "webpack-dev-server serves sources for development",
    "react-scripts": "react-scripts start is a development server",
    "live-server": "live-server is a development server",
    "flask": "flask run is a development server",
    "node-dev": "node-dev restarts on file changes",
    "supervisor": "supervisor restarts on file changes",
    "tsnd": "ts-node-dev recompiles on file changes",
    "browser-sync": "browser-sync is a development server",
    "lite-server": "lite-server is a development server",
    "air": "air rebuilds on file changes",
    "CompileDaemon": "CompileDaemon rebuilds on file changes",
    "watchmedo": "watchmedo restarts on file changes",
    "watchexec": "watchexec restarts on file changes",
    "rerun": "rerun restarts on file changes",
    "shotgun": "shotgun is a development server",
    "guard": "guard restarts on file changes",
    "start-storybook": "storybook is for development",
}
"""First word of a start script that is a development server, and why; `next dev` and the like are found by argument."""

DEVELOPMENT_PAIRS: dict[tuple[str, str], str] = {
    ("ng", "serve"): "ng serve is a development server",
    ("vue-cli-service", "serve"): "vue-cli-service serve is a development server",
    ("gatsby", "develop"): "gatsby develop is a development server",
    ("craco", "start"): "craco start is a development server",
    ("react-app-rewired", "start"): "react-app-rewired start is a development server",
    ("webpack", "serve"): "webpack serve is a development server",
    ("rspack", "serve"): "rspack serve is a development server",
    ("parcel", "serve"): "parcel serve is a development server",
    ("docusaurus", "start"): "docusaurus start is a development server",
    ("ember", "serve"): "ember serve is a development server",
    ("expo", "start"): "expo start is a development server",
    ("nest", "start"): "nest start compiles on start",
    ("tsx", "watch"): "tsx watch restarts on file changes",
    ("cargo", "watch"): "cargo watch restarts on file changes",
    ("dotnet", "watch"): "dotnet watch restarts on file changes",
    ("artisan", "serve"): "artisan serve is PHP's development server",
    ("symfony", "serve"): "symfony serve is a development server",
    ("symfony", "server:start"): "symfony server:start is a development server",
    ("jekyll", "serve"): "jekyll serve is a development server",
    ("hugo", "server"): "hugo server is a development server",
    ("mkdocs", "serve"): "mkdocs serve is a development server",
    ("php", "-S"): "php -S is PHP's development server",
}
"""First two words of a command that is a development server, and why."""

DEVELOPMENT_ARGUMENTS = frozenset({
    "dev", "--watch", "runserver", "runserver_plus", "--reload", "serve-dev", "--hot", "quarkus:dev", "spring-boot:run",
    "bootRun", "quarkusDev", "start:dev",
    "start:debug", "mn:run", "dev-server", "--auto-reload",
})  # fmt: skip
