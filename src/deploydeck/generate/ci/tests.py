"""The project's own tests: whether there are any, and how they are installed for and run, by package manager.

A pipeline runs what the project has and nothing made up: without tests the plan has no command and says what was looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from deploydeck.domain import Evidence
from deploydeck.generate.clues import poetry_installs_root
from deploydeck.generate.names import inside_path, shown
from deploydeck.generate.request import Argv, Request
from deploydeck.generate.stacks.node_managers import MANAGERS

MAX_DEPTH = 5
MAX_FILES = 4_000
VENV = ".ci-venv"
_PYTHON = f"{VENV}/bin/python"
_SKIPPED = frozenset({"node_modules", "vendor", "target", "build", "dist", "venv", "__pycache__", "_build", "deps", "obj", "bin"})
_DEBIAN = re.compile(r"[a-z0-9][a-z0-9+.-]{1,100}")


@dataclass(frozen=True)
class Toolchain:
    """What a language's tests run on. `image` and `version` hold `{series}`; `with_` are fixed inputs of the action."""

    image: str
    series: str
    action: str = ""
    input: str = ""
    version: str = "{series}"
    with_: tuple[tuple[str, str], ...] = ()


# `series` stands in where neither the project nor its stack names a version; what was current on 2026-11-24.
_TOOLCHAINS: dict[str, Toolchain] = {
    "python": Toolchain("python:{series}", "3.13", "setup-python", "python-version"),
    "node": Toolchain("node:{series}", "22", "setup-node", "node-version"),
    "bun": Toolchain("oven/bun:{series}", "1", "setup-bun", "bun-version"),
    "deno": Toolchain("denoland/deno:{series}", "2.5.6", "setup-deno", "deno-version"),
    "go": Toolchain("golang:{series}", "1.25", "setup-go", "go-version", with_=(("cache", "false"),)),
    "rust": Toolchain("rust:{series}", "1"),
    "maven": Toolchain(
        "maven:3-eclipse-temurin-{series}", "21", "setup-java", "java-version", with_=(("distribution", "temurin"),)
    ),
    "gradle": Toolchain("gradle:8-jdk{series}", "21", "setup-java", "java-version", with_=(("distribution", "temurin"),)),
    "dotnet": Toolchain("mcr.microsoft.com/dotnet/sdk:{series}", "9.0", "setup-dotnet", "dotnet-version", "{series}.x"),
    "ruby": Toolchain("ruby:{series}", "3.4", "setup-ruby", "ruby-version"),
    "php": Toolchain("composer:2", "8.4", "setup-php", "php-version", with_=(("tools", "composer"), ("coverage", "none"))),
    "elixir": Toolchain("elixir:{series}", "1.18", "setup-beam", "elixir-version", with_=(("otp-version", "27"),)),
}


@dataclass(frozen=True)
class TestPlan:
    """How the tests run. Without `run` there are none, and `missing` says what was looked for."""

    __test__ = False  # no test class, whatever its name begins with

    toolchain: Toolchain | None = None
    series: str = ""
    install: tuple[Argv, ...] = ()
    run: tuple[Argv, ...] = ()
    why: str = ""
    missing: str = ""
    evidence: tuple[Evidence, ...] = ()
    system: tuple[str, ...] = ()

    @property
    def image(self) -> str:
        return self.toolchain.image.format(series=self.series) if self.toolchain else ""


@dataclass(frozen=True)
class Found:
    """What one manager's look came to."""

    install: tuple[Argv, ...] = ()
    run: tuple[Argv, ...] = ()
    why: str = ""
    evidence: tuple[Evidence, ...] = ()
    missing: str = ""


