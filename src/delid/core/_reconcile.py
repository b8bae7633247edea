"""Reconciliation: what of a run that broke off is done, unknown and still to do, and what a person says of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from ._health import PackReport
from ._left import PackState, RunTrace, StepTrace
from ._plan import FailureKind, Verb

LID = "lid"
SAME_PACK, ANOTHER_PACK = "same pack", "another pack"
DONE, NOT_DONE, LOOK = "done", "not done", "let the camera decide"
ITEM_ANSWERS = (DONE, NOT_DONE, LOOK)
"""What a person may say of an unknown step; the last one only of what a camera can see."""
DISPOSED = ("dismantled", "quarantined", "set aside")
"""Outcomes after which nothing is carried over: the pack leaves the cell."""
UNCHANGED = frozenset(
    kind.value
    for kind in (
        FailureKind.SEIZED, FailureKind.STRIPPED, FailureKind.NOT_FOUND, FailureKind.MISALIGNED,
        FailureKind.TOOL_MISSING, FailureKind.REFUSED,
    )
)  # fmt: skip
"""Failures after which the part is where it was."""
HOLDS, LETS_GO = "hold_part", "release_part"


class ItemStatus(StrEnum):
    DONE = "done"
    UNKNOWN = "unknown"
    TODO = "todo"


@dataclass(frozen=True, slots=True)
class Item:
    """One step of the list.

    Attributes:
        part: what it is about: a fastener, ``lid``, a module, or the step's own key.
        basis: how that is known, or why not.
        answer: what a person said of an unknown one; empty while nobody has.
    """

    key: str
    title: str
    part: str
    status: ItemStatus
    basis: str
    fastener: bool = False
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The list of a run that broke off, and a person's answers.

    Attributes:
        run: its id; empty for the run of this very process.
        last: title of the step that was in hand.
        in_flight: what was under way and never reported its end, in words.
        hanging: part that hung at the tool, or may have.
        same_pack: whether the pack in the cell is still the same, once a person has said so.
        before: what was known when that run began.
    """

    run: str
    pack: str | None
    recipe: str
    last: str
    items: tuple[Item, ...]
    in_flight: tuple[str, ...] = ()
    hanging: str = ""
    same_pack: bool | None = None
    before: PackState | None = None
    seen: tuple[str, ...] = ()
    """Fasteners that a camera saw gone."""
    told: PackReport | None = None
    """What people said of the pack."""

    @property
    def matters(self) -> bool:
        """True where something was done to the pack, or may have been."""
        return self.before is not None or any(i.status is not ItemStatus.TODO for i in self.items)

    @property
    def open_items(self) -> tuple[Item, ...]:
        """What a person still has to be asked about, one item for each part."""
        first: dict[str, Item] = {}
        for item in self.items:
            if item.status is ItemStatus.UNKNOWN and not item.answer:
                first.setdefault(item.part, item)
        return tuple(first.values())

    @property
    def settled(self) -> bool:
        """True where nothing is left to ask."""
        if not self.matters or self.same_pack is False:
            return True
        return bool(self.same_pack) and not self.open_items

    def count(self, status: ItemStatus) -> int:
        return sum(item.status is status for item in self.items)

    def answered(self, part: str, answer: str) -> Reconciliation:
        """With a person's answer about a part."""
        items = tuple(
            dataclasses.replace(i, answer=answer) if i.part == part and i.status is ItemStatus.UNKNOWN else i
            for i in self.items
        )
        return dataclasses.replace(self, items=items)

    def pack_state(self) -> PackState | None:
        """What the next run of the same pack may rely on; None where there is nothing, or it is another pack."""
        pack = self.pack or (self.before.pack if self.before else None)
        if not (self.same_pack and self.settled) or pack is None:
            return None
        before = self.before or PackState(pack)
        sure = {i.part for i in self.items if i.status is ItemStatus.DONE or i.answer == DONE}
        undone = {i.part for i in self.items if i.status is ItemStatus.UNKNOWN and i.answer != DONE}
        lid_off = before.lid_off or LID in sure - undone
        out = {i.part for i in self.items if i.fastener and (i.part in self.seen or i.answer == DONE or lid_off)} & sure
        parts = {i.part for i in self.items if _is_part(i)} & sure
        done = {i.key for i in self.items if i.part == i.key} & sure
        return PackState(
            pack,
            _merged(before.removed, out),
            lid_off,
            _merged(before.parts_out, parts),
            _merged(before.done, done),
            self.run or before.run,
            self.told or before.told,
        )


