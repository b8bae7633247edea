"""Entries that a running cell makes: runs, looks, plans, operations, acts of people, alarms."""

from __future__ import annotations

from typing import ClassVar, Literal

from delid.core import HazardClass

from ._payload import Counts, Named, Part, Payload, Photo, Share, Text, Texts


class RunStarted(Payload):
    kind: ClassVar[str] = "run_started"
    run: Text
    cell: Text
    config_sha256: Text
    models: Texts = {}

    def marks(self) -> tuple[str, ...]:
        return ("kind:run_started", f"run:{self.run}")


class RunEnded(Payload):
    kind: ClassVar[str] = "run_ended"
    run: Text
    outcome: Text
    reason: Text = ""
    steps_done: int | None = None
    steps: int | None = None

    def marks(self) -> tuple[str, ...]:
        return ("kind:run_ended", f"run:{self.run}")


class SeenDamage(Part):
    kind: Text
    confidence: float
    severity: float


class Inspected(Payload):
    """What vision said of a pack, several frames together, and the frames by their digests."""

    kind: ClassVar[str] = "inspection"
    run: Text
    purpose: Text
    status: Literal["known", "unknown", "ambiguous"]
    model: Text | None = None
    confidence: Share
    frames: tuple[Photo, ...]
    agreeing: int
    hazard_class: HazardClass
    hazard_reasons: tuple[Text, ...] = ()
    damage: tuple[SeenDamage, ...] = ()
    unclear: tuple[SeenDamage, ...] = ()
    fasteners: Counts = {}
    """Kind to number of fasteners."""
    codes: tuple[Text, ...] = ()
    code_outcome: Text = ""
    models: Texts = {}
    """Model to its digest."""

    def marks(self) -> tuple[str, ...]:
        return ("kind:inspection", f"run:{self.run}")


class Planned(Payload):
    """What planning decided: recipe and plan by their digests (the plan's over its JSON, keys sorted), or a refusal."""

    kind: ClassVar[str] = "plan"
    run: Text
    recipe: Text | None = None
    recipe_sha256: Text | None = None
    variant: Text | None = None
    plan_sha256: Text | None = None
    model: Text | None = None
    hazard_class: HazardClass
    steps: int = 0
    estimate_s: float | None = None
    reasons: tuple[Text, ...] = ()
    """Why no recipe may run."""
    readings: Named = {}
    """The PLC's values of that moment."""
    route: Text | None = None
    """What the rules of health propose."""
    state_of_health: float | None = None

    def marks(self) -> tuple[str, ...]:
        return ("kind:plan", f"run:{self.run}")


class OperationDone(Payload):
    """One step of a plan is over. Readings are the PLC's values when it began and when it ended."""

    kind: ClassVar[str] = "operation"
    run: Text
    step: Text
    """Key of the step: ``recipe/operation[/target]``."""
    do: Text
    title: Text
    status: Literal["done", "failed", "skipped"]
    detail: Text = ""
    targets: tuple[Text, ...] = ()
    tool: Text | None = None
    attempts: int = 1
    failures: tuple[Text, ...] = ()
    began_at: Text | None = None
    duration_s: float | None = None
    values: Named = {}
    """What the devices confirmed: torque, angle, mass."""
    readings_before: Named = {}
    readings_after: Named = {}


class OperatorActed(Payload):
    """A person commanded, answered, acknowledged, shelved, or chose a mode."""

    kind: ClassVar[str] = "operator_act"
    run: Text
    act: Text
    what: Text
    accepted: bool = True
    reasons: tuple[Text, ...] = ()
    question: Text | None = None
    by: Text


class AlarmChanged(Payload):
    """An alarm came, its cause went, or it was cleared."""

    kind: ClassVar[str] = "alarm"
    run: Text
    code: Text
    change: Literal["raised", "returned", "cleared"]
    text: Text = ""
    priority: Text = ""
    by: Text | None = None
