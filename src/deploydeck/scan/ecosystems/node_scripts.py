# ruff: noqa: E501 - tables read better unbroken
"""Scripts of package.json as the one command they run in the end, and whether that is for development only."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace

from deploydeck.scan.commands import Command, parse_command
from deploydeck.scan.facts import Found
from deploydeck.scan.state import Scan

_DEEPEST = 6
_QUOTES = frozenset("'\"")
_BUILDERS = frozenset(
    "tsc rimraf rm mkdir cp copyfiles cpx cpy shx del del-cli echo clear prettier eslint tslint babel swc esbuild tsup rollup husky "
    "tsc-alias tscpaths copy xcopy cpr postcss tailwindcss sass node-sass lessc gulp grunt mv ncc tsdown unbuild rspack wait-on sleep "
    "kill-port chmod touch test set export source true patch-package tspc vue-tsc svelte-check graphql-codegen".split()
)
"""Programs that make or check something and end: they belong to the build, not to the start."""
_BUILD_NAMES = re.compile(
    r"^(?:pre|post)?(?:build|compile|clean|lint|generate|codegen|copy|prebuild|tsc|transpile|bundle|webpack|assets|typecheck|check|test|prepare|css|sass)(?:[:_-].*)?$"
)
_ELSEWHERE_FLAGS = re.compile(r"^(?:--prefix|--cwd|-C|--dir|--workspaces?|-w|-ws|--filter|-F|-r|--recursive)(?:=|$)")
_ELSEWHERE = frozenset(
    {"turbo", "nx", "lerna", "rush", "moon", "wsrun", "ultra", "workspace", "workspaces", "docker", "docker-compose", "make"}
)
_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
_EXECUTORS = frozenset({"npx", "bunx", "pnpx"})
_WRAPPERS: dict[str, frozenset[str]] = {
    "dotenv": frozenset({"-e", "-c", "-v", "-p"}), "dotenvx": frozenset({"-f", "--env-file"}), "env-cmd": frozenset({"-f", "-e", "-r"}),
    "doppler": frozenset({"-p", "-c"}), "infisical": frozenset({"--env"}), "op": frozenset({"--env-file"}), "dotenv-flow": frozenset(),
    "cross-env-shell": frozenset(), "better-npm-run": frozenset(), "nice": frozenset({"-n"}), "time": frozenset(), "dotenv-run-script": frozenset(),
}  # fmt: skip
"""Programs that set variables and run the rest, with those of their flags that take a value."""
_ALONE = {
    "nodemon": "nodemon restarts on file changes", "ts-node-dev": "ts-node-dev recompiles on file changes",
    "tsnd": "ts-node-dev recompiles on file changes", "node-dev": "node-dev restarts on file changes",
    "supervisor": "supervisor restarts on file changes", "live-server": "live-server is a development server",
    "browser-sync": "Browsersync is a development server", "webpack-dev-server": "webpack-dev-server serves sources for development",
    "start-storybook": "it starts Storybook", "electron": "it starts a desktop application", "wds": "it is a development server",
    "web-dev-server": "it is a development server", "tsc-watch": "tsc-watch recompiles on file changes", "wmr": "WMR serves sources for development",
    "budo": "budo is a development server", "ngrok": "ngrok is a tunnel for development", "tsx-watch": "it restarts on file changes",
}  # fmt: skip
_NO_ARGUMENT = {
    "vite",
    "next",
    "nuxt",
    "nuxi",
    "astro",
    "parcel",
    "gatsby",
    "vinxi",
    "meteor",
    "rsbuild",
    "farm",
    "snowpack",
    "vitepress",
    "vuepress",
    "umi",
    "waku",
}
"""Programs that serve sources for development when no other word follows."""
_WITH = {
    "next": {"dev"}, "nuxt": {"dev"}, "nuxi": {"dev"}, "astro": {"dev", "preview"}, "vite": {"dev", "serve", "preview"}, "ng": {"serve", "s"},
    "react-scripts": {"start"}, "react-app-rewired": {"start"}, "craco": {"start"}, "vue-cli-service": {"serve"}, "webpack": {"serve", "watch"},
    "gatsby": {"develop", "start", "dev"}, "remix": {"dev", "watch", "vite:dev"}, "react-router": {"dev"}, "svelte-kit": {"dev"}, "nest": {"start"},
    "tsx": {"watch"}, "docusaurus": {"start"}, "hexo": {"server", "s"}, "vitepress": {"dev", "serve"}, "vuepress": {"dev"}, "gridsome": {"develop"},
    "expo": {"start"}, "ember": {"serve", "server", "s"}, "ionic": {"serve"}, "storybook": {"dev"}, "strapi": {"develop", "dev"},
    "medusa": {"develop", "dev"}, "keystone": {"dev"}, "keystone-next": {"dev"}, "ace": {"serve"}, "adonis": {"serve"}, "wrangler": {"dev"},
    "serverless": {"offline"}, "sls": {"offline"}, "encore": {"dev-server", "dev"}, "rsbuild": {"dev"}, "rspack": {"serve", "dev"}, "farm": {"start"},
    "blitz": {"dev"}, "rw": {"dev"}, "redwood": {"dev"}, "snowpack": {"dev"}, "preact": {"watch"}, "nitropack": {"dev", "preview"},
    "nitro": {"dev", "preview"}, "vinxi": {"dev"}, "solid-start": {"dev"}, "meteor": {"run"}, "quasar": {"dev"}, "umi": {"dev"}, "max": {"dev"},
    "sanity": {"dev", "start"}, "ice": {"start"}, "modern": {"dev"}, "waku": {"dev"}, "rspress": {"dev"}, "netlify": {"dev"}, "vercel": {"dev"},
    "egg-bin": {"dev"}, "midway-bin": {"dev"}, "mwtsc": {"--watch"}, "stencil": {"--serve"}, "vike": {"dev", "preview"}, "payload": {"dev"},
    "poi": {"--serve", "-s"}, "cdk": {"watch"}, "sst": {"dev"}, "wasp": {"start"}, "tauri": {"dev"}, "electron-vite": {"dev"}, "slidev": {"--open"},
    "react-native": {"start"}, "nodemon": set(), "tsdx": {"watch"}, "bun": {"--watch", "--hot"}, "deno": {"--watch"}, "node": {"--watch", "--watch-path"},
    "eleventy": {"--serve"}, "lume": {"-s", "--serve"}, "grunt": {"serve", "watch", "server"}, "gulp": {"serve", "watch", "server"},
}  # fmt: skip
"""Words that make a program a development server."""
_FILE_SERVERS = frozenset({"serve", "http-server", "sirv", "local-web-server", "ws", "superstatic", "lite-server", "static-server"})
_DEVELOPMENT_FILE = re.compile(
    r"(?:^|/)(?:scripts?|build|tools|config|webpack|internals/scripts)/(?:start|dev|serve|dev-?server|watch)\.[cm]?[jt]s$|(?:^|/)dev-?server\.[cm]?[jt]s$",
    re.IGNORECASE,
)
"""Files that usually start the development server of a page, as an ejected Create React App has them."""
_WATCH = frozenset({"--watch", "-w", "--hot", "--watch-path", "watch"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a script comes to. `why`: it is for development; `whole`: other steps must run before it, so a shell has to;
    `elsewhere`: it starts another project of the repository."""

    script: Found
    command: Command | None = None
    why: str = ""
    whole: bool = False
    elsewhere: bool = False

    @property
    def argv(self) -> tuple[str, ...]:
        return self.command.argv if self.command else ()


