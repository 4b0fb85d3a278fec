"""The HTTP API of OSV (api.osv.dev): which entries there are for packages, and the entries. Names and versions leave, nothing else.

Answers are bounded in size and read as hostile. Waits are retried where waiting helps: no connection, 429, 5xx.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from deploydeck.domain import DeployDeckError, utc_now
from deploydeck.scan.vulnerabilities.records import Advisory, Odd, Package, is_id, read_advisory

if TYPE_CHECKING:
    import httpx

DEFAULT_URL = "https://api.osv.dev"
_ELSEWHERE = "Look at `[scan] osv_url` and the network; `deploydeck vulns import` makes checks work without one."


@dataclass(frozen=True)
class Manners:
    """How the API is asked. `batch` is the most it takes at once; waits are seconds, sizes bytes."""

    batch: int = 1000
    parallel: int = 8
    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    pages: int = 50
    answer_bytes: int = 32_000_000
    entry_bytes: int = 8_000_000
    ids: int = 10_000


@dataclass
class Answers:
    """What a question brought: ids with the time of their last change (as OSV writes it) by package, and who was not answered."""

    ids: dict[Package, dict[str, str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)  # ecosystem: what the server said


class OsvClient:
    """A connection to an OSV API. Use as an async context manager.

    Raises DeployDeckError `osv-unreachable`, `osv-busy` (both transient), `osv-refused`, `osv-answer-too-large`, `osv-answer-odd`.
    """

    def __init__(self, url: str = DEFAULT_URL, *, timeout_s: float = 10.0, manners: Manners | None = None) -> None:
        self._url = url.rstrip("/")
        self._shown = public(url)
        self._timeout_s = timeout_s
        self._manners = manners or Manners()
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        import httpx

        from deploydeck import __version__

        limits = httpx.Limits(max_connections=self._manners.parallel)
        headers = {"user-agent": f"deploydeck/{__version__}", "accept-encoding": "identity", "accept": "application/json"}
        try:
            self._http = httpx.AsyncClient(timeout=self._timeout_s, limits=limits, headers=headers, follow_redirects=False)
        except (ImportError, ValueError, OSError) as error:  # a proxy of an odd kind, certificates that are not there
            why = f"The network cannot be used as the environment says: {str(error)[:200]}"
            raise DeployDeckError("osv-unreachable", f"{self._shown} cannot be reached.", why, _ELSEWHERE) from error
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    # --- questions ------------------------------------------------------------------------------------------------------------

    async def query(self, packages: Iterable[Package]) -> Answers:
        """Which entries there are for each package. An ecosystem the server does not know is in `refused`, not an error."""
        wanted = list(dict.fromkeys(packages))
        answers = Answers()
        size = self._manners.batch
        for start in range(0, len(wanted), size):
            await self._query_or_split(wanted[start : start + size], answers)
        return answers

    async def _query_or_split(self, packages: Sequence[Package], answers: Answers) -> None:
        """One bad ecosystem makes the server refuse a whole batch: then each is asked by itself."""
        try:
            answers.ids |= await self._query_batch(packages)
        except DeployDeckError as error:
            if error.code != "osv-refused":
                raise
            ecosystems = dict.fromkeys(package.ecosystem for package in packages)
            if len(ecosystems) == 1:
                answers.refused[packages[0].ecosystem] = error.why or error.what
                return
            for ecosystem in ecosystems:
                await self._query_or_split([package for package in packages if package.ecosystem == ecosystem], answers)

    async def _query_batch(self, packages: Sequence[Package]) -> dict[Package, dict[str, str]]:
        found: dict[Package, dict[str, str]] = {package: {} for package in packages}
        open_pages = dict.fromkeys(packages, "")
        for _ in range(self._manners.pages):
            body = {"queries": [_query(package, token) for package, token in open_pages.items()]}
            answer = await self._ask("POST", "/v1/querybatch", self._manners.answer_bytes, body)
            results = answer.get("results") if isinstance(answer, dict) else None
            if not isinstance(results, list) or len(results) != len(open_pages):
                raise _odd("It does not hold one result for each question.")
            asked, open_pages = list(open_pages), {}
            for package, result in zip(asked, results, strict=True):
                token = _take(result, found[package])
                if token:
                    open_pages[package] = token
            if sum(map(len, found.values())) > self._manners.ids:
                raise _odd(f"It names more than {self._manners.ids} entries.")
            if not open_pages:
                return found
        raise _odd(f"It still has more after {self._manners.pages} pages.")

    async def entries(self, ids: Iterable[str]) -> dict[str, Advisory]:
        """The entries of those ids, some at a time. An id that is gone by now (404) is left out."""
        turns = asyncio.Semaphore(self._manners.parallel)
        found: dict[str, Advisory] = {}

        async def fetch(one: str) -> None:
            async with turns:
                answer = await self._ask("GET", f"/v1/vulns/{one}", self._manners.entry_bytes)
            if answer is None:
                return
            try:
                found[one] = read_advisory(answer)
            except Odd as error:
                raise _odd(f"Its entry {one} cannot be used: {error}.") from None

        try:
            async with asyncio.TaskGroup() as group:
                for one in dict.fromkeys(ids):
                    group.create_task(fetch(one))
        except* DeployDeckError as several:
            raise several.exceptions[0] from None
        return found

    # --- HTTP -----------------------------------------------------------------------------------------------------------------

    async def _ask(self, method: str, path: str, most_bytes: int, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON of an answer; None for 404. Tries again with growing, jittered waits, or those the server asks for."""
        for attempt in range(1, self._manners.attempts + 1):
            try:
                return await self._once(method, path, most_bytes, body)
            except _Again as again:
                wait_s = self._wait_s(attempt, again.after_s)
                if attempt == self._manners.attempts or wait_s is None:
                    raise again.error from again
                await asyncio.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, method: str, path: str, most_bytes: int, body: Mapping[str, Any] | None) -> Any:
        import httpx

        assert self._http is not None, "use it as a context manager"
        data = bytearray()
        try:
            async with asyncio.timeout(self._timeout_s * 3):  # httpx bounds one read, this the whole of a trickle
                async with self._http.stream(method, f"{self._url}{path}", json=body) as response:
                    async for chunk in response.aiter_bytes():
                        data += chunk
                        if len(data) > most_bytes:
                            raise DeployDeckError(
                                "osv-answer-too-large", f"{self._shown} sent more than {most_bytes} bytes.", hint=_ELSEWHERE
                            )
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise _Again(
                DeployDeckError("osv-unreachable", f"{self._shown} cannot be reached.", why, _ELSEWHERE, transient=True)
            ) from error
        status = response.status_code
        if status == 429 or status >= 500:
            why = f"It answered {status}."
            after = _retry_after_s(response.headers.get("retry-after", ""))
            raise _Again(DeployDeckError("osv-busy", f"{self._shown} is busy.", why, "Try again later.", transient=True), after)
        if status == 404 and method == "GET":
            return None
        if status != 200:
            why = f"It answered {status}: {_message(bytes(data))}"
            raise DeployDeckError("osv-refused", f"{self._shown} refused the question.", why, _ELSEWHERE)
        try:
            return json.loads(bytes(data))
        except (ValueError, RecursionError):
            raise _odd("It is not JSON.") from None

    def _wait_s(self, attempt: int, after_s: float | None) -> float | None:
        """Seconds until the next try; None when the server asks for more patience than there is."""
        if after_s is not None:
            return None if after_s > self._manners.longest_wait_s else after_s
        longest = min(self._manners.first_wait_s * 2 ** (attempt - 1), self._manners.longest_wait_s)
        return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, no secret


