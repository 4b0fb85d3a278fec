"""What every target must do, whatever it is. A new target adds a lab to tests/targets/harness.py and passes this."""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import timedelta

import pytest

from deploydeck.domain import PHASE_ORDER, Hooks, LogLine, Origin, Phase, PlanAction, StepPlan, new_id, utc_now
from deploydeck.targets import TARGETS, Restorable, Seen, StepFailed, Target
from tests.clock import PATIENCE_S
from tests.targets.harness import SECRET, Lab, Run, free_port, get, make_release, start_run

NO_EFFECT = (Phase.PREFLIGHT, Phase.PRUNE)
"""Phases whose steps may find nothing to do; looking at them again says absent."""


async def deployed(lab: Lab, text: str = "one", **changes: object) -> Run:
    run = await lab.run(text, **changes)  # type: ignore[arg-type]
    await run.go()
    return run


async def answer(run: Run, role: str = "live", path: str = "/") -> str:
    endpoint = await run.target.endpoint(role, run.context)  # type: ignore[arg-type]
    assert endpoint is not None
    return await get(endpoint, path)


async def test_it_speaks_the_protocol(lab: Lab) -> None:
    assert isinstance(lab.target, Target)
    assert lab.target.name == lab.kind
    if lab.kind in TARGETS:
        assert lab.target.capabilities == TARGETS[lab.kind].capabilities
    first, second = await lab.target.identity(), await lab.open().identity()
    assert first == second != ""


async def test_the_plan_changes_nothing_and_follows_the_order_of_phases(lab: Lab) -> None:
    run = await lab.run()
    places = [PHASE_ORDER.index(step.phase) for step in run.steps]
    names = [step.name for step in run.steps]
    assert places == sorted(places)
    assert len(set(names)) == len(names)
    assert [step.phase for step in run.steps].count(Phase.SWITCH) == 1
    assert {step.gate for step in run.steps if step.gate} == {"trial", "live"}
    plan = await lab.target.plan(run.context.config, run.context.release, None, False)
    assert plan.url.startswith("http://")
    assert plan.items
    assert lab.leftovers() == []


async def test_each_step_is_absent_before_and_done_after_and_acting_twice_is_harmless(lab: Lab) -> None:
    run = await lab.run()
    for step in run.steps:
        if step.gate:
            await run.gate(step.gate)
            continue
        before = await run.seen(step.name)
        if step.phase not in NO_EFFECT:
            assert before.seen is Seen.ABSENT, step.name
        facts = await run.act(step.name)
        json.dumps(facts)  # what is recorded must be JSON
        after = await run.seen(step.name)
        if step.phase not in NO_EFFECT:
            assert after.seen is Seen.DONE, step.name
            json.dumps(after.facts)
        world = (lab.leftovers(), lab.running())
        await run.act(step.name)
        assert (lab.leftovers(), lab.running()) == world, step.name


async def test_resources_are_recorded_before_they_are_created(lab: Lab) -> None:
    run = await deployed(lab)
    first_state: dict[tuple[str, str], str] = {}
    for kind, external_id, _, ours, state in run.said.resources:
        first_state.setdefault((kind, external_id), state if ours else "found")
    assert first_state
    assert set(first_state.values()) == {"intended"}


async def test_undoing_what_never_happened_is_harmless(lab: Lab) -> None:
    run = await lab.run()
    await run.unwind()
    assert lab.leftovers() == []


async def test_a_failure_before_the_switch_leaves_nothing(lab: Lab) -> None:
    run = await lab.run()
    for step in run.steps:
        if step.phase is Phase.SWITCH:
            break
        if step.gate:
            await run.gate(step.gate)
        else:
            await run.act(step.name)
        again = await lab.run(fence=run.context.fence)
        again.context = run.context
        if not step.gate:
            await run.unwind()
            assert lab.leftovers() == [], step.name
            await run.go(until=step.name)


async def test_undoing_the_switch_brings_the_previous_release_back(lab: Lab) -> None:
    first = await deployed(lab, "one")
    release = await first.finish()
    config = first.context.config
    second = await lab.run("two", config=config, previous=release)
    await second.go(until="switch")
    await second.gate("live")
    if lab.http:
        assert await answer(second) == "two"
    await second.unwind()
    await second.unwind()  # taking back twice is harmless
    assert (await lab.target.status(release, config)).running
    assert len(lab.running()) >= 1
    if lab.http:
        await second.gate("previous")
        assert await answer(second, "previous") == "one"
    assert not any(second.context.release.id in name or "v2" in name for name in lab.leftovers())


