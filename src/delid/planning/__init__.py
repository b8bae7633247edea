"""Assessment, recipes and limits to a plan or a refusal, with reasons. Pure: no device, no clock, no randomness."""

from ._expand import make_plan
from ._select import decide

__all__ = ["decide", "make_plan"]
