"""deploy, attach, cancel, rollback, logs, status, history, diff: the whole program with a real worker and a pretend target."""

from __future__ import annotations

import json

from tests.cli.conftest import Program


def deployed(program: Program, *arguments: str) -> str:
    """Deploy once; the deployment's id."""
    return str(program("deploy", "--yes", "--json", *arguments).lines()[-1]["deployment_id"])


def test_deploy_streams_events_and_ends_with_the_result(program: Program) -> None:
    lines = program("deploy", "--yes", "--json").lines()
    events, result = lines[:-1], lines[-1]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {"state", "step", "result"} <= {event["kind"] for event in events}
    assert result["status"] == "succeeded"
    assert result["exit_code"] == 0
    assert result["release"] == "v1"
    assert result["application_url"].startswith("http://127.0.0.1:")
    attached = program("attach", result["deployment_id"], "--json").lines()
    assert attached == lines


def test_deploy_as_text_is_plain(program: Program) -> None:
    ran = program("deploy", "--yes")
    assert "\x1b" not in ran.out
    assert "\r" not in ran.out
    assert "succeeded" in ran.out
    assert "Switch to the new release" in ran.out
    assert "http://127.0.0.1:" in ran.out
    assert ran.err == ""
    narrow = program.apart("diff", "v1", "v1", environ={"COLUMNS": "20"})
    assert narrow.out == program.apart("diff", "v1", "v1", environ={"COLUMNS": "200"}).out


def test_a_failed_deployment_says_why_and_exits_with_1(program: Program) -> None:
    program.world.fault("build", "before")
    ran = program("deploy", "--yes", expect=1)
    assert "failed unchanged" in ran.out
    assert "deploydeck logs dep-" in ran.out
    history = program("history", "--json").json()["deployments"]
    assert history[0]["state"] == "failed_unchanged"
    assert history[0]["cause"]["what"]


def test_a_rolled_back_deployment_exits_with_3(program: Program) -> None:
    deployed(program)
    program.world.fault("switch", "sick")
    lines = program("deploy", "--yes", "--json", expect=3).lines()
    assert lines[-1]["status"] == "rolled_back"
    assert lines[-1]["exit_code"] == 3
    live = program("status", "--json").json()["live"]
    assert [entry["release"]["number"] for entry in live] == [1]


def test_a_failed_rollback_exits_with_4(program: Program) -> None:
    deployed(program)
    program.world.fault("switch", "sick")
    for _ in range(8):
        program.world.fault("switch", "undo")
    lines = program("deploy", "--yes", "--json", expect=4).lines()
    assert lines[-1]["status"] == "rollback_failed"


def test_plan_changes_nothing(program: Program) -> None:
    plan = program("deploy", "--plan", "--json").json()
    assert plan["steps"][0]["name"] == "check"
    text = program("deploy", "--plan").out
    assert "Deploy shop in development on fake" in text
    assert program("history").out.startswith("Nothing of shop was deployed")
    assert program.world.read()["effects"] == []


def test_an_environment_nobody_mentioned_is_a_warning(program: Program) -> None:
    said = "Environment 'produciton' is not in deploydeck.toml; did you mean 'production'?"
    assert program("deploy", "--plan", "--json", "--env", "produciton", "--target", "fake").json()["warnings"] == [said]
    assert f"warning: {said}" in program("deploy", "--yes", "--env", "produciton", "--target", "fake").out
    assert program("deploy", "--plan", "--json").json()["warnings"] == []
    refused = program("deploy", "--plan", "--json", "--env", "../x", "--target", "fake", expect=2)
    assert "environment-invalid" in refused.err


def test_detach_then_attach(program: Program) -> None:
    program.world.fault("build", "slow")
    deployment = program("deploy", "--yes", "--detach", "--json").json()
    assert deployment["state"] == "queued"
    lines = program("attach", deployment["id"][:-2], "--json").lines()
    assert lines[-1]["deployment_id"] == deployment["id"]
    assert lines[-1]["status"] == "succeeded"
    assert program("attach").out.startswith(f"Deployment {deployment['id']}")


def test_foreground_leaves_no_process_behind(program: Program) -> None:
    lines = program("deploy", "--yes", "--json", "--foreground").lines()
    assert lines[-1]["status"] == "succeeded"
    assert program("status", "--json").json()["worker"]["running"] is False
    assert not (program.paths.data / "worker.log").exists()


def test_an_unknown_target_is_a_usage_error(program: Program) -> None:
    ran = program("deploy", "--plan", "--target", "proces", "--json", expect=2)
    assert "process" in json.loads(ran.err)["error"]["hint"]


def test_detach_and_foreground_exclude_each_other(program: Program) -> None:
    assert "exclude" in program("deploy", "--yes", "--detach", "--foreground", expect=2).err


def test_without_a_terminal_yes_is_needed(program: Program) -> None:
    for arguments in (("deploy",), ("rollback",), ("deploy", "--json")):
        ran = program(*arguments, expect=2)
        assert "--yes" in ran.err
        assert ran.out == ""
    assert program.world.read()["effects"] == []


