"""What is kept beside the ledger: pictures by their digests, for how long, and what a legal hold keeps longer."""

from ._photos import Photo, PhotoStore
from ._retention import Plan, apply_plan, is_on_hold, make_plan

__all__ = ["Photo", "PhotoStore", "Plan", "apply_plan", "is_on_hold", "make_plan"]
