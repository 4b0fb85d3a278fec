"""One question to a copy: does it answer on its health path, from outside, with a status that counts?"""

from __future__ import annotations

import asyncio
import time

from deploydeck.domain import HealthSpec, Probe, utc_now
from deploydeck.targets.base import Endpoint

MAX_BODY_BYTES = 65_536


async def probe(endpoint: Endpoint, spec: HealthSpec) -> Probe:
    """Ask once, within `spec.timeout_s`. Never raises for what the copy does; a redirect is an answer, not a success."""
    import httpx

    url = endpoint.url.rstrip("/") + (spec.path if spec.path.startswith("/") else f"/{spec.path}")
    headers = {"User-Agent": "deploydeck-probe", "Accept": "*/*", **endpoint.headers}
    if spec.host_header:
        headers["Host"] = spec.host_header
    at, started = utc_now(), time.monotonic()
    status: int | None = None
    error = ""
    try:
        async with (
            asyncio.timeout(spec.timeout_s),
            # trust_env off: a proxy of this shell must not answer for a copy on this machine
            httpx.AsyncClient(
                follow_redirects=False, trust_env=False, timeout=spec.timeout_s, verify=url.startswith("https:")
            ) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            size = 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size >= MAX_BODY_BYTES:
                    break
            status = response.status_code
    except (TimeoutError, httpx.TimeoutException):
        error = f"no answer within {spec.timeout_s:g} s"
    except httpx.ConnectError:
        error = "nothing accepts connections there"
    except (httpx.ReadError, httpx.RemoteProtocolError):
        error = "the connection was closed without a whole HTTP answer"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        error = f"the probe itself failed: {type(problem).__name__}"
    ok = status is not None and spec.success_min <= status <= spec.success_max
    if status is not None and not ok:
        redirect = " (a redirect does not count)" if 300 <= status <= 399 else ""
        error = f"status {status}, wanted {spec.success_min} to {spec.success_max}{redirect}"
    return Probe(at=at, url=url, status=status, elapsed_s=time.monotonic() - started, error=error, ok=ok)
