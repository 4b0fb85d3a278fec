"""Small projects of compiled languages and what an expert says of them; each stands for a mistake that was made with a real one."""

from __future__ import annotations

from pathlib import Path

from tests.scan.trees import codes, scan
