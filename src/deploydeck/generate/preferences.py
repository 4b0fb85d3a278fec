"""Wishes about the generated files, through one door: settings say them now, a model may propose them later.

A wish that could harm is refused here, whoever has it, so nothing behind this door needs to ask again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from deploydeck.domain import DeployDeckError, Preference
from deploydeck.generate.names import debian_package, shown, variable_name
from deploydeck.generate.policies.model import names_secret
from deploydeck.redaction import Redactor
from deploydeck.settings import PROJECT_FILE, Settings

BUILD_PACKAGES = "build-packages"
RUN_PACKAGES = "run-packages"
BUILD_ARGUMENTS = "build-arguments"
CACHE = "cache"
MEMORY_MB = "memory-mb"
CPUS = "cpus"

_Value = str | int | float | bool | tuple[str, ...]
_T = TypeVar("_T")
_shapes = Redactor()


@dataclass(frozen=True)
class Wish:
    """A value with who wants it, for the reason of the line that it makes."""

    value: str
    source: str


@dataclass(frozen=True)
class Argument:
    """A build argument: its name, its plain value, and who wants it."""

    name: str
    value: str
    source: str


@dataclass(frozen=True)
class Preferences:
    """Typed access to wishes. Of several that say one thing, the last wins; packages and arguments add up."""

    all: tuple[Preference, ...] = ()

    def packages(self, name: str) -> tuple[Wish, ...]:
        """BUILD_PACKAGES or RUN_PACKAGES: Debian packages, each once."""
        found: dict[str, Wish] = {}
        for one in self._named(name):
            for package in _texts(one):
                found.setdefault(package, Wish(package, one.source))
        return tuple(found.values())

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Build arguments in the order of their names."""
        found: dict[str, Argument] = {}
        for one in self._named(BUILD_ARGUMENTS):
            for pair in _texts(one):
                name, _, value = pair.partition("=")
                found[name] = Argument(name, value, one.source)
        return tuple(found[name] for name in sorted(found))

    @property
    def cache(self) -> bool:
        """Whether builds keep the caches of package managers."""
        return self._last(CACHE, bool, True)

    @property
    def memory_bytes(self) -> int | None:
        """The memory limit of one copy, in bytes."""
        megabytes = self._last(MEMORY_MB, int, 0)
        return megabytes * 1024 * 1024 if megabytes else None

    @property
    def cpus(self) -> float | None:
        """The CPU limit of one copy, in cores."""
        return float(self._last(CPUS, (int, float), 0)) or None

    def _named(self, name: str) -> Iterable[Preference]:
        return (one for one in self.all if one.name == name)

    def _last(self, name: str, kind: type[_T] | tuple[type[_T], ...], default: _T) -> _T:
        found = [one.value for one in self._named(name) if isinstance(one.value, kind)]
        return found[-1] if found else default


def preferences(settings: Settings, proposed: Iterable[Preference] = ()) -> tuple[Preference, ...]:
    """The wishes of the settings, then those proposed elsewhere. Raises DeployDeckError `generate-preference` for one to refuse."""
    build, size = settings.build, settings.resources
    said: tuple[tuple[str, _Value | None, str], ...] = (
        (BUILD_PACKAGES, tuple(build.build_packages), "[build] build_packages"),
        (RUN_PACKAGES, tuple(build.run_packages), "[build] run_packages"),
        (BUILD_ARGUMENTS, tuple(f"{name}={value}" for name, value in sorted(build.arguments.items())), "[build.arguments]"),
        (CACHE, None if build.cache else False, "[build] cache"),
        (MEMORY_MB, size.memory_mb, "[resources] memory_mb"),
        (CPUS, size.cpus, "[resources] cpus"),
    )
    own = (
        Preference(name=name, value=value, source=f"{source} in the settings")
        for name, value, source in said
        if value is not None and value != ()
    )
    return tuple(_checked(one) for one in (*own, *proposed))


def _texts(one: Preference) -> tuple[str, ...]:
    return one.value if isinstance(one.value, tuple) else ()


def _refused(one: Preference, why: str) -> DeployDeckError:
    return DeployDeckError(
        "generate-preference", f"{shown(one.name)} of {shown(one.source)} cannot be followed.", why, f"Change it in {PROJECT_FILE}."
    )


def _checked(one: Preference) -> Preference:
    check = _CHECKS.get(one.name)
    if check is None:
        raise _refused(one, f"There is no such preference; known are {', '.join(_CHECKS)}.")
    check(one)
    return one


def _check_packages(one: Preference) -> None:
    if not isinstance(one.value, tuple):
        raise _refused(one, "It is a list of Debian packages.")
    for package in one.value:
        if not debian_package(package):
            raise _refused(one, f"{shown(package)} is not the name of a Debian package.")


def _check_arguments(one: Preference) -> None:
    if not isinstance(one.value, tuple):
        raise _refused(one, "It is a list of NAME=value.")
    for pair in one.value:
        name, equals, value = pair.partition("=")
        if not equals or not variable_name(name):
            raise _refused(one, f"{shown(name)} is not the name of a variable.")
        if names_secret(name) or _shapes(value) != value:
            raise _refused(
                one,
                f"{name} looks like a secret, and a build argument stays readable in the image. A build mounts secrets instead.",
            )
        if not value.isprintable():
            raise _refused(one, f"The value of {name} holds a line break or a control character.")


def _check_cache(one: Preference) -> None:
    if not isinstance(one.value, bool):
        raise _refused(one, "It is yes or no.")


def _check_size(one: Preference) -> None:
    whole = one.name == MEMORY_MB
    fits = isinstance(one.value, int) if whole else isinstance(one.value, (int, float))
    least = 16 if whole else 0.01
    if isinstance(one.value, (str, tuple, bool)) or not fits or not least <= one.value <= 10_000_000:
        raise _refused(one, "It is a number of MiB from 16 up." if whole else "It is a number of cores above 0.")


_CHECKS: dict[str, Callable[[Preference], None]] = {
    BUILD_PACKAGES: _check_packages,
    RUN_PACKAGES: _check_packages,
    BUILD_ARGUMENTS: _check_arguments,
    CACHE: _check_cache,
    MEMORY_MB: _check_size,
    CPUS: _check_size,
}