async def test_an_interrupted_switch_is_finished_by_a_new_worker(lab: Lab) -> None:
    first = await deployed(lab, "one")
    release = await first.finish()
    second = await lab.run("two", config=first.context.config, previous=release)
    await second.go(until="switch")
    world = lab.running()
    lost = await lab.target.observe(second.step("switch"), second.context)
    assert lost.seen is Seen.DONE  # the answer was lost with the old worker, the effect was not
    fresh = lab.open()
    assert (await fresh.observe(second.step("switch"), second.context)).seen is Seen.DONE
    assert lab.running() == world
    await fresh.close()


async def test_an_earlier_release_is_kept_and_comes_back(lab: Lab) -> None:
    first = await deployed(lab, "one")
    one = await first.finish()
    config = first.context.config
    json.dumps(one.artifact)
    second = await deployed(lab, "two", config=config, previous=one)
    two = await second.finish()
    assert not (await lab.target.status(one, config)).running
    assert (await lab.target.status(two, config)).running
    kept, said = await lab.target.restorable(one, config)
    assert kept is Restorable.KEPT
    assert said
    back = await lab.back(one, two, config)
    await back.go()
    if lab.http:
        assert await answer(back) == "one"
        assert not any(source == "build" for _, _, source in back.said.lines), "a rollback builds nothing"
    assert (await lab.target.status(one, config)).running
    assert not (await lab.target.status(two, config)).running
    restored, _ = await lab.target.restorable(two, config)
    assert restored is Restorable.KEPT
    assert await lab.target.remove(one, config)
    assert await lab.target.remove(two, config)
    assert await lab.target.remove(two, config) == ()
    assert lab.leftovers() == []
    gone, said = await lab.target.restorable(one, config)
    assert gone is Restorable.NO
    assert said


async def test_what_a_release_holds_is_what_removing_it_takes_away(lab: Lab) -> None:
    run = await lab.run()
    release, config = run.context.release, run.context.config
    assert await lab.target.holdings(release, config) == ()
    assert await lab.target.remove(release, config) == (), "nothing there is nothing to do"
    await run.go(until="verify" if run.has("verify") else "build")
    assert {item.action for item in await lab.target.holdings(release, config)} == {PlanAction.REMOVE}, "a half made one, too"
    await run.go()
    release = await run.finish()
    other = await lab.run("other", config=lab.config(project_id=new_id("prj"), published_port=free_port()))
    await other.go(until="build")
    held = await lab.target.holdings(release, config)
    assert len({(item.kind, item.name) for item in held}) == len(held) >= 2
    assert set(await lab.target.remove(release, config)) <= {item.name for item in held}
    assert await lab.target.holdings(release, config) == ()
    assert not (await lab.target.status(release, config)).running
    assert (await lab.target.restorable(release, config))[0] is Restorable.NO
    assert await lab.target.holdings(other.context.release, other.context.config), "somebody else's stays"
    await lab.target.remove(other.context.release, other.context.config)


async def test_something_newer_is_not_touched(lab: Lab) -> None:
    run = await lab.run(fence=7)
    await run.go(until="switch")
    old = await lab.run("late", config=run.context.config, fence=6)
    changing = [step for step in old.steps if not step.gate and step.phase in (Phase.START_NEW, Phase.SWITCH)]
    for step in changing:
        with pytest.raises(StepFailed) as failed:
            old.context.facts["build"] = {"image": "sha256:" + "0" * 64}
            await old.target.act(step, old.context)
        assert not failed.value.cause.transient, step.name


async def test_a_newer_deployment_to_another_environment_is_nobody_s_obstacle(lab: Lab) -> None:
    """Lock numbers grow over all places: side by side, the later number may well act first."""
    production = await lab.run(fence=7)
    await production.go(until="switch")
    staging = await lab.run("late", config=lab.config(environment="staging", published_port=free_port()), fence=6)
    await staging.go()
    assert (await lab.target.status(staging.context.release, staging.context.config)).running
    assert (await lab.target.status(production.context.release, production.context.config)).running
    for run in (staging, production):
        await lab.target.remove(run.context.release, run.context.config)


