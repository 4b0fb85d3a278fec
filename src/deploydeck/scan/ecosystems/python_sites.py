"""Static sites that Python tools build: the build command and where the pages are afterwards."""

from __future__ import annotations

from collections.abc import Callable

from deploydeck.domain import Evidence, Fact, Kind
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.state import Scan

_SPHINX = ("conf.py", "source/conf.py", "docs/conf.py", "docs/source/conf.py", "doc/conf.py", "doc/source/conf.py")


def _built(argv: tuple[str, ...], output: str, place: Evidence) -> Resolved:
    return Resolved(
        build=Fact(value=argv, confidence=0.9, evidence=(place,), reason=f"{place.file} configures the site"),
        output=Fact(value=output, confidence=0.85, evidence=(place,)),
        kind=Kind.STATIC,
    )


def _mkdocs(scan: Scan) -> Resolved:
    path = next((one for one in ("mkdocs.yml", "mkdocs.yaml") if one in scan.tree.entries), "")
    if not path:
        return Resolved(kind=Kind.STATIC)
    option = scan.facts.first("option", "mkdocs.site_dir", "python")
    return _built(
        ("mkdocs", "build"), option.value.removeprefix("./").rstrip("/") if option else "site", Evidence(file=path, rule="build")
    )


def _sphinx(scan: Scan) -> Resolved:
    path = next((one for one in _SPHINX if one in scan.tree.entries), "")
    if not path:
        return Resolved(kind=Kind.STATIC)
    source = path.rpartition("/")[0] or "."
    if source.endswith("source"):
        output = f"{source.removesuffix('source').rstrip('/')}/build/html".lstrip("/")
    else:
        output = f"{source}/_build/html" if source != "." else "_build/html"
    return _built(("sphinx-build", "-b", "html", source, output), output, Evidence(file=path, rule="build"))


def _pelican(scan: Scan) -> Resolved:
    path = next((one for one in ("publishconf.py", "pelicanconf.py") if one in scan.tree.entries), "")
    option = scan.facts.first("setting", "OUTPUT_PATH", "python")
    output = (option.value if option else "") or "output"
    return (
        _built(("pelican", "content", "-s", path or "pelicanconf.py"), output.rstrip("/"), Evidence(file=path, rule="build"))
        if path
        else Resolved(kind=Kind.STATIC)
    )


def _simple(argv: tuple[str, ...], output: str, *markers: str) -> Callable[[Scan], Resolved]:
    def resolve(scan: Scan) -> Resolved:
        path = next((one for glob in markers for one in scan.files(glob)), "")
        return _built(argv, output, Evidence(file=path, rule="build")) if path else Resolved(kind=Kind.STATIC)

    return resolve


SITES: dict[str, Callable[[Scan], Resolved]] = {
    "mkdocs": _mkdocs,
    "sphinx": _sphinx,
    "pelican": _pelican,
    "nikola": _simple(("nikola", "build"), "output", "conf.py"),
    "lektor": _simple(("lektor", "build", "--output-path", "build"), "build", "*.lektorproject"),
    "jupyter-book": _simple(("jupyter-book", "build", "."), "_build/html", "_config.yml", "myst.yml"),
}
"""Ways to start of rules/data/python.toml that build a site."""
