"""The start command: what a person wrote (override, Procfile, platform files, Dockerfile), else what the ecosystem resolved."""

from __future__ import annotations

import re

from deploydeck.domain import Alternative, Evidence, Fact, Severity, StartCommand
from deploydeck.scan.deliver import said
from deploydeck.scan.ecosystems import Resolved
from deploydeck.scan.rules import Ecosystem, Technology
from deploydeck.scan.state import MAX_EVIDENCE, Scan
from deploydeck.scan.written import INTERPRETED, Written, gist, image_commands, serves_files, written


def start(
    scan: Scan, home: Ecosystem | None, technology: Technology | None, known: Resolved
) -> tuple[Fact[StartCommand] | None, bool]:
    """The start command, and whether a person said it outright."""
    detected = known.start
    candidates = written(scan, home, technology, known)
    usable = _usable(candidates, home, detected)
    chosen = next((one for one in usable if not one.development), None)
    if chosen is None and usable and detected is None:
        chosen = usable[0]
    _report_development(scan, usable, chosen, detected)
    explicit = _fact(scan, chosen, detected) if chosen else None
    if explicit is None and detected is not None and (passed := next((one for one in usable if one.development), None)):
        detected = detected.model_copy(update={"reason": f"{passed.place.file} is replaced: {passed.development}"})
    if scan.overrides.start:
        argv = tuple(scan.overrides.start)
        value = StartCommand(argv=argv, port_from_env=not any("{port}" in word for word in argv))
        return scan.overridden("start", value, explicit or detected), True
    if explicit is not None and chosen is not None:
        explicit = _with_alternatives(scan, explicit, chosen, usable, detected)
        return explicit, True
    if detected is None:
        last = next((one for one in image_commands(scan, technology) if one is not None and not serves_files(one.command)), None)
        return (_fact(scan, last, None, 0.6) if last else None), False
    return detected, False


def output(scan: Scan, detected: Fact[str] | None) -> Fact[str] | None:
    """The output directory: a setting, what a platform file publishes, what was detected."""
    published = next(iter(said(scan, "platform-output")), None)
    if published is not None and detected is not None and detected.value != published.value and not detected.value.startswith("."):
        others: tuple[Alternative[str], ...] = (Alternative(value=detected.value, evidence=detected.evidence),)
        detected = Fact(
            value=published.value,
            confidence=0.9,
            evidence=(published.evidence("output"),),
            alternatives=others,
            reason=f"{published.file} says so",
        )
    elif published is not None and detected is not None and detected.value == published.value:
        places = tuple(dict.fromkeys((published.evidence("output"), *detected.evidence)))[:MAX_EVIDENCE]
        detected = detected.model_copy(update={"evidence": places, "confidence": max(detected.confidence, 0.95)})
    wanted = scan.overrides.output_dir
    return detected if wanted is None else scan.overridden("output_dir", wanted, detected)


def build(scan: Scan, detected: Fact[tuple[str, ...]] | None) -> Fact[tuple[str, ...]] | None:
    """The build command: what a platform file says, when it says more than the script that was detected."""
    for fact in said(scan, "platform-build"):
        words = tuple(fact.value.split())
        argv = ("sh", "-c", fact.value) if re.search(r"[;&|$<>`(){}*\"'\\~]", fact.value) else words
        if detected is not None and (detected.value == argv or _same_script(detected.value, words)):
            places = tuple(dict.fromkeys((*detected.evidence, fact.evidence("build"))))[:MAX_EVIDENCE]
            return detected.model_copy(update={"evidence": places})
        others: tuple[Alternative[tuple[str, ...]], ...] = ()
        if detected is not None:
            others = (Alternative(value=detected.value, evidence=detected.evidence),)
        return Fact(
            value=argv, confidence=0.9, evidence=(fact.evidence("build"),), alternatives=others, reason=f"{fact.file} says so"
        )
    return detected