async def test_what_was_built_for_one_environment_runs_in_the_next_one(lab: Lab) -> None:
    if not lab.target.capabilities.promotes:
        pytest.skip("this target does not promote")
    staging = await lab.run()
    await staging.go()
    built = await staging.finish()
    origin = Origin(release_id=built.id, label=built.label, environment=built.environment, artifact=built.artifact)
    config = lab.config(environment="production", published_port=free_port())
    lab.project("two")  # what lies in the project by now does not matter
    production = await start_run(
        lab.target, config, make_release(config, 9).model_copy(update={"origin": origin}), lab.paths, fence=9
    )
    items = [
        item for item in (await lab.target.plan(config, production.context.release, None, False)).items if item.kind == "image"
    ]
    assert all(item.action is PlanAction.REUSE for item in items)
    await production.go()
    assert (await production.finish()).artifact["image"] == built.artifact["image"]
    if lab.http:
        endpoint = await lab.target.endpoint("live", production.context)
        assert endpoint is not None and "one" in await get(endpoint)
    held = await lab.target.holdings(production.context.release, config)
    assert not [item for item in held if item.kind == "image"], "the image belongs to the environment it was built for"
    kept = await production.finish()
    await lab.target.remove(built, staging.context.config)
    assert (await lab.target.status(kept, config)).running, "taking one environment down leaves the other one its image"
    if lab.http:
        assert [item.kind for item in await lab.target.holdings(kept, config)].count("image") == 1, "now it is its own"
    await lab.target.remove(kept, config)
    assert lab.leftovers() == []


def hooks(lab: Lab, **commands: str) -> Hooks:
    return Hooks.model_validate({name: [[lab.python, "-c", program]] for name, program in commands.items()})


async def test_a_command_of_the_release_runs_once_with_its_variables(lab: Lab) -> None:
    program = "import os; print('mode', os.environ['PLAIN'], len(os.environ['API_TOKEN'])); print(os.environ['API_TOKEN'])"
    run = await lab.run(config=lab.config(hooks=hooks(lab, release=program)))
    hook = StepPlan(name="hook-release-1", phase=Phase.PRE_HOOKS, title="migrate")
    await run.go(until="create" if any(step.name == "create" for step in run.steps) else "build")
    assert (await lab.target.observe(hook, run.context)).seen is Seen.ABSENT
    done = await lab.target.act(hook, run.context)
    assert done == {**done, "exit_code": 0}
    again = await lab.target.observe(hook, run.context)
    assert again.seen is Seen.DONE, "after a kill it is not run a second time"
    if lab.http:
        said = "\n".join(text for text, _, source in run.said.lines if source == "hooks")
        assert f"mode plain {len(SECRET)}" in said and SECRET not in said
    await lab.target.undo(hook, run.context)
    await run.unwind()
    assert lab.leftovers() == []


async def test_a_command_that_failed_says_why_and_is_not_run_again(lab: Lab) -> None:
    if not lab.http:
        pytest.skip("this target does not follow")
    run = await lab.run(config=lab.config(hooks=hooks(lab, release="print('no such column'); raise SystemExit(3)")))
    hook = StepPlan(name="hook-release-1", phase=Phase.PRE_HOOKS, title="migrate")
    await run.go(until="create" if any(step.name == "create" for step in run.steps) else "build")
    for attempt in range(2):
        with pytest.raises(StepFailed) as failed:
            await lab.target.act(hook, run.context)
        assert not failed.value.cause.transient
        if attempt == 0:
            assert failed.value.cause.code == "hook-failed" and "exit code 3" in failed.value.cause.what
            assert "no such column" in failed.value.cause.evidence
    ran = [
        text for text, _, source in run.said.lines if source == "hooks" and "no such column" in text and not text.startswith("$")
    ]
    assert len(ran) == 1, "once"
    await lab.target.undo(hook, run.context)
    await run.unwind()
    assert lab.leftovers() == []


