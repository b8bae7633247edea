"""``delid jog``: hold to run from the command line. It holds for a given time, and as long as it lives."""

from __future__ import annotations

import asyncio
import uuid
from typing import Annotated

import typer

from delid.config import load_cell
from delid.core import Clock, SystemClock, UsageError
from delid.ipc import CellClient

from ._asking import DEADLINE_S, By, CellPath, Message, or_refused, person
from ._signals import call_on_signal

SIGNALS_IN_HOLD = 3
"""Hold signals sent in one dead-man time; two of three may be late."""
LONGEST_S = 60.0


def jog(
    cell: CellPath,
    direction: Annotated[str, typer.Argument(metavar="AXIS+|AXIS-", help="x+, x-, y+, y-, z+ or z-.")],
    for_s: Annotated[float, typer.Option("--for", min=0.1, max=LONGEST_S, help="Seconds to hold it.")] = 1.0,
    feed: Annotated[float | None, typer.Option(help="mm/s; the cell's reduced speed if not given.")] = None,
    by: By = "",
) -> None:
    """Creep along an axis in the mode manual, for a time; Ctrl-C lets go at once, and so does whatever ends this.

    Exit code 1: the cell refused, or ended it before its time. 3: the cell does not answer.
    """
    if direction[:-1] not in ("x", "y", "z") or direction[-1:] not in ("+", "-"):
        raise UsageError(f"there is no direction {direction!r}.", hint="Use x+, x-, y+, y-, z+ or z-.")
    request = {
        "op": "jog", "press": uuid.uuid4().hex, "axis": direction[0], "direction": direction[1],
        "feed_mm_s": "" if feed is None else f"{feed:g}", "by": person(by),
    }  # fmt: skip
    clock = SystemClock()

    async def run() -> Message:
        client = CellClient(load_cell(cell).socket_path, clock)
        try:
            let_go = asyncio.Event()
            call_on_signal(let_go.set)
            return await hold(client, clock, request, for_s, let_go)
        finally:
            client.close()

    reply = or_refused(asyncio.run(run()))
    typer.echo(f"{direction[0]} stands at {reply['at_mm']:.2f} mm" if reply["at_mm"] is not None else "it stands")


async def hold(
    client: CellClient, clock: Clock, request: dict[str, str], for_s: float, let_go: asyncio.Event
) -> Message:
    """Press, hold, let go, and wait until the robot stands; the cell's last reply, with ``at_mm`` where it was held.

    Raises IpcError where the cell does not answer; it has then stopped the robot by itself, for want of signals.
    """
    before = await client.request({"op": "state"}, DEADLINE_S)
    limits = before["state"]["jog"]
    reply = await client.request(request, DEADLINE_S)
    if not reply["ok"] or limits is None:
        return reply
    press = {"press": request["press"]}
    try:
        held = await _finger(client, clock, press, for_s, limits["hold_s"] / SIGNALS_IN_HOLD, let_go)
    finally:
        ended = await client.request({"op": "end_jog", **press}, DEADLINE_S)
    state = await _standing(client, clock, request["press"])
    pose = state["devices"]["motion"]["pose_mm"]
    if held["ok"]:
        return {**ended, "at_mm": pose["xyz".index(request["axis"])] if pose else None}
    return held


async def _finger(
    client: CellClient, clock: Clock, press: dict[str, str], for_s: float, every_s: float, let_go: asyncio.Event
) -> Message:
    """Signals until the time is over or somebody lets go; a slow reply does not delay the next signal."""
    end_s, sent = clock.now_s() + for_s, set[asyncio.Task[Message]]()
    try:
        while clock.now_s() < end_s and not let_go.is_set():
            sent.add(asyncio.create_task(client.request({"op": "hold_jog", **press}, DEADLINE_S)))
            await _until(clock, every_s, let_go)
            for task in [t for t in sent if t.done()]:
                sent.remove(task)
                if not (reply := task.result())["ok"]:
                    return reply
    finally:
        for task in sent:
            task.cancel()
        await asyncio.gather(*sent, return_exceptions=True)
    return {"ok": True}


async def _until(clock: Clock, every_s: float, let_go: asyncio.Event) -> None:
    """A pause that ends early when somebody lets go."""
    end_s = clock.now_s() + every_s
    while clock.now_s() < end_s and not let_go.is_set():
        await clock.sleep(min(0.02, every_s))


async def _standing(client: CellClient, clock: Clock, press: str) -> Message:
    """The state once this jog is over; the cell has its own deadline for that."""
    end_s = clock.now_s() + 10.0
    while True:
        state: Message = (await client.request({"op": "state"}, DEADLINE_S))["state"]
        jogging = state["jog"]
        if jogging is None or jogging["press"] != press or clock.now_s() > end_s:
            return state
        await clock.sleep(0.05)
