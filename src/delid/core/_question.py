"""A question to the operator."""

from __future__ import annotations

from dataclasses import dataclass, field

from ._json import LEAVE_OUT_NONE


@dataclass(frozen=True, slots=True)
class Question:
    """One clear question to the operator with its few answers. ``picture`` is the look whose frame shows the matter."""

    id: str
    text: str
    answers: tuple[str, ...]
    step: str | None = None
    target: str | None = None
    reasons: tuple[str, ...] = ()
    picture: str | None = field(default=None, metadata=LEAVE_OUT_NONE)
