"""The shapes of the API, for checking what comes in and for describing what goes out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from delid.core import Command, Mode

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CommandIn(Strict):
    """A PackML command. The cell itself decides whether it is allowed now."""

    command: Command


class AnswerIn(Strict):
    """The answer to the question that the cell asks now; one of the answers it offers."""

    question_id: Text
    answer: Text


class AcknowledgeIn(Strict):
    """An alarm that a person has seen, by its code; ``*`` for all."""

    code: Text


class ShelveIn(Strict):
    """An alarm to be taken out of the way for a time, with a reason; 0 minutes put it back."""

    code: Text
    reason: Annotated[str, Field(max_length=200)] = ""
    minutes: Annotated[float, Field(ge=0, le=480)]


class ErrorOut(Strict):
    code: str
    message: str
    hint: str


class Refused(Strict):
    """What went wrong, and what to do next."""

    ok: bool = False
    error: ErrorOut


class Done(BaseModel):
    """The cell has taken the request. What comes of it shows in the state."""

    ok: bool


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
    at: Annotated[float, Field(description="seconds since 1970-01-01 UTC")]
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
    alarms: list[dict[str, Any]]
    alarm_counts: dict[str, Any] = {}
    devices: dict[str, dict[str, Any]]
    tags: dict[str, Any]
    tags_age_s: float | None
