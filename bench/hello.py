"""The baseline: the smallest Textual program."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("hello from the baseline")


if __name__ == "__main__":
    Hello().run()
