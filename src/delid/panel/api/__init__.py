"""The calls of the API, version 1, each with what it needs stated beside it."""

from . import (
    _admin_calls,
    _alarm_calls,
    _cell_calls,
    _diagnostic_calls,
    _jog_calls,
    _pack_calls,
    _recipe_calls,
    _record_calls,
    _run_calls,
    _session_calls,
)
from ._calls import PREFIX, Calls
from ._gate import REFUSALS
from ._live_calls import MESSAGES, live
from ._replies import Replies
from ._route import COOKIE, SECURE_COOKIE, Route

CALLS: tuple[Calls, ...] = (
    _session_calls.CALLS,
    _cell_calls.CALLS,
    _jog_calls.CALLS,
    _alarm_calls.CALLS,
    _run_calls.CALLS,
    _record_calls.CALLS,
    _pack_calls.CALLS,
    _recipe_calls.CALLS,
    _diagnostic_calls.CALLS,
    _admin_calls.CALLS,
)
"""Every call, by subject."""

__all__ = ["CALLS", "COOKIE", "MESSAGES", "PREFIX", "REFUSALS", "SECURE_COOKIE", "Calls", "Replies", "Route", "live"]
