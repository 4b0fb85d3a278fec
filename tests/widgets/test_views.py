"""Panes in a small app: lists, texts, diffs and logs draw only what fits, keep their place and survive hostile lines."""

from __future__ import annotations

import re
import time
from typing import Any

from textual.app import App, ComposeResult
from textual.widget import Widget

from deploydeck.domain import Change, ChangeState, Decision, GeneratedFile
from deploydeck.review import Review
from deploydeck.widgets.diff_view import DiffView
from deploydeck.widgets.log_model import Filter
from deploydeck.widgets.log_view import LogView
from deploydeck.widgets.row_list import Column, Row, RowList
from deploydeck.widgets.text_pane import TextPane
from tests.widgets.test_text import HOSTILE


class Stage(App[None]):
    """One widget, full screen."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.widget.focus()


def screen_text(app: App[Any]) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


def rows(count: int) -> list[Row]:
    return [Row(str(i), (f"name {i}", (f"state {i}", "good"))) for i in range(count)]


async def test_list_keeps_the_cursor_on_its_row() -> None:
    view = RowList(Column(flex=1), Column(width=10, drop=1))
    async with Stage(view).run_test(size=(40, 10)) as pilot:
        view.show(rows(100))
        await pilot.press("G")
        assert view.key == "99"
        view.show([Row("new", ("first", "")), *rows(100)])
        assert view.key == "99"
        await pilot.press("g", "j", "j", "k")
        assert view.key == "0"
        await pilot.press("ctrl+d")
        assert int(view.key) > 2


async def test_list_skips_headings_and_says_why_it_is_empty() -> None:
    view = RowList(Column(flex=1))
    async with Stage(view).run_test(size=(40, 10)) as pilot:
        view.show([Row("h", ((" Title", "title"),), heading=True), *rows(2)])
        assert view.key == "0"
        await pilot.press("up")
        assert view.key == "0"
        view.show((), empty=((("Nothing here yet: press o.", ""),),))
        await pilot.pause()
        assert "Nothing here yet" in screen_text(pilot.app)
        assert view.key == ""


async def test_focus_is_a_glyph() -> None:
    view = RowList(Column(flex=1))
    async with Stage(view).run_test(size=(40, 5)) as pilot:
        view.show(rows(2))
        await pilot.pause()
        assert "▸ name 0" in screen_text(pilot.app)
        pilot.app.set_focus(None)
        await pilot.pause()
        assert "› name 0" in screen_text(pilot.app)


async def test_narrow_lists_drop_columns() -> None:
    view = RowList(Column(width=10), Column(width=10, drop=1), Column(width=10, drop=2))
    async with Stage(view).run_test(size=(28, 5)) as pilot:
        view.show([Row("a", ("one", "two", "three"))])
        await pilot.pause()
        assert "two" in screen_text(pilot.app) and "three" not in screen_text(pilot.app)


async def test_text_pane_wraps_and_finds() -> None:
    view = TextPane()
    async with Stage(view).run_test(size=(20, 6)) as pilot:
        view.show([(("one two three four five six seven eight", ""),)] * 10 + [(("needle here", ""),)])
        await pilot.pause()
        assert view.total() > 20
        assert view.find("NEEDLE")
        await pilot.pause()
        assert "needle here" in screen_text(pilot.app)
        assert not view.find("nowhere")


def change(old: str | None, new: str) -> Change:
    review = Review()
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as directory:
        if old is not None:
            Path(directory, "file.txt").write_text(old)
        return review.compare(Path(directory), [GeneratedFile(path="file.txt", content=new)])[0]


async def test_diff_moves_by_hunk_and_shows_controls() -> None:
    old = "".join(f"line {i}\n" for i in range(60))
    new = old.replace("line 5\n", "line \x1b[31mfive\n").replace("line 50\n", "line [b]fifty[/b] \u202e\n")
    view = DiffView()
    async with Stage(view).run_test(size=(80, 24)) as pilot:
        view.show(change(old, new))
        await pilot.pause()
        assert view.hunk == 0
        text = screen_text(pilot.app)
        assert "hunk 1/2" in text and "␛[31mfive" in text
        view.focus_hunk(1)
        await pilot.pause()
        assert view.hunk == 1
        assert "[b]fifty[/b] ‹U+202E›" in screen_text(pilot.app)


async def test_diff_is_side_by_side_from_120_columns() -> None:
    view = DiffView()
    async with Stage(view).run_test(size=(120, 24)) as pilot:
        view.show(change("old text\n", "new text\n"))
        await pilot.pause()
        assert any("-old text" in line and "+new text" in line for line in screen_text(pilot.app).splitlines())
        await pilot.resize_terminal(100, 24)
        await pilot.pause(0.2)
        assert not any("-old text" in line and "+new text" in line for line in screen_text(pilot.app).splitlines())


async def test_diff_shows_an_edited_hunk_as_it_would_be_written() -> None:
    view = DiffView()
    made = change(None, "one\ntwo\n")
    edited = Review().decide(made, made.hunks[0].key, Decision.EDITED, ["one", "2"])
    async with Stage(view).run_test(size=(80, 12)) as pilot:
        view.show(edited)
        await pilot.pause()
        text = screen_text(pilot.app)
        assert "+2" in text and "+two" not in text and "✎ edited" in text


async def test_same_file_says_so() -> None:
    view = DiffView()
    made = change("same\n", "same\n")
    assert made.state is ChangeState.SAME
    async with Stage(view).run_test(size=(60, 6)) as pilot:
        view.show(made, empty=((("Nothing to decide.", ""),),))
        await pilot.pause()
        assert "Nothing to decide." in screen_text(pilot.app)


def lines(count: int, text: str = "line {}") -> list[tuple[float, str, str, str]]:
    return [(float(i), "out", "app", text.format(i)) for i in range(count)]


async def test_log_follows_until_the_reader_moves_up() -> None:
    view = LogView()
    async with Stage(view).run_test(size=(60, 10)) as pilot:
        view.append(lines(100))
        await pilot.pause()
        assert "line 99" in screen_text(pilot.app)
        await pilot.press("k")
        assert not view.following
        before = screen_text(pilot.app)
        view.append(lines(50, "more {}"))
        await pilot.pause()
        assert view.new == 50
        assert screen_text(pilot.app) == before
        await pilot.press("G")
        await pilot.pause()
        assert view.following and view.new == 0
        assert "more 49" in screen_text(pilot.app)


async def test_log_keeps_its_place_when_old_lines_go() -> None:
    view = LogView()
    view.model.capacity = 1000
    async with Stage(view).run_test(size=(60, 10)) as pilot:
        view.append(lines(1000))
        await pilot.pause()
        view.move_to(700, towards=-1)
        await pilot.pause()
        reading = view.focused_text()
        view.append(lines(200, "more {}"))
        await pilot.pause()
        assert view.focused_text() == reading
        assert reading in screen_text(pilot.app)


async def test_log_filter_highlights_and_search() -> None:
    view = LogView()
    async with Stage(view).run_test(size=(60, 10)) as pilot:
        view.append(lines(1000))
        view.pattern = re.compile("7")
        view.model.set_filter(Filter(text="77"))
        view.filtered()
        await pilot.pause()
        assert "line 977" in screen_text(pilot.app)
        assert any(style == "match" for _, style in view.line_at(0))
        assert view.find_match(re.compile("line 77$"))
        assert view.focused_text() == "line 77"


async def test_log_wraps_and_still_shows_the_end() -> None:
    view = LogView()
    async with Stage(view).run_test(size=(30, 8)) as pilot:
        view.wraps = True
        view.append(lines(200, "a long line that wraps over several rows {}"))
        await pilot.pause()
        assert "199" in screen_text(pilot.app)
        await pilot.press("g")
        await pilot.pause()
        assert "rows 0" in " ".join(screen_text(pilot.app).split())
        for _ in range(30):
            await pilot.press("j")
        assert view.cursor == 30
        assert "30" in screen_text(pilot.app)


async def test_hostile_log_lines_are_harmless() -> None:
    view = LogView()
    async with Stage(view).run_test(size=(60, 20)) as pilot:
        view.append([(0.0, "out", "app", text) for text in (*HOSTILE, "x" * 100_000, "[bold]not markup[/bold]")])
        await pilot.pause()
        text = screen_text(pilot.app)
        assert "[bold]not markup[/bold]" in text
        assert "\x1b" not in text and "\u202e" not in text
        view.wraps = True
        view.changed()
        await pilot.pause()
        await pilot.press("g", "G", "ctrl+u", "ctrl+d")


async def test_two_hundred_thousand_lines_stay_smooth() -> None:
    view = LogView()
    async with Stage(view).run_test(size=(120, 40)) as pilot:
        batch = lines(200_000, "2026-03-14 15:09:26 INFO request {} took 12 ms")
        began = time.perf_counter()
        view.append(batch)
        await pilot.pause()
        assert time.perf_counter() - began < 5
        began = time.perf_counter()
        for key in ("g", "G", "ctrl+u", "pageup", "k", "j", "ctrl+d", "g"):
            await pilot.press(key)
        assert time.perf_counter() - began < 5
        view.wraps = True
        began = time.perf_counter()
        view.changed()
        await pilot.press("G", "g", "pagedown")
        assert time.perf_counter() - began < 3


async def test_copying_takes_what_was_written() -> None:
    view = LogView()
    async with Stage(view).run_test(size=(20, 5)) as pilot:
        view.append([(0.0, "out", "app", "\x1b[31m" + "long " * 20)])
        await pilot.pause()
        assert view.visible_text().startswith("\x1b[31mlong")
        assert view.all_text().endswith("long \n")
