"""The shapes that all calls of the API share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from delid.core import Mode

Text = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Seconds = Annotated[float, Field(description="seconds since 1970-01-01 UTC")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ErrorOut(Strict):
    code: str
    """Stable, for programs."""
    message: str
    """What is wrong, one sentence."""
    hint: str
    """What to do next."""


class Refused(Strict):
    """What went wrong, and what to do next."""

    ok: Literal[False] = False
    error: ErrorOut


class Done(Strict):
    """It is done."""

    ok: Literal[True] = True


class Act(Strict):
    """Something that a person asked of the cell: taken now, confirmed later. Also sent over the live channel."""

    id: str
    what: str
    """For example ``Stop``, ``answer``, ``mode``."""
    target: str
    """What it is about: a question, an alarm, a mode, a press."""
    by: str
    at: Seconds
    accepted: bool
    """The cell took it."""
    state: Literal["accepted", "confirmed", "overtaken", "unconfirmed"]
    """``confirmed``: the cell's own state shows it, for Stop and Hold after the devices said so. ``overtaken``:
    something else happened first. ``unconfirmed``: nothing was seen of it within its time."""
    words: str
    """What was seen, for people."""
    ended_at: Seconds | None
    """When it was confirmed, overtaken or given up."""


class Check(Strict):
    name: str
    ok: bool
    why: str = ""


class Health(Strict):
    """The panel is alive; ``cell_up`` says whether the cell process is, and ``cell_age_s`` how old its last word is."""

    ok: bool
    version: str
    cell_up: bool
    cell_age_s: float | None


class Snapshot(BaseModel):
    """The state of the cell as its process tells it. Further fields may follow; unknown ones are to be ignored."""

    model_config = ConfigDict(extra="allow")

    cell: str
    title: str
    at: Seconds
    run: str | None
    mode: Mode = Mode.PRODUCTION
    modes: Annotated[list[Mode], Field(description="those that can be chosen now")] = []
    packml: str
    allowed: list[str]
    phase: str
    waiting_for: str
    reset_checklist: list[dict[str, Any]]
    question: dict[str, Any] | None
    assessment: dict[str, Any] | None
    candidates: list[dict[str, Any]]
    refusal: list[str] | None
    plan: dict[str, Any] | None
    current_step: str | None
    steps_done: int
    steps_total: int
    told: Annotated[dict[str, Any] | None, Field(description="what people said of the pack")] = None
    health: Annotated[dict[str, Any] | None, Field(description="what follows of its state of health")] = None
    alarms: list[dict[str, Any]]
    alarm_counts: dict[str, Any] = {}
    devices: dict[str, dict[str, Any]]
    tags: dict[str, Any]
    tags_age_s: float | None