class _Again(Exception):
    """What may pass: the error to raise when it does not, and how long the server wants to be left alone."""

    def __init__(self, error: DeployDeckError, after_s: float | None = None) -> None:
        super().__init__(error.what)
        self.error, self.after_s = error, after_s


def public(url: str) -> str:
    """An address without the name and password that may be in it."""
    scheme, separator, rest = url.rstrip("/").partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{separator}{place.rpartition('@')[2]}{slash}{path}"


def _query(package: Package, token: str) -> dict[str, Any]:
    asked: dict[str, Any] = {"package": {"ecosystem": package.ecosystem, "name": package.name}, "version": package.version}
    return {**asked, "page_token": token} if token else asked


def _take(result: object, into: dict[str, str]) -> str:
    """Put the ids of one result into a mapping; returns the token of its next page."""
    if not isinstance(result, dict):
        raise _odd("A result is no object.")
    vulns = result.get("vulns") or []
    if not isinstance(vulns, list):
        raise _odd("A result holds no list.")
    for one in vulns:
        if not isinstance(one, dict) or not is_id(one.get("id")):
            raise _odd("A result holds something without a usable id.")
        modified = one.get("modified")
        into[one["id"]] = modified[:40] if isinstance(modified, str) else ""
    token = result.get("next_page_token") or ""
    if not isinstance(token, str) or len(token) > 4096:
        raise _odd("The token of the next page is no text.")
    return token


def _retry_after_s(value: str) -> float | None:
    """Seconds from a Retry-After header, written as seconds or as a date."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        return max((parsedate_to_datetime(value) - utc_now()).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _message(data: bytes) -> str:
    """What the server says of its refusal."""
    try:
        said = json.loads(data)["message"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "no reason given"
    return str(said)[:200]


def _odd(why: str) -> DeployDeckError:
    return DeployDeckError("osv-answer-odd", "The answer of the OSV server is not one of its API.", why, _ELSEWHERE)