async def test_a_command_joins_in_a_copy_of_its_own_and_in_the_one_that_serves(lab: Lab) -> None:
    run = await lab.run()
    await run.go()
    kept, config = await run.finish(), run.context.config
    before = lab.leftovers()
    given = {"PLAIN": "a 'b'\n$(touch pwned)", "API_TOKEN": SECRET}
    program = "import os; print(os.environ['PLAIN'], os.environ.get('API_TOKEN') is not None); raise SystemExit(7)"
    own = await lab.target.invocation(kept, config, [lab.python, "-c", program], given, terminal=False)
    assert SECRET not in " ".join(own.argv)
    answer = subprocess.run(own.argv, env=dict(own.env), cwd=own.cwd, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout) == (7, f"{given['PLAIN']} True\n"), answer.stderr
    if lab.http:
        program = "import os; print(os.environ['PLAIN'])"
        inside = await lab.target.invocation(kept, config, [lab.python, "-c", program], None, terminal=False)
        answer = subprocess.run(inside.argv, env=dict(inside.env), cwd=inside.cwd, capture_output=True, text=True, check=False)
        assert answer.stdout == "plain\n", answer.stderr
    assert lab.leftovers() == before, "nothing stays of it"
    assert (await lab.target.status(kept, config)).running
    await lab.target.remove(kept, config)


async def test_copies_have_endpoints_liveness_and_last_lines(lab: Lab) -> None:
    run = await lab.run()
    assert not (await lab.target.liveness("trial", run.context)).running
    assert not (await lab.target.liveness("live", run.context)).running
    assert await lab.target.endpoint("previous", run.context) is None
    await run.go(until="verify")
    assert (await lab.target.liveness("trial", run.context)).running
    assert await lab.target.endpoint("trial", run.context) is not None
    assert await lab.target.tail("trial", run.context, 50)
    assert not (await lab.target.liveness("live", run.context)).running
    await run.go()
    assert (await lab.target.liveness("live", run.context)).running


async def test_the_output_of_a_release_can_be_read(lab: Lab) -> None:
    run = await deployed(lab)
    release, config = await run.finish(), run.context.config

    async def read(**how: object) -> list[LogLine]:
        values = {"since": None, "follow": False, "tail": None, **how}
        return [line async for line in lab.target.logs(release, config, **values)]  # type: ignore[arg-type]

    everything = await read()
    assert everything
    assert [line.seq for line in everything] == list(range(1, len(everything) + 1))
    assert [line.text for line in await read(tail=1)] == [everything[-1].text]
    if not lab.http:
        return
    texts = {(line.text, line.stream) for line in everything}
    assert {("listening as one", "out"), ("a warning", "err")} <= texts
    assert await read(since=utc_now() + timedelta(minutes=5)) == []
    moment = everything[-1].at + timedelta(microseconds=1)
    await answer(run, path="/since")
    await asyncio.sleep(0.7)
    later = await read(since=moment)
    assert [line.text for line in later if "/since" in line.text] == ["asked /since"]
    assert "listening as one" not in [line.text for line in later]
    await answer(run, path=f"/{SECRET.splitlines()[0]}")  # the program says it aloud
    await asyncio.sleep(0.7)
    assert [line.text for line in await read(tail=2) if "asked" in line.text][-1] == "asked /[redacted]"


async def test_following_gives_new_lines_and_ends_with_the_copy(lab: Lab) -> None:
    if not lab.target.capabilities.follows_logs:
        pytest.skip("this target does not follow")
    run = await deployed(lab)
    release, config = await run.finish(), run.context.config
    seen: list[str] = []

    async def follow() -> None:
        async for line in lab.target.logs(release, config, since=None, follow=True, tail=1):
            seen.append(line.text)

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.5)
    await answer(run, path="/followed")
    async with asyncio.timeout(PATIENCE_S):
        while "asked /followed" not in seen:
            await asyncio.sleep(0.05)
    await lab.target.undo(run.step("switch"), run.context)
    async with asyncio.timeout(PATIENCE_S):
        await task


async def test_following_can_be_left_at_any_time(lab: Lab) -> None:
    if not lab.target.capabilities.follows_logs:
        pytest.skip("this target does not follow")
    run = await deployed(lab)
    release = await run.finish()
    async with asyncio.timeout(PATIENCE_S):
        stream = lab.target.logs(release, run.context.config, since=None, follow=True, tail=5)
        async for _ in stream:
            break
        await stream.aclose()  # type: ignore[attr-defined]


async def test_no_secret_is_recorded_or_said(lab: Lab) -> None:
    run = await deployed(lab)
    plan = await lab.target.plan(run.context.config, run.context.release, None, False)
    said = [
        repr(run.said.resources), repr(run.context.facts), repr(await run.finish()), repr(plan),
        repr(await lab.target.tail("live", run.context, 100)),
    ]  # fmt: skip
    for part in SECRET.splitlines():
        assert part not in "\n".join(said)
    if lab.http:
        assert json.loads(await answer(run, path="/env"))["API_TOKEN"] == SECRET  # it did arrive
