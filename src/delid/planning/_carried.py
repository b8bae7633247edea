"""What runs before did to the same pack is left out of a recipe."""

from __future__ import annotations

from collections.abc import Sequence

from delid.config import Cut, Lift, Operation, Place, Unfasten

from ._builder import Builder


def left_to_do(b: Builder, operations: Sequence[Operation]) -> list[Operation]:
    """The operations that are still to be planned, in order.

    With the lid off, lifting it and everything that was done to it before, fasteners and cuts, is over. Of fasteners
    and modules each operation itself leaves out those that are out. Checks and a person's work are done again.
    """
    carried = b.carried
    if carried is None:
        return list(operations)
    rest = [operation for operation in operations if b.key(operation) not in carried.done]
    lifts = [n for n, operation in enumerate(rest) if isinstance(operation, Lift)]
    if not (carried.lid_off and lifts):
        return rest
    before = (Unfasten, Cut)
    return [
        operation
        for n, operation in enumerate(rest)
        if not isinstance(operation, (Lift, Place)) and not (n < lifts[-1] and isinstance(operation, before))
    ]
