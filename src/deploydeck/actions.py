"""Every user action, once: bottom line, help, palette, key bindings and the clash report are all derived from this table.

Pure data: no Textual here, so that documentation and tests can read it cheaply.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Danger(StrEnum):
    """What an action may do to the world. `asks` opens a question first; `gated` also wants the typed name in production."""

    NONE = "none"
    ASKS = "asks"
    GATED = "gated"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do. `key` may name several keys (comma separated); the first is the one shown.

    `id` is `scope.name`; `needs` names conditions (keys of NEEDS) that must hold; `bar`: its word in the bottom line.
    """

    id: str
    key: str
    title: str
    help: str
    needs: tuple[str, ...] = ()
    danger: Danger = Danger.NONE
    bar: str = ""

    @property
    def scope(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]


NEEDS: dict[str, str] = {
    "deck": "The store is still being opened.",
    "project": "No project is open: press 1, then o to open a directory.",
    "scan": "The project has not been scanned yet: press 2.",
    "row": "Nothing is selected here.",
    "fact": "Focus a fact that can be overridden first.",
    "changes": "There is nothing to review.",
    "hunk": "No hunk is focused: choose a file with changes.",
    "finding": "No checker found anything in these files.",
    "fix": "No finding with a fix is under the cursor: f goes to the next finding.",
    "accepted": "Nothing is accepted yet: a accepts a hunk, A the whole file.",
    "undo": "There is nothing to undo.",
    "plan": "There is no plan yet.",
    "startable": "A deployment runs, or there is no plan to start.",
    "running": "No deployment runs here.",
    "awaiting": "No deployment here waits for somebody to agree.",
    "url": "No address is known: nothing is live.",
    "lines": "There are no lines here.",
    "release": "Choose a release first.",
    "demo": "This is not the demo project.",
    "problem": "Nothing to try again.",
}
"""Why a key does nothing, by the condition that does not hold."""

SCREENS: dict[str, tuple[str, str]] = {
    "projects": ("1", "Projects"),
    "scan": ("2", "Scan"),
    "review": ("3", "Review"),
    "deploy": ("4", "Deploy"),
    "logs": ("5", "Logs"),
    "history": ("7", "History"),
}
"""Screens in the bar: id to number and name. 6 and 8 are kept for screens that do not exist yet."""

_A = Action