def test_rollback_puts_the_earlier_release_back(program: Program) -> None:
    deployed(program)
    (program.project / "app.py").write_text((program.project / "app.py").read_text() + "\n# second\n")
    (program.project / "requirements.txt").write_text("flask==3.1.3\ngunicorn==23.0.0\nclick\n")
    (program.project / "page.html").write_text("<p>new</p>")
    (program.project / ".env").write_text("API_KEY=only-here\n")
    deployed(program)
    plan = program("rollback", "--plan").out
    assert "back to v1" in plan
    lines = program("rollback", "--yes", "--json").lines()
    assert lines[-1]["status"] == "succeeded"
    assert lines[-1]["release"] == "v1"
    history = program("history", "--json").json()["deployments"]
    assert [(entry["kind"], entry["release"]["number"]) for entry in history] == [("rollback", 1), ("deploy", 2), ("deploy", 1)]
    text = program("history").out.splitlines()
    assert text[1].startswith("v1")
    assert "rolled back to v1" in text[1]
    live = program("status", "--json").json()["live"]
    assert live[0]["release"]["number"] == 1
    assert live[0]["health"]["health"] == "healthy"

    difference = program("diff", "v1", "2", "--json").json()
    assert difference["source"] is True
    files = [(entry["change"], entry["name"]) for entry in difference["files"]]
    assert files == [("changed", "app.py"), ("added", "page.html"), ("changed", "requirements.txt")]
    shown = program("diff", "v1", "v2").out
    assert "~ requirements.txt" in shown
    assert "+ page.html" in shown
    assert "files" not in history[0]["release"], "thousands of files are no part of a list of deployments"
    assert "the same in everything" in program("diff", "v1", "v1").out
    assert "release-unknown" in program("diff", "v1", "v9", "--json", expect=1).err


def test_variables_are_compared_by_fingerprint_only(program: Program) -> None:
    secret = "correct-horse-battery-staple"
    deployed(program)
    (program.project / ".env").write_text(f"API_KEY={secret}\n")
    deployed(program)
    everything = [
        program(*arguments)
        for arguments in (
            ("diff", "v1", "v2"),
            ("diff", "v1", "v2", "--json"),
            ("history", "--json"),
            ("status", "--json"),
            ("scan", "--json"),
            ("deploy", "--plan", "--json"),
            ("attach", "--json"),
            ("settings", "--json"),
        )
    ]
    assert "+ API_KEY" in everything[0].out
    for ran in everything:
        assert secret not in ran.out + ran.err


def test_cancel_before_the_switch(program: Program) -> None:
    program.world.fault("build", "hang")
    deployment = program("deploy", "--yes", "--detach", "--json").json()
    ran = program("cancel", deployment["id"], "--json")
    assert ran.lines()[-1]["status"] == "canceled"
    assert ran.lines()[-1]["exit_code"] == 130
    assert program("attach", deployment["id"], expect=130).code == 130
    ended = program("cancel", deployment["id"], "--json", expect=1)
    assert json.loads(ended.err)["error"]["code"] == "deployment-ended"


def test_logs_of_a_deployment_and_of_the_program(program: Program) -> None:
    deployment = deployed(program)
    stored = program("logs", deployment, "--json").lines()
    assert stored
    assert {line["source"] for line in stored} == set(program_sources(program, deployment))
    source = stored[0]["source"]
    only = program("logs", deployment, "--source", source, "--json").lines()
    assert {line["source"] for line in only} == {source}
    assert program("logs", deployment, "--tail", "1", "--json").lines() == stored[-1:]
    assert program("logs", deployment, "--grep", "no such text").out == ""
    assert program("logs", deployment, "--since", "1h", "--json").lines() == stored
    assert program("logs", deployment, "--follow", "--json").lines() == stored
    for what in (".", "shop", str(program.project)):
        program("logs", what)
    assert "exclude" not in program("logs", "nothing-like-this", expect=1).err
    assert "no source" in program("logs", deployment, "--source", "nope", expect=1).err


def program_sources(program: Program, deployment: str) -> list[str]:
    return sorted(path.stem for path in (program.paths.logs / deployment).glob("*.log"))


def test_logs_usage_errors(program: Program) -> None:
    deployment = deployed(program)
    for arguments in (("--since", "yesterdayish"), ("--grep", "("), ("--grep", "(a+)+$"), ("--tail", "-1")):
        ran = program("logs", deployment, *arguments, "--json", expect=2)
        assert ran.out == ""
        assert json.loads(ran.err)["error"]["what"]


def test_status_names_what_is_unfinished_and_why(program: Program) -> None:
    program.world.fault("build", "hang")
    deployment = program("deploy", "--yes", "--detach", "--json").json()
    status = program("status", "--json").json()
    assert [entry["id"] for entry in status["unfinished"]] == [deployment["id"]]
    assert status["unfinished"][0]["waiting"]
    assert deployment["id"] in program("status").out
    program("cancel", deployment["id"])
    assert program("status", "--json").json()["unfinished"] == []