def outcome(scan: Scan, script: Found, depth: int = 0) -> Outcome | None:
    """What a script runs in the end; None when nothing is left of it but build steps."""
    steps = split(script.value)
    directory = ""
    whole = False
    last: Outcome | None = None
    for step in steps:
        words = step.split()
        if words[:1] == ["cd"] and len(words) == 2:
            directory = posixpath.normpath(posixpath.join(directory, words[1].strip("'\"")))
            continue
        if is_build(step):
            continue
        if last is not None:
            whole = True
        last = _step(scan, script, step, directory, depth)
        if last is None:
            continue
    if last is None:
        return None
    return replace(last, whole=whole or last.whole)


def split(text: str) -> list[str]:
    """The commands of a line joined by `&&` or `;`, outside quotes."""
    parts, current, quote, index = [], "", "", 0
    while index < len(text):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif text.startswith("&&", index) or character == ";":
            parts.append(current.strip())
            current = ""
            index += 2 if character == "&" else 1
            continue
        current += character
        index += 1
    return [part for part in (*parts, current.strip()) if part]


def is_build(step: str) -> bool:
    """Whether a step makes something and ends."""
    words = [word for word in step.split() if not re.match(r"^[A-Za-z_]\w*=", word) and word not in {"cross-env", "env"}]
    while words and words[0] in _EXECUTORS:
        words = [word for word in words[1:] if word not in {"-y", "--yes"}]
    if not words:
        return True
    name = words[0].rpartition("/")[2]
    if name in _MANAGERS:
        rest = [word for word in words[1:] if not word.startswith("-")]
        rest = rest[1:] if rest[:1] in (["run"], ["run-script"], ["exec"]) else rest
        return bool(rest) and (
            bool(_BUILD_NAMES.match(rest[0])) or rest[0] in {"install", "i", "ci", "prune"} or rest[0] in _BUILDERS
        )
    if name in {"npm-run-all", "run-s"}:
        names = [word for word in words[1:] if not word.startswith("-")]
        return bool(names) and all(_BUILD_NAMES.match(one) for one in names)
    if name in {"tsc", "babel", "swc", "webpack", "rollup", "esbuild", "rspack"}:
        return not (set(words) & _WATCH) and "serve" not in words
    return name in _BUILDERS or "build" in words[1:3] or words[1:2] in (["generate"], ["typegen"], ["sync"], ["prepare"])