ACTIONS: tuple[Action, ...] = (
    # everywhere
    _A("app.palette", "ctrl+p", "All actions", "Find any action by name.", bar="all"),
    _A("app.help", "question_mark,f1", "Help", "Explain this screen and the focused pane.", bar="help"),
    _A("app.quit", "ctrl+q", "Quit", "Leave DeployDeck. Deployments go on in the worker."),
    _A("app.settings", "comma", "Settings", "Show every setting, its value and where it comes from; change your own."),
    _A("app.back", "escape", "Back", "Close what is open: search, panel, dialog."),
    _A("app.search", "slash", "Search", "Search in the focused pane."),
    _A("app.interrupt", "ctrl+c", "Interrupt", "Copy the selected text; while a deployment runs ask what to do with it."),
    _A("app.retry", "f5", "Try again", "Repeat what failed.", ("problem",)),
    _A("app.copy", "y", "Copy", "Copy the focused line to the clipboard, or save it to a file where that is impossible."),
    *(_A(f"app.{screen}", number, f"{title} screen", f"Go to {title}.") for screen, (number, title) in SCREENS.items()),
    _A("app.demo_version", "", "Demo: propose a new version", "Review the change that makes the next version.", ("demo",)),
    _A("app.demo_break", "", "Demo: propose a breaking change", "Review a change that breaks the health check.", ("demo",)),
    # panes
    _A("pane.up", "up,k", "Up", "One line up."),
    _A("pane.down", "down,j", "Down", "One line down."),
    _A("pane.page_up", "pageup,ctrl+b", "Page up", "One page up."),
    _A("pane.page_down", "pagedown,ctrl+f", "Page down", "One page down."),
    _A("pane.half_up", "ctrl+u", "Half page up", "Half a page up."),
    _A("pane.half_down", "ctrl+d", "Half page down", "Half a page down."),
    _A("pane.first", "g,home", "First line", "To the first line."),
    _A("pane.last", "G,end", "Last line", "To the last line; in logs follow again."),
    _A("pane.left", "left,h", "Left", "Scroll left."),
    _A("pane.right", "right,l", "Right", "Scroll right."),
    # 1
    _A("projects.choose", "enter", "Open", "Open the project under the cursor.", ("deck", "row"), bar="open"),
    _A("projects.open", "o", "Open a directory", "Type the path of a project; Tab completes it.", ("deck",), bar="other directory"),
    _A("projects.reload", "r", "Reload", "Read the projects and what is live again.", ("deck",), bar="reload"),
    # 2
    _A("scan.details", "enter", "Evidence", "Move to the evidence of the focused fact.", ("scan",), bar="evidence"),
    _A(
        "scan.override",
        "e",
        "Override",
        "Set this value yourself: becomes a change to deploydeck.toml.",
        ("scan", "fact"),
        bar="override",
    ),
    _A(
        "scan.vulnerabilities",
        "v",
        "Vulnerabilities",
        "Ask for known vulnerabilities of the resolved packages; names and versions are sent.",
        ("scan",),
        bar="vulnerabilities",
    ),
    _A("scan.rescan", "r", "Rescan", "Look at the project again.", ("deck", "project"), bar="rescan"),
    # 3
    _A("review.accept", "a", "Accept hunk", "Accept the focused hunk.", ("hunk",), bar="accept"),
    _A("review.reject", "r", "Reject hunk", "Reject the focused hunk.", ("hunk",), bar="reject"),
    _A("review.edit", "e", "Edit hunk", "Edit the focused hunk in your editor.", ("hunk",), bar="edit"),
    _A("review.why", "w", "Why", "Say why the focused line is there.", ("hunk",), bar="why"),
    _A("review.next", "n", "Next hunk", "To the next hunk.", ("changes",), bar="next"),
    _A("review.previous", "p", "Previous hunk", "To the previous hunk.", ("changes",)),
    _A("review.next_finding", "f", "Next finding", "To the next finding of a checker.", ("finding",)),
    _A("review.previous_finding", "F", "Previous finding", "To the finding before.", ("finding",)),
    _A("review.fix", "x", "Apply fix", "Apply the fix of the focused finding as your edit; w shows it first.", ("fix",), bar="fix"),
    _A("review.accept_file", "A", "Accept file", "Accept every hunk of this file but its conflicts.", ("hunk",), bar="file"),
    _A("review.reject_file", "X", "Reject file", "Reject every hunk of this file.", ("hunk",)),
    _A("review.edit_file", "E", "Edit file", "Edit the whole file as it is offered; what you leave is accepted.", ("changes",)),
    _A("review.prove", "P", "Prove", "Build the image from a scratch copy and ask it; again: stop.", ("changes",), bar="prove"),
    _A("review.undecided", "o", "Only undecided", "Show only the files and hunks nobody decided yet, or all again.", ("changes",)),
    _A(
        "review.accept_all",
        "asterisk",
        "Accept all",
        "Accept every hunk of every checked file that no checker refuses; conflicts stay.",
        ("changes",),
        Danger.ASKS,
    ),
    _A("review.reject_all", "minus", "Reject all", "Reject every hunk that nobody decided yet.", ("changes",)),
    _A(
        "review.undo",
        "u",
        "Undo",
        "Take the last decision back; else put back the files that were written last, also after a restart.",
        ("undo",),
    ),
    _A("review.write", "enter", "Write", "Write the accepted changes into the project.", ("accepted",), bar="write"),
    _A("review.regenerate", "f5", "Generate again", "Scan and generate the files again.", ("deck", "project")),
    # 4
    _A(
        "deploy.start",
        "enter,d",
        "Deploy",
        "Start the plan. Production asks for its name.",
        ("startable",),
        Danger.GATED,
        bar="deploy",
    ),
    _A("deploy.environment", "e", "Environment", "Choose the environment to deploy to.", ("scan",), bar="environment"),
    _A("deploy.target", "t", "Target", "Choose where to deploy.", ("scan",), bar="target"),
    _A("deploy.replan", "r", "Plan again", "Scan and plan again, as the project is now.", ("deck", "project"), bar="replan"),
    _A(
        "deploy.approve",
        "a",
        "Agree…",
        "Agree to the deployment that waits for it; x takes it away instead.",
        ("awaiting",),
        Danger.ASKS,
        bar="agree…",
    ),
    _A("deploy.stop", "x", "Cancel…", "Ask: leave it running, cancel it, or roll back.", ("running",), Danger.ASKS, bar="cancel…"),
    _A("deploy.open", "o", "Open in browser", "Open the application's address in a browser.", ("url",), bar="browser"),
    _A("deploy.copy_url", "y", "Copy address", "Copy the application's address.", ("url",)),
    # 5
    _A("logs.source", "s", "Source", "Choose which log to read.", ("deck", "project"), bar="source"),
    _A("logs.follow", "f,space", "Follow/pause", "Follow new lines, or hold still.", bar="follow"),
    _A("logs.filter", "slash", "Filter", "Show only lines with a text or /regular expression/.", bar="filter"),
    _A("logs.invert", "i", "Invert", "Show the lines that do not match instead."),
    _A("logs.level", "v", "Level", "Lowest level shown: all, info, warning, error.", bar="level"),
    _A("logs.since", "w", "Since", "Time window: all, 5 min, 1 h, 24 h."),
    _A("logs.wrap", "z", "Wrap", "Wrap long lines or cut them."),
    _A("logs.timestamps", "t", "Times", "Show or hide the time of each line."),
    _A("logs.next", "n", "Next match", "To the next line that matches."),
    _A("logs.previous", "N", "Previous match", "To the line before that matches."),
    _A("logs.copy_visible", "Y", "Copy visible", "Copy the lines on the screen.", ("lines",)),
    _A("logs.save", "S", "Save", "Save every line the filter shows to a file.", ("lines",), bar="save"),
    # 7
    _A("history.details", "enter", "Details", "Show everything about the focused deployment.", ("row",), bar="details"),
    _A("history.mark", "d", "Compare", "Mark a release; on a second one show what differs.", ("release",), bar="compare"),
    _A(
        "history.rollback", "R", "Roll back", "Preview what would come back, then ask.", ("release",), Danger.GATED, bar="roll back"
    ),
    _A(
        "history.promote",
        "P",
        "Promote",
        "Run what is live in this environment in the next one: preview it, then ask.",
        ("release",),
        Danger.GATED,
    ),
    _A("history.down", "X", "Take down", "List what would be stopped and removed, then ask.", ("release",), Danger.GATED),
    _A("history.logs", "o", "Logs", "Open the logs of this deployment.", ("row",), bar="logs"),
    _A("history.environment", "e", "Environment", "Show one environment or all.", ("deck", "project"), bar="environment"),
    _A("history.reload", "r", "Reload", "Read the history again.", ("deck", "project")),
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}

