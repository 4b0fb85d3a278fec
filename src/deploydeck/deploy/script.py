"""The course of a deployment, as the durable engine runs it: decisions from answers only, never from the world or the clock.

Change the order of calls here and `SCRIPT_VERSION` must change with it.
"""

from __future__ import annotations

from deploydeck.deploy.runner import Call

GO = "go"
STOP = "stop"
KEEP = "keep"


def course(call: Call, deployment_id: str) -> None:
    """Open; walk the steps; on a stop take back what must be taken back; close."""
    opening = call("open")
    stopped = opening["verdict"] == STOP
    if not stopped:
        for name in opening["steps"]:
            if call("step", name)["verdict"] == STOP:
                stopped = True
                break
    if stopped:
        turn = call("turn")
        for name in turn["undo"]:
            answer = call("undo", name)
            if answer["verdict"] == STOP:
                break
    call("close")