class Look:
    """What the looks need: the request, the tree (bounded), and what is asked more than once."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.files = request.files

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Files of the project by name, without hidden and installed ones: 5 directories deep and 4,000 at most."""
        return tuple(self._walk("", MAX_DEPTH))[:MAX_FILES]

    def _walk(self, folder: str, depth: int) -> Iterator[str]:
        for entry in self.files.names(folder or ".", ""):
            path = entry.removeprefix("./")
            name = path.rsplit("/", 1)[-1]
            if name.startswith(".") or name in _SKIPPED:
                continue
            if self.files.is_file(path):
                yield path
            elif depth:
                yield from self._walk(path, depth - 1)

    def first(self, pattern: str) -> tuple[Evidence, ...]:
        """The first path the pattern matches, as evidence."""
        found = next((path for path in self.paths if re.fullmatch(pattern, path)), "")
        return (Evidence(file=found, rule="test-file"),) if found else ()

    def holding(self, paths: str, text: str) -> tuple[Evidence, ...]:
        """The first line of a file among `paths` that `text` matches; 200 files are read at most."""
        wanted = re.compile(text)
        for path in [path for path in self.paths if re.fullmatch(paths, path)][:200]:
            for number, line in enumerate(self.files.text(path).split("\n"), 1):
                if wanted.search(line[:500]):
                    return (Evidence(file=path, line=number, text=line.strip()[:200], rule="test-code"),)
        return ()

    def depends_on(self, *names: str) -> bool:
        return any(dependency.name.lower() in names for dependency in self.request.profile.dependencies)

    def tool(self, manager: str) -> str:
        """The manager as a package in the version that the image installs too."""
        install = self.request.choices.install
        return install.tool if install and install.tool and install.manager == manager else manager

    def script(self, path: str, section: str, name: str) -> tuple[str, tuple[Evidence, ...]]:
        """A command in a section of a JSON manifest (scripts of package.json), and where it stands."""
        scripts = self.files.json(path).get(section)
        value = scripts.get(name) if isinstance(scripts, dict) else None
        if not isinstance(value, str | list) or not value:
            return "", ()
        for number, line in enumerate(self.files.text(path).split("\n"), 1):
            if re.search(rf'"{re.escape(name)}"\s*:', line[:500]):
                return str(value), (Evidence(file=path, line=number, text=line.strip()[:200], rule="test-script"),)
        return str(value), (Evidence(file=path, rule="test-script"),)


# --- Python -------------------------------------------------------------------------------------------------------------------

_PY_TESTS = r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py"
_DJANGO_TESTS = r"(?:.*/)?(?:tests?|test_[^/]*|[^/]*_test)\.py"
_DEV_FILES = tuple(
    name
    for stem in ("dev", "test", "tests", "development", "testing")
    for name in (f"requirements-{stem}.txt", f"requirements_{stem}.txt", f"requirements/{stem}.txt", f"{stem}-requirements.txt")
)
_DEV_NAMES = ("dev", "test", "tests", "testing", "development")


def _pytest_settings(look: Look) -> tuple[Evidence, ...]:
    tool = look.files.toml("pyproject.toml").get("tool")
    if isinstance(tool, dict) and "pytest" in tool:
        return (Evidence(file="pyproject.toml", rule="pytest-settings"),)
    return look.first(r"pytest\.ini|\.?pytest\.toml|(?:.*/)?conftest\.py") or look.holding(
        r"setup\.cfg|tox\.ini", r"^\[(?:tool:)?pytest\]"
    )


def _python_run(look: Look) -> tuple[str, Argv, str, tuple[Evidence, ...]]:
    """Kind, arguments after the interpreter, why, evidence."""
    test = look.first(_PY_TESTS)
    written = look.holding(_PY_TESTS, r"^(?:import pytest|from pytest |(?:async )?def test_)")
    if test and (written or _pytest_settings(look) or look.depends_on("pytest")):
        return "pytest", ("-m", "pytest"), "The project's tests are written for pytest", written or test
    if look.files.is_file("manage.py"):
        django = look.holding(_DJANGO_TESTS, r"^\s*class \w+\(.*Test|^(?:from|import) .*(?:unittest|django\.test)")
        if django:
            return "django", ("manage.py", "test"), "Django runs the tests of its applications", django
    unit = look.holding(_PY_TESTS, r"\bunittest\b")
    if unit:
        folder = unit[0].file.rpartition("/")[0] or "."
        top: Argv = ("-t", ".") if folder != "." and look.files.is_file(f"{folder}/__init__.py") else ()
        return "unittest", ("-m", "unittest", "discover", "-s", folder, *top), "The project's tests are written for unittest", unit
    return "", (), "", ()


