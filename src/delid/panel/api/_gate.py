"""What each call needs, stated with the call: role, scope, PIN, idempotency key. The description shows the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._models import Refused
from ..access import Role, Scope

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = r"^[A-Za-z0-9._:-]{8,80}$"
REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refused, "description": "Nobody is logged in, or name, password or token is wrong."},
    403: {
        "model": Refused,
        "description": "Not with this role, not without the PIN, not while locked, or a foreign page.",
    },
    404: {"model": Refused, "description": "There is no such thing."},
    409: {"model": Refused, "description": "The cell or the panel says no, and why."},
    413: {"model": Refused, "description": "The request is too large."},
    422: {"model": Refused, "description": "The request is wrong; nothing was done."},
    429: {"model": Refused, "description": "Too many requests, or locked out for a while."},
    503: {"model": Refused, "description": "The cell process does not answer."},
}


@dataclass(frozen=True, slots=True)
class Gate:
    """What a call needs.

    Attributes:
        role: the least role; None for anybody.
        calming: only ever calms the cell: works locked, is not limited, and on the machine itself needs no login.
        keyed: carries an idempotency key; a calming call may go without.
        durable: the key outlives the panel process. What calms the cell, and a press, wait for no disk.
        secret: the answer holds a password or a token and is not written to the disk.
        idle: does not count as somebody being there.
        audited: goes into the audit list.
    """

    role: Role | None
    scope: Scope = Scope.VIEW
    step_up: bool = False
    calming: bool = False
    keyed: bool = True
    durable: bool = True
    secret: bool = False
    idle: bool = False
    audited: bool = True


def gate(role: Role | None, scope: Scope = Scope.VIEW, **more: bool) -> dict[str, Any]:
    """For a route's ``openapi_extra``."""
    found = Gate(role, scope, **more)
    extra: dict[str, Any] = {"x-gate": found}
    if role is not None and not found.calming:
        extra["security"] = [{"session": []}, {"token": []}]
    extra["x-role"] = role.value if role else None
    extra["x-scope"] = scope.value
    extra["x-step-up"] = found.step_up
    return extra


def key_parameter(required: bool) -> dict[str, Any]:
    """The idempotency key as the description has it."""
    return {
        "name": KEY_HEADER,
        "in": "header",
        "required": required,
        "description": "Chosen by the caller, new for each act. The same key again gives the same answer.",
        "schema": {"type": "string", "pattern": KEY_PATTERN},
    }
