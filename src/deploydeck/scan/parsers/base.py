"""What a parser is: a pure function from a file's path and bytes to facts, and the files it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from deploydeck.scan.facts import Found

Parse = Callable[[str, bytes], Iterator[Found]]
Size = Literal["manifest", "lock", "source", "text"]


@dataclass(frozen=True, slots=True)
class Parser:
    """Files whose path, relative to the component's directory, matches `pattern`.

    A pattern without a slash matches a name in the component's own directory, with `anywhere` also below it; one with slashes
    matches the whole relative path. `size` names the limit of its read, `config_kind` says that the file configures building,
    running or deploying (it is then listed among the profile's `config_files`). `text`: small files, read
    last, for what any text may hold (credentials, a kind that only the content shows). `bare`: nothing but credentials is
    looked for.
    """

    pattern: str
    parse: Parse
    size: Size = "manifest"
    anywhere: bool = False
    config_kind: str = ""
    bare: bool = False
