"""Assessment, recipes and limits to a plan or a refusal, with reasons. Pure: no device, no clock, no randomness."""

from ._check import as_findings, check_cell, check_recipe, check_set, in_order
from ._context import Finding, Rule, Severity
from ._cross_check import EVIDENCE, Evidence, cross_check
from ._expand import Start, make_plan
from ._health import estimate_health
from ._learn import Samples, collect, learn
from ._order import order_targets, path_mm
from ._place import PackPlace
from ._reference import reference_text
from ._rules import ALL_RULES, RULES
from ._select import Given, decide, decide_as_asked
from ._ways import any_tool_level
from ._zones import Level

__all__ = [
    "ALL_RULES",
    "EVIDENCE",
    "RULES",
    "Evidence",
    "Finding",
    "Given",
    "Level",
    "PackPlace",
    "Rule",
    "Samples",
    "Severity",
    "Start",
    "any_tool_level",
    "as_findings",
    "check_cell",
    "check_recipe",
    "check_set",
    "collect",
    "cross_check",
    "decide",
    "decide_as_asked",
    "estimate_health",
    "in_order",
    "learn",
    "make_plan",
    "order_targets",
    "path_mm",
    "reference_text",
]
