"""Assessment, recipes and limits to a plan or a refusal, with reasons. Pure: no device, no clock, no randomness."""

from ._check import PLANNABLE, RULES, check_cell, check_recipe
from ._context import Finding, Rule
from ._cross_check import EVIDENCE, Evidence, cross_check
from ._expand import make_plan
from ._order import order_targets, path_mm
from ._place import PackPlace
from ._select import decide

__all__ = [
    "EVIDENCE",
    "PLANNABLE",
    "RULES",
    "Evidence",
    "Finding",
    "PackPlace",
    "Rule",
    "check_cell",
    "check_recipe",
    "cross_check",
    "decide",
    "make_plan",
    "order_targets",
    "path_mm",
]
