"""Every command and every argument, as data: the parser, the completions and docs/commands.md are made from this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Argument:
    """One argument. `names` are flags or one positional name; `options` go to argparse; `completes` is what a shell offers for it,
    `words` what it offers besides."""

    names: tuple[str, ...]
    help: str
    options: Mapping[str, Any] = field(default_factory=dict)
    completes: str = ""  # directory, environment, target or nothing
    words: tuple[str, ...] = ()

    @property
    def positional(self) -> bool:
        return not self.names[0].startswith("-")


def _flag(*names: str, text: str) -> Argument:
    return Argument(names, text, {"action": "store_true"})


def _value(*names: str, metavar: str, text: str, completes: str = "", **options: Any) -> Argument:
    return Argument(names, text, {"metavar": metavar, **options}, completes)


JSON = _flag("--json", text="Write JSON to standard output and nothing else.")


@dataclass(frozen=True)
class Command:
    """One command. Its module `deploydeck.cli.<name>` has `run(args, out)`, plain or async, which returns the exit code.

    `json` says what `--json` writes; a command that has no such output has no such flag.
    """

    name: str
    summary: str
    description: str
    arguments: tuple[Argument, ...] = ()
    examples: tuple[str, ...] = ()
    json: str = ""

    @property
    def module(self) -> str:
        return f"deploydeck.cli.{self.name}"

    @property
    def all_arguments(self) -> tuple[Argument, ...]:
        return (*self.arguments, JSON) if self.json else self.arguments


_DIRECTORY = _value("directory", metavar="DIR", text="The project; default: here.", completes="directory", nargs="?", default=".")
_DIR = _value("--dir", metavar="DIR", text="The project; default: here.", completes="directory", default=".")
_WORDS = _value("words", metavar="COMMAND", text="The command and its words, after --.", nargs="*")
_ENVIRONMENT = _value(
    "--env",
    metavar="NAME",
    text="Environment (development, production, …); default: `default_environment`.",
    completes="environment",
)
_TARGET = _value(
    "--target",
    metavar="NAME",
    text="Target: docker or process; default: the environment's, else what is there.",
    completes="target",
)
_YES = _flag("--yes", "-y", text="Do not ask. Needed where there is no terminal to ask on.")
_FOLLOWING = (
    _flag("--detach", text="Queue it and return; `attach` follows it later."),
    _flag("--foreground", text="Run it in this process, for CI jobs: no process stays behind."),
)
_LIMIT = _value("--limit", "-n", metavar="N", text="At most so many.", type=int, default=20)

_EVENTS = "A stream: one event per line, at the end one line with the `DeploymentResult`."

COMMANDS: tuple[Command, ...] = (
    Command(
        "open",
        "open the screens (what `deploydeck [DIR]` does)",
        "Opens the interactive screens on a project. `deploydeck DIR` is the same; `deploydeck` alone opens the current directory.",
        (_DIRECTORY,),
        ("deploydeck", "deploydeck ~/src/shop"),
    ),
    Command(
        "scan",
        "say what the project is, and why",
        "Looks at a project without running anything of it: language, framework, package manager, start command, port, "
        "health path, "
        "variables, services. Every fact names the file and line it comes from; a conflict shows both sides.",
        (
            _DIRECTORY,
            _flag("--evidence", text="Show every piece of evidence, not only the first."),
            _value("--explain", metavar="FIELD", text="Say how one field was decided (port, start_command, variables.NAME, …)."),
            _flag("--vulnerabilities", text="Ask OSV about the resolved dependencies too; needs a network or an imported archive."),
            _flag("--fresh", text="Read everything again; without it a profile younger than an hour serves while no file changed."),
        ),
        ("deploydeck scan", "deploydeck scan ~/src/shop --json", "deploydeck scan --explain port"),
        json="One document, described by `docs/scan.schema.json`: every field with `confidence` and `evidence`.",
    ),
    Command(
        "generate",
        "propose the files a deployment needs",
        "Makes the files a deployment needs and compares them with the disk. Where DeployDeck wrote a file before, the new version "
        "is merged with what people changed since. Without `--write` or `--accept` nothing is changed. A file is only offered when "
        "the checker of its format accepts it. `undo` puts back what was written.",
        (
            _DIRECTORY,
            _flag("--diff", text="Show the differences as a unified diff."),
            _flag("--check", text="Exit with 1 when a file is missing or differs; for CI jobs."),
            _flag(
                "--prove",
                text="Build the image from a scratch copy, start it with the services it needs and ask its health path; without a "
                "good answer nothing is written, and the exit code is 1.",
            ),
            _flag(
                "--write",
                text="Write the proposed files, all of them or none. What was rejected in review and what conflicts with changes "
                "of people stays as it is; a conflict is listed, and the exit code is 1.",
            ),
            _value(
                "--accept",
                metavar="FILE",
                text="Accept every hunk of this file, conflicts too, and write only it; may be repeated.",
                action="append",
            ),
            _YES,
            _flag("--replace", text="Propose a file of ours even where the project has its own."),
            _ENVIRONMENT,
            _TARGET,
        ),
        (
            "deploydeck generate --diff",
            "deploydeck generate --prove",
            "deploydeck generate --write --yes",
            "deploydeck generate --accept Dockerfile --accept .dockerignore",
            "deploydeck generate --check --env production",
        ),
        json="One document: environment, target, `changes` with their diff, verdicts and number of conflicts, `written` paths.",
    ),
    Command(
        "undo",
        "put back the files that were written last",
        "Puts back what the last `generate` or review wrote into the project, all of it or nothing; again, and it puts back what "
        "was written before that. Refused when one of the files changed since; the message names it. The last 20 writes of a "
        "project are kept, at most 32 MB. Old content of .env.example with values of variables in it is not stored.",
        (_DIRECTORY, _flag("--list", text="Say what can be put back, the newest first, and change nothing.")),
        ("deploydeck undo", "deploydeck undo --list"),
        json="One document: `undone` with its `files`; with `--list` `undoable`, the newest first.",
    ),
    Command(
        "deploy",
        "put the project live",
        "Plans, asks, queues and follows a deployment. It runs in a worker process: closing this terminal does not "
        "stop it. Ctrl-C asks "
        "whether to leave it running (default), cancel it or roll it back.",
        (_DIRECTORY, _TARGET, _ENVIRONMENT, _flag("--plan", text="Show what would happen and change nothing."), _YES, *_FOLLOWING),
        ("deploydeck deploy", "deploydeck deploy --plan", "deploydeck deploy --env production --yes --foreground"),
        json=_EVENTS + " With `--plan` one document, the `Plan`; with `--detach` one document, the `Deployment`.",
    ),
    Command(
        "attach",
        "follow a deployment, from its beginning",
        "Shows everything a deployment has done so far, then follows it to its end. A worker is started when none runs.",
        (
            _value(
                "deployment",
                metavar="ID",
                text="A deployment, or an unambiguous beginning of its id; default: the newest.",
                nargs="?",
            ),
        ),
        ("deploydeck attach", "deploydeck attach dep-0kx3"),
        json=_EVENTS,
    ),
    Command(
        "cancel",
        "cancel a running deployment",
        "Asks the worker to stop a deployment. Before the switch the new copy is removed and the live one stays "
        "untouched; after it, "
        "`--rollback` brings the previous release back. The command waits until the deployment is seen to have stopped.",
        (
            _value("deployment", metavar="ID", text="A deployment, or an unambiguous beginning of its id."),
            _flag("--rollback", text="Bring the previous release back, also after the switch."),
            _flag("--detach", text="Ask and return without waiting."),
        ),
        ("deploydeck cancel dep-0kx3", "deploydeck cancel dep-0kx3 --rollback"),
        json=_EVENTS + " With `--detach` one document, the `Deployment`.",
    ),
    Command(
        "approve",
        "agree to a deployment that waits for it",
        "Where an environment has `approval` set, a deployment or removal waits until somebody agrees. Shows its plan, asks, and "
        "lets it go on; it is refused when the project changed since. With `--reject` it ends, and nothing was changed.",
        (
            _value("deployment", metavar="ID", text="A deployment, or an unambiguous beginning of its id."),
            _flag("--reject", text="Refuse it."),
            _value("--why", metavar="TEXT", text="With --reject: the reason, kept in the history."),
            _YES,
        ),
        ("deploydeck approve dep-0kx3", "deploydeck approve dep-0kx3 --reject --why holiday"),
        json="One document, the `Deployment`.",
    ),
    Command(
        "logs",
        "read the logs of a program or of a deployment",
        "Shows what the live program wrote (a project by name or directory) or what a deployment wrote (by its id). "
        "Secrets are masked "
        "before a line is stored or shown.",
        (
            _value(
                "subject",
                metavar="WHAT",
                text="A directory, a project's name or a deployment's id; default: here.",
                completes="directory",
                nargs="?",
                default=".",
            ),
            _flag("--follow", "-f", text="Go on with new lines as they come."),
            _value("--since", metavar="WHEN", text="Only from then on: 90s, 15m, 2h, 3d, or a time like 2026-05-01T12:00."),
            _value("--grep", metavar="REGEX", text="Only lines that match this Python regular expression."),
            _value("--tail", metavar="N", text="Only the last N lines.", type=int),
            _value("--source", metavar="NAME", text="Only this source of a deployment (build, app, …)."),
            _ENVIRONMENT,
            _TARGET,
        ),
        ("deploydeck logs -f", "deploydeck logs shop --since 15m --grep error", "deploydeck logs dep-0kx3 --source build"),
        json="A stream: one `LogLine` per line.",
    ),
    Command(
        "status",
        "show what is live, and how it is",
        "Shows every live release with its age and its health, asked now; the worker; and deployments that have not ended.",
        (
            _value("directory", metavar="DIR", text="Only this project.", completes="directory", nargs="?"),
            _value("--timeout", metavar="S", text="Seconds to wait for one answer.", type=float, default=5.0),
        ),
        ("deploydeck status", "deploydeck status . --json"),
        json="One document: `worker`, `live`, `unfinished`.",
    ),
    Command(
        "history",
        "list what was deployed, by whom, and how it ended",
        "Lists deployments, the newest first: release, result, age, duration, health, who asked, and why it failed.",
        (_DIRECTORY, _ENVIRONMENT, _LIMIT),
        ("deploydeck history", "deploydeck history --env production -n 50"),
        json="One document: `deployments`, each with its `release`.",
    ),
    Command(
        "diff",
        "compare two releases",
        "Shows what differs between two releases of a project: files by hash, variables by fingerprint (never by value), commit, "
        "configuration and artifact.",
        (
            _value("older", metavar="RELEASE", text="A release: v3, 3, or its id."),
            _value("newer", metavar="RELEASE", text="The release to compare with."),
            _value("--dir", metavar="DIR", text="The project; default: here.", completes="directory", default="."),
        ),
        ("deploydeck diff v1 v2", "deploydeck diff v1 v2 --dir ~/src/shop --json"),
        json="One document: the differences, by kind.",
    ),
    Command(
        "rollback",
        "put an earlier release back",
        "Brings an earlier release back as a deployment of its own, through the same gates. Without a release: the one "
        "before the live one.",
        (
            _value("release", metavar="RELEASE", text="A release: v3, 3, or its id.", nargs="?"),
            _value("--dir", metavar="DIR", text="The project; default: here.", completes="directory", default="."),
            _TARGET,
            _ENVIRONMENT,
            _flag("--plan", text="Show what would happen and change nothing."),
            _YES,
            *_FOLLOWING,
        ),
        ("deploydeck rollback", "deploydeck rollback v3 --env production --yes"),
        json=_EVENTS + " With `--plan` one document, the `Plan`; with `--detach` one document, the `Deployment`.",
    ),
    Command(
        "run",
        "run a command in a new copy of the live release",
        "Starts a copy of the live release of its own, runs a command in it with the variables of the environment as they are "
        "now, and removes it: for one-off tasks such as a console or a repair. The exit code is the command's. It joins this "
        "terminal; with `--json` its lines are records without the secrets it was given.",
        (_WORDS, _DIR, _TARGET, _ENVIRONMENT),
        ("deploydeck run -- python manage.py shell", "deploydeck run --env staging -- env"),
        json="A stream: one line of output per record (`stream`, `text`), then one with `exit_code`.",
    ),
    Command(
        "exec",
        "run a command in the copy that serves",
        "Runs a command inside the running copy of the live release, beside the program. The exit code is the command's.",
        (_WORDS, _DIR, _TARGET, _ENVIRONMENT),
        ("deploydeck exec -- ps", "deploydeck exec -- sh"),
        json="A stream: one line of output per record (`stream`, `text`), then one with `exit_code`.",
    ),
    Command(
        "promote",
        "run what is live in one environment in the next one",
        "Takes the release that is live in an environment and makes the very same artifact live in the next one, with the "
        "variables, port and approval of that one: nothing is built again. The environments follow each other as in the "
        "pipelines: development, staging, production, others before production.",
        (
            _DIRECTORY,
            _value(
                "--from",
                metavar="NAME",
                text="Environment whose live release is taken; default: the default one.",
                completes="environment",
                dest="source",
            ),
            _value("--to", metavar="NAME", text="Environment to run it in; default: the next one.", completes="environment"),
            _TARGET,
            _flag("--plan", text="Show what would happen and change nothing."),
            _YES,
            *_FOLLOWING,
        ),
        ("deploydeck promote", "deploydeck promote --from staging --to production --yes"),
        json=_EVENTS + " With `--plan` one document, the `Plan`; with `--detach` one document, the `Deployment`.",
    ),
    Command(
        "down",
        "take the project down: stop and remove everything of it",
        "Stops and removes everything of the project in one environment on one target: the live copy, the copies kept for "
        "rollback, the images that DeployDeck made. The history stays. It runs in the worker like a deployment; what is "
        "removed cannot be rolled back to. When there is nothing to remove it says so and ends with 0.",
        (
            _DIRECTORY,
            _value(
                "--target",
                metavar="NAME",
                text="Target: docker or process; default: where the environment is live, else where it was deployed last.",
                completes="target",
            ),
            _ENVIRONMENT,
            _flag("--plan", text="Show what would be removed and change nothing."),
            _YES,
            *_FOLLOWING,
        ),
        ("deploydeck down", "deploydeck down --plan", "deploydeck down --env production --yes"),
        json=_EVENTS
        + " With `--plan` one document, the `Plan`; with `--detach` one document, the `Deployment`; when there is nothing to "
        "remove one document, `removed` (empty) and `what`.",
    ),
    Command(
        "secrets",
        "keep the values of variables, by environment",
        "`list` (default) shows what the project needs against what is set: where each value comes from, its version, age and "
        "fingerprint, never the value. `set` and `rotate` make a new version from a prompt without echo, or from standard input "
        "(one line end at its end is dropped); `rotate` also says which live releases still use the old one, `--to` brings an "
        "earlier version back as a new one. `import` takes NAME=value lines of a file and shows first what that changes; `diff` "
        "compares two environments; `passphrase` changes that of the encrypted file. Values are kept in the keyring of this "
        "machine, where there is none in an encrypted file.",
        (
            _value(
                "action",
                metavar="ACTION",
                text="list, set NAME, get NAME, rm NAME…, import FILE, diff ENV1 ENV2, rotate NAME, versions NAME, passphrase.",
                choices=("list", "set", "get", "rm", "import", "diff", "rotate", "versions", "passphrase"),
                nargs="?",
                default="list",
            ),
            _value("names", metavar="NAME", text="What the action is about.", nargs="*"),
            _value("--dir", metavar="DIR", text="The project; default: here.", completes="directory", default="."),
            _ENVIRONMENT,
            _flag("--reveal", text="For `get`: show the value. Asks on a terminal; into a pipe only with `--yes`."),
            _flag("--generate", text="For `set` and `rotate`: make up a value of 43 random characters and show it to nobody."),
            _value("--to", metavar="VERSION", text="For `rotate`: the version whose value comes back.", type=int),
            _YES,
        ),
        (
            "deploydeck secrets",
            "deploydeck secrets set API_TOKEN --env production",
            "deploydeck secrets import .env.production --env production",
            "deploydeck secrets diff staging production",
            "deploydeck secrets rotate API_TOKEN --env production --generate",
        ),
        json="One document with what was asked for or done: names, sources, versions, fingerprints; a "
        "value only for `get --reveal --yes`.",
    ),
    Command(
        "vulns",
        "check the dependencies for known vulnerabilities",
        "Looks up every dependency with a resolved version in OSV, also those of the components inside the project. Only names "
        "and versions are sent, and none that `[scan] private_packages` names; answers are kept for a day. "
        "`vulns import FILE` takes an OSV export (all.zip of an ecosystem, JSON or JSON lines) for checks without a network; "
        "`vulns status` says what is kept here. Without `--fail-on` a check ends with 0 whatever it saw. What could not be looked "
        "at is shown as not checked, never as fine.",
        (
            Argument(
                ("subject",),
                "The project, default: here; or `import`, or `status` (a directory of that name: ./import).",
                {"metavar": "DIR|import|status", "nargs": "?", "default": "."},
                "directory",
                ("import", "status"),
            ),
            _value("file", metavar="FILE", text="For `import`: the export.", nargs="?"),
            _value(
                "--fail-on",
                metavar="LEVEL",
                text="For CI jobs: exit with 1 on a finding of that severity or worse (any, low, medium, high, critical; what "
                "nobody rated counts as worst), with 7 when there is none but not everything was checked.",
                choices=("any", "low", "medium", "high", "critical"),
            ),
            _flag("--offline", text="Do not ask OSV; use imported advisories and kept answers."),
            _flag("--refresh", text="Ask again what was asked within the last day."),
            _value(
                "--ecosystem",
                metavar="NAME",
                text="For `import`: an ecosystem that the file holds completely (PyPI, npm, Maven, …); may be repeated. "
                "Default: the one that all entries of a zip archive have in common.",
                action="append",
            ),
        ),
        (
            "deploydeck vulns",
            "deploydeck vulns ~/src/shop --fail-on high",
            "deploydeck vulns import all.zip",
            "deploydeck vulns status",
        ),
        json="One document: the `VulnerabilityReport`; for `import` what was `imported`, for `status` what is `kept`.",
    ),
    Command(
        "sbom",
        "write a bill of materials of the dependencies",
        "Writes a CycloneDX 1.6 document: every dependency with its package URL, version, scope and the lines it comes from, "
        "and the components inside the project. Equal dependencies give an equal serial number; SOURCE_DATE_EPOCH sets the "
        "timestamp. Licences are not known to a scan and not in it; who needs a transitive dependency is not either.",
        (
            _DIRECTORY,
            _value("--output", "-o", metavar="FILE", text="Write it to a file, all or nothing; default: standard output."),
            _value(
                "--format",
                metavar="FORMAT",
                text="json or xml; default: what the file's name ends in, else json.",
                choices=("json", "xml"),
            ),
        ),
        ("deploydeck sbom", "deploydeck sbom --output bom.xml", "deploydeck sbom ~/src/shop -o bom.cdx.json"),
        json="One document: the bill of materials; with `--output` the `path`, `format` and number of `components`.",
    ),
    Command(
        "doctor",
        "check this machine for everything DeployDeck uses",
        "Checks data directory, database, worker, Docker, tools, keyring, disk and terminal; each answer comes with "
        "what to do. Exits "
        "with 1 when a check fails; warnings do not count.",
        (),
        ("deploydeck doctor", "deploydeck doctor --json"),
        json="One document: `checks` with `state` ok, warn or fail.",
    ),
    Command(
        "worker",
        "run the worker in this terminal",
        "Runs the process that executes deployments. It is started on demand, so this is only for a supervisor such as "
        "systemd, or to "
        "watch it. There is one worker per data directory.",
        (_flag("--keep", text="Stay when there is nothing to do, for a supervisor."),),
        ("deploydeck worker", "deploydeck worker --keep"),
    ),
    Command(
        "demo",
        "open DeployDeck on a copy of the bundled example",
        "Copies the bundled example, a small web shop, into a fresh directory and opens the screens there. `--change` "
        "puts one of the "
        "prepared changes into a copy: v2 looks different, broken does not answer its health path.",
        (
            _value(
                "directory",
                metavar="DIR",
                text="Where to copy to, or the copy to change; default: a fresh one.",
                nargs="?",
                completes="directory",
            ),
            _flag("--path-only", text="Make the copy, write its path, open nothing."),
            _value(
                "--change", metavar="NAME", text="Write a prepared change into the copy: v2 or broken.", choices=("v2", "broken")
            ),
        ),
        ("deploydeck demo", "deploydeck demo --path-only", "deploydeck demo --change broken ./shop"),
        json="One document: `path`, and with `--change` the files `written`.",
    ),
    Command(
        "settings",
        "show the settings in force, or their schema",
        "Shows every setting as it stands for a project after config.toml, deploydeck.toml and DEPLOYDECK_* variables; "
        "or the JSON Schema for "
        "an editor.",
        (_DIRECTORY, _flag("--schema", text="Write the JSON Schema of all settings.")),
        ("deploydeck settings", "deploydeck settings --schema"),
        json="One document: the settings, or their schema.",
    ),
    Command(
        "completions",
        "write the completions for a shell",
        "Writes a completion script to standard output. bash: put it in "
        "~/.local/share/bash-completion/completions/deploydeck; zsh: as "
        "_deploydeck in a directory of $fpath; fish: in ~/.config/fish/completions/deploydeck.fish.",
        (Argument(("shell",), "The shell.", {"choices": ("bash", "zsh", "fish")}),),
        ("deploydeck completions bash",),
    ),
)

BY_NAME = {command.name: command for command in COMMANDS}

EXIT_MEANINGS: tuple[tuple[int, str], ...] = (
    (0, "Done. For a deployment: it succeeded, maybe with warnings."),
    (
        1,
        "Not done. For a deployment: it failed and what was live before is untouched. For `--check` and `doctor`: "
        "something was found.",
    ),
    (2, "The command was not understood, or it needs a terminal or `--yes`."),
    (3, "The deployment failed after the switch and was rolled back."),
    (4, "The rollback failed, or only a part was applied: look at what runs."),
    (5, "Another deployment holds the lock."),
    (6, "The directory is not a project; the message says what was looked for."),
    (7, "For `vulns --fail-on`: nothing that bad was found, but not everything could be checked."),
    (70, "A defect in DeployDeck; the message names the file with the details."),
    (130, "Interrupted or canceled. A deployment that was only interrupted here goes on."),
    (141, "Whoever read the output went away."),
)
