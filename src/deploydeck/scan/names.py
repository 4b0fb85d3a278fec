# ruff: noqa: E501 - tables read better unbroken
"""Directory and file names that say what is not the program: tests, examples, documentation."""

from __future__ import annotations

import re

_NOT_THE_PROGRAM = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|__mocks__|specs?|docs?|examples?|samples?|fixtures|e2e|cypress|stories|migrations|benchmarks?)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$|_test\.go$|(?:^|/)src/(?:test|it)/|Tests?\.(?:java|kt|cs)$|_(?:spec|test)\.rb$|_test\.exs$"
    r"|\.(?:test|spec|stories|min|d)\.[a-z]+$"
)
_PACKAGES = re.compile(
    r"((?:^|/)src/\w{0,20}[mM]ain/[a-z]{1,20}/)(?:[^/]{1,200}/){1,40}|(?:^|/)(?:com|org|net|io|dev|me)/(?:example|sample|test)s?(?=/)"
)
"""Directories that are packages of the JVM: `com.example` is a name there, and no example."""
NOT_COMPONENTS = frozenset(
    "test tests testing __tests__ spec specs e2e cypress example examples sample samples demo demos fixture fixtures testdata test-data "
    "doc docs documentation benchmark benchmarks bench template templates scaffold scaffolds third_party third-party vendor vendors external "
    "playground playgrounds buildSrc build-logic stories storybook .github .circleci .devcontainer .storybook .vscode snippets skeleton".split()
)
"""A project in such a directory is no component of the one around it, unless a workspace declares it."""


def not_the_program(path: str) -> bool:
    """Whether a source file is a test, an example or documentation, by its path."""
    return _NOT_THE_PROGRAM.search(_PACKAGES.sub(r"\1", path)) is not None
