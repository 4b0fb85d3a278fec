import re
from pathlib import Path

import httpx

LINK = re.compile(r"\]\((https?:[^)\s]+)\)")


def links(path: Path) -> list[str]:
    return LINK.findall(path.read_text(encoding="utf-8"))


def alive(url: str, timeout: float) -> bool:
    try:
        return httpx.head(url, timeout=timeout, follow_redirects=True).status_code < 400
    except httpx.HTTPError:
        return False