def test_a_deployment_waits_until_somebody_agrees(program: Program) -> None:
    settings = program.project / "deploydeck.toml"
    settings.write_text(settings.read_text() + 'approval = "anyone"\n')  # of production, the last section
    production = ("--env", "production", "--target", "fake")
    assert "wait for approval" in program("deploy", "--yes", "--foreground", *production, expect=2).err
    said = program("deploy", "--yes", "--detach", *production).out
    identifier = said.split()[0]
    assert f"{identifier} waits for somebody to agree: deploydeck approve {identifier}" in said
    waiting = program("status", "--json").json()["unfinished"]
    assert [(one["id"], one["state"]) for one in waiting] == [(identifier, "awaiting_approval")]
    assert "needs-yes" in program("approve", identifier, "--json", expect=2).err
    assert "goes with --reject" in program("approve", identifier, "--why", "x", expect=2).err

    source = program.project / "app.py"
    before = source.read_text()
    source.write_text(before + "# changed\n")
    assert "plan-stale" in program("approve", identifier, "--yes", "--json", expect=1).err
    source.write_text(before)
    approved = program("approve", identifier, "--yes", "--json").json()
    assert approved["state"] in ("queued", "acquiring_lock", "running")
    assert program("attach", identifier, "--json").lines()[-1]["status"] == "succeeded"
    assert "approval-not-awaited" in program("approve", identifier, "--yes", "--json", expect=1).err

    second = program("deploy", "--yes", "--detach", "--json", *production).json()["id"]
    refused = program("approve", second, "--reject", "--why", "not today", "--json").json()
    assert (refused["state"], refused["cause"]["why"]) == ("canceled", "not today")
    assert [one["release"]["number"] for one in program("status", "--json").json()["live"]] == [1]

    settings.write_text(settings.read_text().replace('"anyone"', '"another"'))
    third = program("deploy", "--yes", "--detach", "--json", *production).json()["id"]
    assert "approval-own" in program("approve", third, "--yes", "--json", expect=1).err
    program("cancel", third, "--json", expect=0)


def test_of_several_that_wait_only_the_latest_is_done_where_it_is_wanted(program: Program) -> None:
    settings = program.project / "deploydeck.toml"
    settings.write_text(settings.read_text() + 'queue = "latest"\napproval = "anyone"\n')
    production = ("--env", "production", "--target", "fake")
    first = program("deploy", "--yes", "--detach", "--json", *production).json()["id"]
    second = program("deploy", "--yes", "--detach", "--json", *production).json()["id"]
    waiting = program("status", "--json").json()["unfinished"]
    assert [one["id"] for one in waiting] == [second]
    assert program("attach", first, "--json", expect=1).lines()[-1]["status"] == "superseded"


def test_promote_runs_what_is_live_in_the_next_environment(program: Program) -> None:
    assert "nothing-live" in program("promote", "--yes", "--json", expect=1).err
    deployed(program)
    (program.project / "app.py").write_text("# not what is live\n")
    settings = program.project / "deploydeck.toml"
    plan = program("promote", "--to", "production", "--plan")
    assert "Promote shop v1 from development: the same artifact in production on fake" in plan.out
    result = program("promote", "--to", "production", "--yes", "--json").lines()[-1]
    assert (result["status"], result["release"], result["environment"]) == ("succeeded", "v2", "production")
    assert program.world.count(result["deployment_id"], "build") == 0
    history = program("history", "--json").json()["deployments"]
    assert history[0]["release"]["origin"]["label"] == "v1"
    assert history[0]["release"]["source_hash"] == history[1]["release"]["source_hash"]
    assert "promotion-last" in program("promote", "--from", "production", "--yes", "--json", expect=1).err
    assert "promotion-elsewhere" in program("promote", "--to", "development", "--yes", "--json", expect=1).err
    settings.write_text(settings.read_text().replace('target = "fake"\npublished_port = 18124', 'target = "process"'))
    refused = program("promote", "--to", "production", "--yes", "--json", expect=1).err
    assert "production is on process, development is on fake" in refused


def test_run_and_exec_answer_with_what_the_command_says(program: Program) -> None:
    assert "project-unknown" in program("run", "--json", "--", "true", expect=1).err
    deployed(program)
    assert "nothing-live" in program("run", "--json", "--env", "production", "--", "true", expect=1).err
    lines = program("run", "--json", "--", "sh", "-c", "echo out; echo err >&2; exit 9", expect=9).lines()
    assert {"stream": "out", "text": "out"} in lines and {"stream": "err", "text": "err"} in lines
    assert lines[-1] == {"exit_code": 9}
    plain = program.apart("exec", "--", "sh", "-c", "echo --json; exit 3", expect=3)
    assert plain.out == "--json\n"
    assert "There is no command to run" in program("run", expect=2).err
    assert "is not there" in program("run", "--", "no-such-program-here", expect=2).err