def _python_groups(look: Look) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Extras and dependency groups of pyproject.toml that are meant for development."""
    content = look.files.toml("pyproject.toml")
    project, groups = content.get("project"), content.get("dependency-groups")
    extras = project.get("optional-dependencies") if isinstance(project, dict) else None
    return (
        tuple(name for name in _DEV_NAMES if isinstance(extras, dict) and name in extras),
        tuple(name for name in _DEV_NAMES if isinstance(groups, dict) and name in groups),
    )


def _python(install: Callable[[Look, bool], tuple[Argv, ...]], run: Callable[[Argv, bool], Argv]) -> Callable[[Look], Found]:
    def look_at(look: Look) -> Found:
        kind, arguments, why, evidence = _python_run(look)
        if not kind:
            return Found(missing="no test_*.py or *_test.py and no tests of Django applications")
        bring = kind == "pytest" and not look.depends_on("pytest")
        first: Argv = ("python3", "-m", "venv", VENV)
        return Found((first, *install(look, bring)), (run(arguments, bring),), why, evidence)

    return look_at


def _pip_install(look: Look, bring: bool) -> tuple[Argv, ...]:
    base: Argv = (_PYTHON, "-m", "pip", "install")
    extras, groups = _python_groups(look)
    choices, commands = look.request.choices, []
    for command in choices.install.full if choices.install else ():
        words = list(command[2:] if command[:2] == ("pip", "install") else ())
        if words == ["."] and extras:
            words = [f".[{','.join(extras)}]"]
        if words:
            commands.append((*base, *words))
    commands += [
        (*base, "--requirement", inside_path(path, "requirements file")) for path in _DEV_FILES if look.files.is_file(path)
    ]
    commands += [(*base, "--group", name) for name in groups]
    return (*commands, *(((*base, "pytest"),) if bring else ()))


def _uv_install(look: Look, bring: bool) -> tuple[Argv, ...]:
    install = look.request.choices.install
    locked: Argv = ("--frozen",) if install and install.locked else ()
    extras, groups = _python_groups(look)
    words = [word for name in extras for word in ("--extra", name)]
    words += [word for name in groups if name != "dev" for word in ("--group", name)]
    return ((_PYTHON, "-m", "pip", "install", look.tool("uv")), (f"{VENV}/bin/uv", "sync", *locked, *words))


def _uv_run(arguments: Argv, bring: bool) -> Argv:
    return (f"{VENV}/bin/uv", "run", "--no-sync", *(("--with", "pytest") if bring else ()), "python", *arguments)


def _poetry_install(look: Look, bring: bool) -> tuple[Argv, ...]:
    root: Argv = () if poetry_installs_root(look.files) else ("--no-root",)
    extra: tuple[Argv, ...] = ((f"{VENV}/bin/poetry", "run", "python", "-m", "pip", "install", "pytest"),) if bring else ()
    return (
        (_PYTHON, "-m", "pip", "install", look.tool("poetry")),
        (f"{VENV}/bin/poetry", "install", "--no-interaction", *root),
        *extra,
    )


def _pdm_install(look: Look, bring: bool) -> tuple[Argv, ...]:
    locked: Argv = ("--frozen-lockfile",) if look.files.is_file("pdm.lock") else ()
    extra: tuple[Argv, ...] = ((f"{VENV}/bin/pdm", "run", "python", "-m", "pip", "install", "pytest"),) if bring else ()
    return ((_PYTHON, "-m", "pip", "install", look.tool("pdm")), (f"{VENV}/bin/pdm", "install", *locked), *extra)


def _pipenv_install(look: Look, bring: bool) -> tuple[Argv, ...]:
    verb: Argv = ("sync", "--dev") if look.files.is_file("Pipfile.lock") else ("install", "--dev")
    extra: tuple[Argv, ...] = ((f"{VENV}/bin/pipenv", "run", "pip", "install", "pytest"),) if bring else ()
    return ((_PYTHON, "-m", "pip", "install", look.tool("pipenv")), (f"{VENV}/bin/pipenv", *verb), *extra)


def _through(tool: str) -> Callable[[Argv, bool], Argv]:
    return lambda arguments, _bring: (f"{VENV}/bin/{tool}", "run", "python", *arguments)


# --- JavaScript ---------------------------------------------------------------------------------------------------------------

_NO_TEST = "no test specified"
_JS_TESTS = r"(?:.*/)?[^/]+[._](?:test|spec)\.(?:m|c)?[jt]sx?"


def _node(look: Look) -> Found:
    value, evidence = look.script("package.json", "scripts", "test")
    if not value or _NO_TEST in value:
        return Found(
            missing='no script "test" in package.json' if not value else 'the script "test" is still the placeholder of npm'
        )
    install = look.request.choices.install
    fact = look.request.profile.package_manager
    name = install.manager if install else fact.value.name if fact else "npm"
    row = MANAGERS.get(name, MANAGERS["npm"])
    locked = install.locked if install else any(look.files.is_file(lock) for lock in row.locks)
    commands: list[Argv] = [("npm", "install", "--global", install.tool)] if install and install.tool else []
    commands.append((*(row.locked if locked else row.unlocked), *row.every))
    return Found(tuple(commands), ((row.locked[0], "test"),), 'The script "test" of package.json', evidence)


def _bun(look: Look) -> Found:
    locked: Argv = ("--frozen-lockfile",) if look.files.is_file("bun.lock") or look.files.is_file("bun.lockb") else ()
    install: tuple[Argv, ...] = (("bun", "install", *locked),)
    value, evidence = look.script("package.json", "scripts", "test")
    if value and _NO_TEST not in value:
        return Found(install, (("bun", "run", "test"),), 'The script "test" of package.json', evidence)
    tests = look.first(_JS_TESTS)
    if tests:
        return Found(install, (("bun", "test"),), "Bun's own runner finds the test files", tests)
    return Found(missing='no script "test" in package.json and no *.test.* or *.spec.* file')


def _deno(look: Look) -> Found:
    install: tuple[Argv, ...] = (("deno", "install", "--frozen"),) if look.files.is_file("deno.lock") else ()
    for manifest in ("deno.json", "deno.jsonc"):
        value, evidence = look.script(manifest, "tasks", "test")
        if value:
            return Found(install, (("deno", "task", "test"),), f'The task "test" of {manifest}', evidence)
    tests = look.first(_JS_TESTS) or look.first(r"(?:.*/)?test\.(?:m|c)?[jt]sx?")
    if tests:
        return Found(install, (("deno", "test", "--allow-all"),), "Deno's own runner finds the test files", tests)
    return Found(missing='no task "test" in deno.json and no *_test or *.test file')


# --- compiled languages and the rest ------------------------------------------------------------------------------------------


def _go(look: Look) -> Found:
    tests = look.first(r"(?:.*/)?[^/]+_test\.go")
    if not tests:
        return Found(missing="no *_test.go")
    return Found((("go", "mod", "download"),), (("go", "test", "./..."),), "Tests of every package", tests)


def _cargo(look: Look) -> Found:
    tests = look.first(r"(?:.*/)?tests/[^/]+\.rs") or look.holding(r"(?:.*/)?src/.*\.rs", r"#\[(?:\w+::)*test\b|#\[cfg\(test\)\]")
    if not tests:
        return Found(missing="no tests/*.rs and no #[test] in src")
    locked: Argv = ("--locked",) if look.files.is_file("Cargo.lock") else ()
    version = look.request.choices.series
    toolchain: tuple[Argv, ...] = (
        (("rustup", "toolchain", "install", version, "--profile", "minimal"), ("rustup", "default", version)) if version else ()
    )
    return Found((*toolchain, ("cargo", "fetch", *locked)), (("cargo", "test", *locked),), "Unit, integration and doc tests", tests)


_JVM_TESTS = r"(?:.*/)?src/test/.+\.(?:java|kt|scala|groovy)"


def _maven(look: Look) -> Found:
    tests = look.first(_JVM_TESTS)
    if not tests:
        return Found(missing="nothing below src/test")
    program: Argv = ("sh", "./mvnw") if look.files.is_file("mvnw") else ("mvn",)
    run = (*program, "--batch-mode", "--no-transfer-progress", "verify")
    return Found((), (run,), "Compiles and runs all tests up to the verify phase", tests)


def _gradle(look: Look) -> Found:
    tests = look.first(_JVM_TESTS)
    if not tests:
        return Found(missing="nothing below src/test")
    program: Argv = ("sh", "./gradlew") if look.files.is_file("gradlew") else ("gradle",)
    return Found((), ((*program, "--no-daemon", "check"),), "Runs all tests and checks of the build", tests)


def _nuget(look: Look) -> Found:
    tests = look.holding(r"(?:.*/)?[^/]+\.(?:cs|fs|vb)proj", r"Microsoft\.NET\.Test\.Sdk|TUnit|MSTest\.Sdk")
    if not tests:
        return Found(missing="no project that references Microsoft.NET.Test.Sdk")
    solution = look.first(r"[^/]+\.slnx?")
    what = inside_path(solution[0].file if solution else tests[0].file, "test project")
    return Found((("dotnet", "restore", what),), (("dotnet", "test", what, "--no-restore"),), "Runs the test projects", tests)


def _mix(look: Look) -> Found:
    tests = look.first(r"(?:.*/)?test/.+_test\.exs")
    if not tests:
        return Found(missing="no test/*_test.exs")
    locked: Argv = ("--check-locked",) if look.files.is_file("mix.lock") else ()
    install: tuple[Argv, ...] = (("mix", "local.hex", "--force"), ("mix", "local.rebar", "--force"), ("mix", "deps.get", *locked))
    return Found(install, (("mix", "test"),), "ExUnit runs what stands below test", tests)


def _bundler(look: Look) -> Found:
    install: tuple[Argv, ...] = (("bundle", "install"),)
    if look.files.is_file("Gemfile.lock"):
        install = (("bundle", "config", "set", "--local", "frozen", "true"), *install)
    spec = look.first(r"spec/.+_spec\.rb")
    if spec and (look.depends_on("rspec", "rspec-core", "rspec-rails") or look.files.is_file(".rspec")):
        return Found(install, (("bundle", "exec", "rspec"),), "The project's tests are written for RSpec", spec)
    test = look.first(r"test/.+_test\.rb|test/(?:.+/)?test_[^/]+\.rb")
    if test and look.files.is_file("bin/rails"):
        return Found(install, (("bundle", "exec", "rails", "test"),), "Rails runs what stands below test", test)
    if test and look.files.is_file("Rakefile"):
        return Found(install, (("bundle", "exec", "rake", "test"),), "The task that runs what stands below test", test)
    return Found(missing="no spec/*_spec.rb with RSpec and no test/*_test.rb with Rails or a Rakefile")


def _composer(look: Look) -> Found:
    install: tuple[Argv, ...] = (("composer", "install", "--no-interaction", "--no-progress", "--prefer-dist"),)
    value, evidence = look.script("composer.json", "scripts", "test")
    if value:
        return Found(install, (("composer", "test"),), 'The script "test" of composer.json', evidence)
    settings = look.first(r"phpunit\.xml(?:\.dist)?")
    if settings:
        return Found(install, (("vendor/bin/phpunit",),), "PHPUnit with the project's own settings", settings)
    return Found(missing='no script "test" in composer.json and no phpunit.xml')


_PLAIN_PYTHON: Callable[[Argv, bool], Argv] = lambda arguments, _bring: (_PYTHON, *arguments)  # noqa: E731

_LOOKS: Mapping[str, tuple[str, Callable[[Look], Found]]] = {
    "pip": ("python", _python(_pip_install, _PLAIN_PYTHON)),
    "uv": ("python", _python(_uv_install, _uv_run)),
    "poetry": ("python", _python(_poetry_install, _through("poetry"))),
    "pdm": ("python", _python(_pdm_install, _through("pdm"))),
    "pipenv": ("python", _python(_pipenv_install, _through("pipenv"))),
    "npm": ("node", _node),
    "pnpm": ("node", _node),
    "yarn": ("node", _node),
    "yarn-berry": ("node", _node),
    "bun": ("bun", _bun),
    "deno": ("deno", _deno),
    "go": ("go", _go),
    "cargo": ("rust", _cargo),
    "maven": ("maven", _maven),
    "gradle": ("gradle", _gradle),
    "nuget": ("dotnet", _nuget),
    "mix": ("elixir", _mix),
    "bundler": ("ruby", _bundler),
    "composer": ("php", _composer),
}
_STACK_OF = {"maven": "jvm", "gradle": "jvm"}


def test_plan(request: Request) -> TestPlan:
    """The tests of the project. Raises DeployDeckError `generate-unsafe-path` for a requirements file with an unsafe name."""
    profile, choices = request.profile, request.choices
    fact = profile.package_manager
    name = choices.install.manager if choices.install else fact.value.name if fact else ""
    if name not in _LOOKS:
        return TestPlan(
            missing=f"how projects managed with {shown(name)} are tested is not known" if name else "no package manager"
        )
    family, look_at = _LOOKS[name]
    toolchain, found = _TOOLCHAINS[family], look_at(Look(request))
    system = sorted({one.name for one in profile.system_packages if _DEBIAN.fullmatch(one.name)})
    return TestPlan(
        toolchain=toolchain,
        series=choices.series or toolchain.series,
        install=found.install if found.run else (),
        run=found.run,
        why=found.why,
        missing=found.missing,
        evidence=found.evidence,
        system=tuple(system) if found.run else (),
    )


test_plan.__test__ = False  # type: ignore[attr-defined]