def _step(scan: Scan, script: Found, step: str, directory: str, depth: int) -> Outcome | None:
    if re.match(r"^(?:npx\s+)?(?:concurrently|run-p|npm-run-all|run-s|conc)\b", step) and depth < _DEEPEST:
        return _several(scan, script, step, depth)
    command = parse_command(step)
    if command is None:
        return None
    command = unwrapped(command)
    words = list(command.argv)
    lead = words.index(next((word for word in words if word != "env" and "=" not in word), words[0])) if words[0] == "env" else 0
    words, prefix = words[lead:], tuple(words[:lead])
    while words and words[0] in _EXECUTORS and len(words) > 1:
        words = words[1:]
        while words and words[0].startswith("-") and len(words) > 1:
            words = words[1:]
    if not words:
        return None
    if words[0] in _MANAGERS and not command.needs_shell:
        through = _through_manager(scan, script, words, depth)
        if isinstance(through, Outcome) or through is None:
            return through
        words = through
    if words[0].rpartition("/")[2] in _ELSEWHERE:
        return Outcome(script, replace(command, argv=tuple(words)), elsewhere=True)
    if directory:
        if directory not in scan.directories or f"{directory}/package.json" in scan.above or directory.startswith(".."):
            return Outcome(script, replace(command, argv=tuple(words)), elsewhere=True)
        words = [f"{directory}/{word}" if f"{directory}/{word}" in scan.tree.entries else word for word in words]
    command = replace(command, argv=(*prefix, *words))
    why = development(command.argv[-1].removeprefix("exec ").split() if command.needs_shell else words)
    return Outcome(script, command, why, whole=command.needs_shell)


def _several(scan: Scan, script: Found, step: str, depth: int) -> Outcome | None:
    """Of several commands beside each other the one that is the server; they cannot all be process number one."""
    parts = re.findall(r"\"([^\"]{1,300})\"|'([^']{1,300})'|(\S+)", step)
    names = ["".join(part).strip("\\\"'") for part in parts][1:]
    found: list[Outcome] = []
    for name in names:
        if name.startswith("-") or is_build(name) or (_BUILD_NAMES.match(name)):
            continue
        key = re.sub(r"^(?:npm:|yarn:|pnpm:)", "", name)
        known = scan.facts.first("script", key, "node")
        if known is not None and key != script.name:
            one = outcome(scan, known, depth + 1)
        elif " " in name:
            one = outcome(scan, replace(script, value=name), depth + 1)
        else:
            continue
        if one is not None:
            found.append(replace(one, script=script))
    found.sort(key=lambda one: (bool(one.why), one.elsewhere, one.argv[:1] not in (("node",), ("bun",), ("tsx",))))
    return found[0] if found else None


