"""Makes the screenshots of the README: the real program on the bundled example, deployed for real, drawn by itself as SVG.

    python docs/screens/make.py DIRECTORY

DIRECTORY is where the example is copied to and deployed from (it must not exist yet; its path can be read on the pictures).
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
SIZE = (110, 30)


async def make(home: Path) -> None:
    from textual.pilot import Pilot

    from deploydeck.app import DeployDeckApp
    from deploydeck.demo import create_demo
    from deploydeck.settings import default_paths

    project = create_demo(default_paths(), home / "shop")
    app = DeployDeckApp(project, default_paths())
    async with app.run_test(size=SIZE) as pilot:

        async def sees(*texts: str, timeout_s: float = 120) -> None:
            deadline = time.monotonic() + timeout_s
            while not all(text in text_of(pilot) for text in texts):
                if time.monotonic() > deadline:
                    raise SystemExit(f"{texts} did not appear:\n{text_of(pilot)}")
                await pilot.pause(0.1)
            await pilot.pause(0.3)

        def text_of(pilot: Pilot[int]) -> str:
            strips = pilot.app.screen._compositor.render_strips()
            return "\n".join("".join(segment.text for segment in strip) for strip in strips)

        async def picture(name: str) -> None:
            await pilot.pause(0.3)
            (HERE / f"{name}.svg").write_text(app.export_screenshot(title="DeployDeck"), encoding="utf-8")
            print(name)

        async def press(*keys: str) -> None:
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.1)

        await sees("can be deployed")
        await press("down", "down", "down", "down")
        await picture("scan")
        await press("3")
        await sees("to decide")
        await press("w")
        await picture("review")
        await press("escape")
        while "0 to decide" not in text_of(pilot):
            await press("A")
        await press("enter")
        await sees("Wrote")
        await press("4")
        await sees("What happens")
        await picture("plan")
        await press("enter")
        await sees("succeeded  v1")
        await picture("deploy")
        await press("ctrl+p")
        await pilot.pause(0.5)
        await press(*"breaking")
        await sees("Demo: propose")
        await press("enter")
        await sees("1 to decide")
        await press("A", "enter")
        await sees("Wrote")
        await press("4")
        await sees("What happens")
        await press("enter")
        await sees("failed, unchanged")
        await picture("failure")
        await press("7")
        await sees("v2", "v1")
        await picture("history")


def main() -> None:
    home = Path(sys.argv[1]).absolute()
    home.mkdir(parents=True)
    os.environ |= {
        "DEPLOYDECK_HOME": str(home / ".data"),
        "DEPLOYDECK_CONFIG": str(home / ".config"),
        "DEPLOYDECK_HEALTH__DEADLINE_S": "10",
        "TEXTUAL_ANIMATIONS": "none",
    }
    asyncio.run(make(home))


if __name__ == "__main__":
    main()
