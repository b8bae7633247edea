"""How long acts take in one cell: learnt from its recordings, kept as a file with counts and spread."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ._keep_out import Name
from ._yaml import StrictModel

Seconds = Annotated[float, Field(ge=0)]


class Measured(StrictModel):
    """A duration as it was measured."""

    count: Annotated[int, Field(ge=1)]
    mean_s: Seconds
    sd_s: Seconds
    """Standard deviation; 0 where there was one measurement only."""


class MoveTime(StrictModel):
    """A move takes ``settle_s`` and its distance at ``feed_share`` of the feed that was asked for."""

    count: Annotated[int, Field(ge=2)]
    settle_s: Seconds
    feed_share: Annotated[float, Field(gt=0, le=1.5)]
    sd_s: Seconds
    """Standard deviation of a move's duration from this rule."""


class LearntFrom(StrictModel):
    run: str
    sha256: str
    """Digest of the recording's file."""


class TimesFile(StrictModel):
    """Durations of one cell, by what was done. ``delid times learn`` writes it."""

    times: Name
    learnt_from: Annotated[list[LearntFrom], Field(min_length=1)]
    commands: dict[str, Measured] = {}
    """By the PLC's command."""
    looks: dict[str, Measured] = {}
    """By purpose, lamps and judging included."""
    locate: Measured | None = None
    """A fine look."""
    answers: Measured | None = None
    """A person's answer."""
    move: MoveTime | None = None