def _through_manager(scan: Scan, script: Found, words: list[str], depth: int) -> Outcome | list[str] | None:
    """`npm run x` and the like: what x is; the words of a program that the manager only finds."""
    if any(_ELSEWHERE_FLAGS.match(word) for word in words[1:4]) or set(words[1:3]) & {"workspace", "workspaces"}:
        return Outcome(script, Command(tuple(words)), elsewhere=True)
    if words[-1:] and any(_ELSEWHERE_FLAGS.match(word) for word in words[-2:]):
        return Outcome(script, Command(tuple(words)), elsewhere=True)
    manager = words[0]
    rest = [word for word in words[1:] if word not in {"--silent", "-s", "--bun", "--if-present", "--quiet"}]
    if manager == "bun" and rest[:1] and rest[0] in {"--watch", "--hot"}:
        return ["bun", *rest]
    ran = rest[:1] in (["run"], ["run-script"], ["exec"], ["x"], ["dlx"])
    executed = rest[:1] in (["exec"], ["x"], ["dlx"])
    rest = rest[1:] if ran else rest
    rest = rest[1:] if rest[:1] == ["--"] else rest
    if not rest:
        return None
    name = "start" if rest[0] == "start" else rest[0]
    known = None if executed else scan.facts.first("script", name, "node")
    if known is not None and depth < _DEEPEST and name != script.name:
        result = outcome(scan, known, depth + 1)
        extra = rest[2:] if rest[1:2] == ["--"] else []
        if result is not None and result.command is not None and extra and not result.whole:
            result = replace(result, command=replace(result.command, argv=(*result.argv, *extra)))
        return result
    if manager == "bun" and (ran or re.search(r"\.[cm]?[jt]sx?$", rest[0])) and not executed:
        return ["bun", "run", *rest] if re.search(r"\.[cm]?[jt]sx?$|/", rest[0]) else rest
    if manager == "npm" and not ran:
        return None
    return rest


def unwrapped(command: Command) -> Command:
    """The command without programs that only set variables."""
    argv = command.argv
    for _ in range(4):
        if command.needs_shell or not argv or argv[0] not in _WRAPPERS:
            break
        takes = _WRAPPERS[argv[0]]
        rest = list(argv[1:])
        if "--" in rest:
            rest = rest[rest.index("--") + 1 :]
        else:
            while rest and (rest[0].startswith("-") or rest[0] in {"run", "exec"}):
                flag = rest.pop(0)
                if flag in takes and rest:
                    rest.pop(0)
            if (
                argv[0] == "env-cmd"
                and rest
                and re.search(r"env", rest[0])
                and len(rest) > 1
                and rest[0].startswith((".", "config"))
            ):
                rest.pop(0)
        if not rest:
            break
        argv = tuple(rest)
    return replace(command, argv=argv)


def development(words: list[str]) -> str:
    """Why these words run a development server, "" when they do not."""
    names = [word.rpartition("/")[2].removesuffix(".js") if index == 0 else word for index, word in enumerate(words)]
    if not names:
        return ""
    first = names[0]
    if first in _ALONE:
        return _ALONE[first]
    plain = [word for word in names[1:] if not word.startswith("-") and "{" not in word]
    if first in _NO_ARGUMENT and not plain:
        return f"{first} serves sources for development"
    if first == "parcel" and "build" not in plain:
        return "parcel serves sources for development"
    marks = _WITH.get(first, set())
    if found := next((word for word in names[1:] if word in marks or word.partition("=")[0] in marks), ""):
        return f"{first} {found} is for development"
    if first == "node" and plain and (inner := plain[0].rpartition("/")[2]) in {"ace", "ace.js"} and "serve" in plain:
        return f"{inner} serve is for development"
    if first in _FILE_SERVERS:
        return ""
    if first in {"node", "babel-node"} and plain and _DEVELOPMENT_FILE.search(plain[0]):
        return f"{plain[0]} usually starts a development server"
    if any(word in {"--watch", "--hot", "--reload", "dev"} for word in names[1:]):
        return f"{first} {next(word for word in names[1:] if word in {'--watch', '--hot', '--reload', 'dev'})} is for development"
    return ""


def serves_files(argv: tuple[str, ...]) -> bool:
    """Whether a command only serves files, as a static server does."""
    return bool(argv) and (
        argv[0].rpartition("/")[2] in _FILE_SERVERS or argv[:2] in {("vite", "preview"), ("astro", "preview"), ("gatsby", "serve")}
    )
