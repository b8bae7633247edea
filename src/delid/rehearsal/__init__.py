"""A recipe before it is let loose: planner and engine against a simulated cell, in virtual time, with seeded luck."""

from ._account import Run, Segment, StepTime
from ._assumptions import Assumptions, default_assumptions, load_assumptions, parse_chances
from ._case import DEAD, Case, make_case
from ._page import page
from ._rehearse import Figures, OperationTime, Rehearsal, rehearse
from ._run import Watch, run_once

__all__ = [
    "DEAD",
    "Assumptions",
    "Case",
    "Figures",
    "OperationTime",
    "Rehearsal",
    "Run",
    "Segment",
    "StepTime",
    "Watch",
    "default_assumptions",
    "load_assumptions",
    "make_case",
    "page",
    "parse_chances",
    "rehearse",
    "run_once",
]