def reconcile(trace: RunTrace) -> Reconciliation:
    """The list of a run from what is known of it."""
    steps = [step for step in trace.steps.values() if step.touches]
    items = _with_the_lid_as_one(tuple(_item(step) for step in steps), steps)
    last = trace.steps.get(trace.last)
    same_model = trace.carried is not None and trace.pack in (None, trace.carried.pack)
    return Reconciliation(
        run=trace.run,
        pack=trace.pack,
        recipe=trace.recipe,
        last=last.title if last else "",
        items=items,
        in_flight=tuple(trace.in_flight.values()),
        hanging=_hanging(steps),
        before=trace.carried if same_model else None,
        seen=tuple(name for step in steps if step.seen for name in step.targets),
        told=trace.told,
    )


def _item(step: StepTrace) -> Item:
    status, basis = _judge(step)
    return Item(step.key, step.title, _part(step), status, basis, step.do is Verb.UNFASTEN)


def _judge(step: StepTrace) -> tuple[ItemStatus, str]:
    """Whether a step was carried out, and how that is known."""
    if step.status == "done":
        return ItemStatus.DONE, _done_basis(step)
    if step.status == "skipped":
        return ItemStatus.TODO, step.detail or "left out"
    if step.failure in UNCHANGED:
        return ItemStatus.TODO, f"{step.failure}: {step.detail}"
    if step.failure and step.sent:
        return ItemStatus.UNKNOWN, f"{step.sent.replace('_', ' ')} failed: {step.failure}: {step.detail}"
    if step.sent:
        ended = "confirmed, and the step not ended" if step.confirmed else "sent, and its end is not known"
        return ItemStatus.UNKNOWN, f"{step.sent.replace('_', ' ')} was {ended}"
    return ItemStatus.TODO, "begun, and nothing done to the pack yet" if step.status == "begun" else "not begun"


def _done_basis(step: StepTrace) -> str:
    if step.detail.startswith("by hand"):
        return "done by hand, a person said"
    if step.do is not Verb.UNFASTEN:
        return "confirmed by the PLC"
    if step.seen:
        return "confirmed by the PLC, and seen empty by the camera"
    return "confirmed by the PLC; the camera has not seen it, and looks again"


def _with_the_lid_as_one(items: tuple[Item, ...], steps: list[StepTrace]) -> tuple[Item, ...]:
    """A lid that was lifted and not set down is neither on the pack nor known to be away."""
    lift = next((i for i in items if i.part == LID), None)
    if lift is None or lift.status is not ItemStatus.DONE:
        return items
    down = [i for i, step in zip(items, steps, strict=True) if step.do is Verb.PLACE]
    if all(i.status is ItemStatus.DONE for i in down):
        return items
    why = "the lid was lifted; that it was set down is not confirmed"
    return tuple(
        dataclasses.replace(i, status=ItemStatus.UNKNOWN, basis=why)
        if i.part == LID and (i is lift or i.status is ItemStatus.TODO)
        else i
        for i in items
    )


def _hanging(steps: list[StepTrace]) -> str:
    """The part that the tool took last and is not known to have let go."""
    for step in reversed(steps):
        if step.sent == LETS_GO:
            return "" if step.confirmed else _part(step)
        if step.sent == HOLDS:
            return "" if step.failure in UNCHANGED else _part(step)
    return ""


def _part(step: StepTrace) -> str:
    if step.do in (Verb.LIFT, Verb.PLACE):
        return LID
    return step.targets[0] if len(step.targets) == 1 else step.key


def _is_part(item: Item) -> bool:
    return not item.fastener and item.part not in (LID, item.key)


def _merged(before: tuple[str, ...], new: set[str]) -> tuple[str, ...]:
    return (*before, *sorted(new - set(before)))