SHARED_SCOPES = ("app", "pane")
"""Scopes that are active on every screen."""

_DISPLAY = {
    "question_mark": "?", "asterisk": "*", "slash": "/", "comma": ",", "minus": "-", "escape": "esc", "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "↑", "down": "↓", "left": "←", "right": "→", **{f"ctrl+{letter}": f"^{letter}" for letter in "abcdefpqu"},
}  # fmt: skip

_LONG = {"?": "question_mark", "*": "asterisk", "/": "slash", ",": "comma", "-": "minus", " ": "space", "esc": "escape"}


def of_scope(scope: str) -> tuple[Action, ...]:
    """The actions of one screen or shared scope, in table order."""
    return tuple(action for action in ACTIONS if action.scope == scope)


def keys_of(action: Action, keymap: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The keys of an action under a keymap (action id to keys), in Textual's long names."""
    text = (keymap or {}).get(action.id, action.key)
    if text == ",":
        return ("comma",)
    return tuple(_LONG.get(key.strip(), key.strip()) for key in text.split(",") if key.strip())


def shown_key(action: Action, keymap: Mapping[str, str] | None = None) -> str:
    """The key as the bottom line and the palette print it; empty when the action only lives in the palette."""
    keys = keys_of(action, keymap)
    return _DISPLAY.get(keys[0], keys[0]) if keys else ""


def keymap_problems(keymap: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with rebound keys: unknown actions and keys that two actions would share on one screen."""
    problems = []
    for name in keymap:
        if name not in BY_ID:
            near = difflib.get_close_matches(name, BY_ID, n=1)
            problems.append(f"[keys] {name}: there is no such action" + (f"; did you mean {near[0]}?" if near else "."))
    problems.extend(f"[keys] {key}: {one} and {other} share this key." for key, one, other in clashes(keymap))
    return tuple(problems)


# A screen may give a shared key a more specific meaning; these pairs are meant.
SPECIALISED = frozenset(
    {
        ("app.search", "logs.filter"),
        ("app.copy", "deploy.copy_url"),
        ("app.retry", "review.regenerate"),
    }
)


def clashes(keymap: Mapping[str, str] | None = None) -> tuple[tuple[str, str, str], ...]:
    """(key, action, action) for every key two actions share where both are active. Empty for the shipped keys."""
    shared = [action for scope in SHARED_SCOPES for action in of_scope(scope)]
    found: dict[tuple[str, str, str], None] = {}
    for screen in SCREENS:
        for key, one, other in _pairs((*shared, *of_scope(screen)), keymap):
            if (one, other) not in SPECIALISED:
                found[(key, one, other)] = None
    return tuple(found)


def _pairs(actions: Iterable[Action], keymap: Mapping[str, str] | None) -> Iterable[tuple[str, str, str]]:
    owner: dict[str, str] = {}
    for action in actions:
        for key in keys_of(action, keymap):
            if key in owner:
                yield key, owner[key], action.id
            else:
                owner[key] = action.id
