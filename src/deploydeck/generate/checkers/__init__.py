"""Checkers: who says that a generated file is right. One module each; all answer with a CheckVerdict."""

from __future__ import annotations

from collections.abc import Callable

from deploydeck.domain import CheckVerdict
from deploydeck.generate.checkers.dockerfile import check_dockerfile
from deploydeck.generate.checkers.hadolint import check_with_hadolint
from deploydeck.generate.checkers.text import check_dockerignore, check_env_example, check_nginx, check_project_file

Checker = Callable[[str], CheckVerdict]

_BY_NAME: dict[str, tuple[Checker, ...]] = {
    ".dockerignore": (check_dockerignore,),
    ".env.example": (check_env_example,),
    "deploydeck.toml": (check_project_file,),
}


def checkers_for(path: str, dockerfile: str) -> tuple[Checker, ...]:
    """Which checkers a file gets, by its path."""
    name = path.rsplit("/", 1)[-1]
    if path == dockerfile or name == "Dockerfile" or name.startswith("Dockerfile.") or name.endswith(".Dockerfile"):
        return (check_dockerfile, check_with_hadolint)
    if name.endswith("nginx.conf"):
        return (check_nginx,)
    return _BY_NAME.get(path, ())


__all__ = ["Checker", "checkers_for"]
