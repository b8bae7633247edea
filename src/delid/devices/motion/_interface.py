"""The one interface of every motion driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from delid.core import Axis, Finished, MotionCapabilities, MotionVerb, PoseMm


class MotionDriver(Protocol):
    """A gantry or an arm. What it can do stands in ``capabilities``; nobody asks which driver it is.

    A command that is accepted is not done: ``move``, ``program`` and ``do`` return when the controller has confirmed
    the end, or when it did not within ``deadline_s``. Stop and hold go past whatever is under way. Enable, home and
    clear_fault are deliberate acts of a person.
    """

    @property
    def capabilities(self) -> MotionCapabilities: ...

    async def run(self) -> None:
        """The one task that owns the wire; until cancelled."""
        ...

    async def move(self, id: str, to_mm: PoseMm, feed_mm_s: float, deadline_s: float) -> Finished: ...

    async def jog(
        self, id: str, axis: Axis, to_mm: float, feed_mm_s: float, hold_s: float, deadline_s: float
    ) -> Finished:
        """Creep along one axis towards ``to_mm`` while ``hold_jog`` is called at least every ``hold_s``.

        Done when the machine stands: let go, no longer held, or at ``to_mm``; ``detail`` says which. Whatever becomes
        of delid or of the wire, the machine gets no more than a fraction of a second of motion ahead.
        """
        ...

    def hold_jog(self, jog: str, held_at_s: float | None) -> None:
        """Somebody held the jog with this id at ``held_at_s`` (of the driver's clock); None lets go, at once."""
        ...

    async def program(self, id: str, name: str, params: Mapping[str, float], deadline_s: float) -> Finished: ...

    async def do(self, id: str, verb: MotionVerb, deadline_s: float) -> Finished: ...

    def status_age_s(self) -> float: ...