def _same_script(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """`npm run build`, `yarn build` and the like run the same script."""
    managers = {"npm", "pnpm", "yarn", "bun"}
    plain = [tuple(word for word in words if word != "run") for words in (one, other)]
    return all(words[:1] and words[0] in managers for words in plain) and plain[0][1:] == plain[1][1:]


def _usable(candidates: list[Written], home: Ecosystem | None, detected: Fact[StartCommand] | None) -> list[Written]:
    """Procfile and platform files always count. What an image runs counts where its words mean the same outside of it:
    for interpreted languages, and when the file it names is in the project; start scripts only where nothing else is known."""
    kept = []
    for one in candidates:
        of_image = one.place.kind in {"image-command", "script-command"}
        portable = home is not None and home.id in INTERPRETED and not serves_files(one.command)
        wanted = detected is None or (one.plausible and one.place.kind == "image-command")
        if not of_image or (portable and wanted):
            kept.append(one)
    return kept


def _report_development(scan: Scan, usable: list[Written], chosen: Written | None, detected: Fact[StartCommand] | None) -> None:
    for one in usable:
        if not one.development or one is chosen:
            continue
        instead = chosen.command.argv[0] if chosen else detected.value.argv[0] if detected else ""
        if instead:
            scan.finding(
                "development-start",
                Severity.INFO if "compose" in one.place.tags else Severity.WARNING,
                f"{one.place.evidence('').where} starts a development server ({one.development}); {instead} is used instead.",
                "Write the production command there.",
                [one.place.evidence("start")],
            )


def _fact(scan: Scan, one: Written, detected: Fact[StartCommand] | None, confidence: float = 0.0) -> Fact[StartCommand] | None:
    places = tuple(dict.fromkeys((one.place.evidence("start"), *(fact.evidence("start") for fact in one.further))))
    started = (
        detected is not None and len(one.command.argv) > 1 and detected.value.argv[: len(one.command.argv)] == one.command.argv
    )
    if (one.start_script or started) and detected is not None:  # the same, said with the address to listen on
        merged = tuple(dict.fromkeys((*places, *detected.evidence[:4])))[:MAX_EVIDENCE]
        return detected.model_copy(update={"evidence": merged})
    command = one.command
    if command.loopback:
        scan.finding(
            "loopback-bind",
            Severity.WARNING,
            f"{one.place.evidence('').where} binds to this machine only; the address was left to the target.",
            "Write 0.0.0.0 there.",
            [one.place.evidence("start")],
        )
    bound = command.bound()
    own = any("env" in fact.tags for fact in scan.facts.of("listen") if fact.file in command.argv)
    own = own or (detected is not None and detected.value.port_from_env and gist(detected.value.argv) == gist(command.argv))
    value = StartCommand(argv=bound.argv, port_from_env=not bound.has_port and (command.server_reads_port or own))
    reason = one.reason + ("" if bound is command else ", with the address to listen on")
    said_outright = one.place.kind in {"process", "platform-start"}
    sure = confidence or (one.confidence if one.plausible or said_outright else 0.6)
    return Fact(value=value, confidence=sure, evidence=places[:MAX_EVIDENCE], reason=reason)


def _same_program(detected: tuple[str, ...], explicit: tuple[str, ...]) -> bool:
    """Whether the command that we would have chosen runs what the written one runs, in other words (`puma -C x`, `R -e ...`)."""
    first = gist(detected)[0]
    words = explicit[-1].split() if explicit[:2] == ("sh", "-c") else explicit
    names = {word.rpartition("/")[2] for word in words}
    return first in names or ({detected[0], explicit[0]} | set(words[:2])) >= {"R", "Rscript"}


def _with_alternatives(
    scan: Scan, explicit: Fact[StartCommand], chosen: Written, usable: list[Written], detected: Fact[StartCommand] | None
) -> Fact[StartCommand]:
    """The other commands that files say or the source means, when they are about something else."""
    seen = {gist(explicit.value.argv)}
    others: list[Alternative[StartCommand]] = []
    clash: list[Evidence] = []
    for one in usable:
        if one is chosen or one.development or one.start_script or not one.plausible or gist(one.command.argv) in seen:
            continue
        seen.add(gist(one.command.argv))
        others.append(Alternative(value=StartCommand(argv=one.command.argv), evidence=(one.place.evidence("start"),)))
        clash.append(one.place.evidence("start"))
    if clash:
        scan.finding(
            "start-conflict",
            Severity.INFO,
            f"{chosen.place.evidence('').where} starts {' '.join(explicit.value.argv)[:120]}, but {clash[0].where} another.",
            "Make them agree, or set [app] start in deploydeck.toml.",
            [chosen.place.evidence("start"), *clash],
        )
    if (
        detected is not None  # what was inferred is no rival of what a person wrote, unless that cannot be
        and not chosen.plausible
        and not chosen.start_script
        and gist(detected.value.argv) not in seen
        and not _same_program(detected.value.argv, explicit.value.argv)
    ):
        others.append(Alternative(value=detected.value, evidence=detected.evidence))
    return explicit.model_copy(update={"alternatives": tuple(others)}) if others else explicit
