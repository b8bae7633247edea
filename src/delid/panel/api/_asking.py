"""From a call to the cell and back: who asks in whose name, and the cell's no as a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection

from .._acts import GIVE_UP_S, Goal
from .._models import Act
from .._refusals import refusal
from ..access import NOBODY, Person

if TYPE_CHECKING:
    from .._panel import Panel

LOCAL = "local panel"
"""Who held or stopped without a login."""


def panel_of(connection: HTTPConnection) -> Panel:
    panel: Panel = connection.app.state.panel
    return panel


def person_in(connection: HTTPConnection) -> Person:
    person: Person = connection.state.person
    return person


def by_of(person: Person) -> str:
    """The name that goes into the journal."""
    return LOCAL if person.name == NOBODY else person.name


async def state_now(panel: Panel) -> dict[str, Any]:
    """The state of the cell, asked for now; raises IpcError, PanelError."""
    reply = await panel.ask({"op": "state"})
    state = reply.get("state")
    if not reply.get("ok") or not isinstance(state, dict):
        raise refusal("panel.no_state", "The cell does not say how it stands.")
    return state


async def act(
    connection: HTTPConnection, message: dict[str, str], what: str, target: str, goal: Goal,
    give_up_s: float = GIVE_UP_S,
) -> Act:  # fmt: skip
    """Pass an act on; the cell's no becomes a refusal, its yes an act that is watched until it is confirmed."""
    panel, person = panel_of(connection), person_in(connection)
    connection.state.detail = {"what": what, "target": target}
    reply = await panel.ask(message)
    if not reply.get("ok"):
        error = reply.get("error") or {}
        words = str(error.get("message") or "The cell refused without a reason.")
        raise refusal("panel.refused", words, str(error.get("hint") or ""))
    taken = panel.acts.taken(what, target, by_of(person), goal, give_up_s)
    if panel.live.state is not None and panel.live.error is None and reply.get("packml") == panel.live.state["packml"]:
        panel.acts.see(panel.live.state)
    return panel.acts.find(taken.id) or taken
