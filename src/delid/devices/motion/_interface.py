"""The one interface of every motion driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from delid.core import Finished, MotionCapabilities, MotionVerb, PoseMm


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

    async def program(self, id: str, name: str, params: Mapping[str, float], deadline_s: float) -> Finished: ...

    async def do(self, id: str, verb: MotionVerb, deadline_s: float) -> Finished: ...

    def status_age_s(self) -> float: ...
