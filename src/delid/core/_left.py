"""What a run left behind: the state of the pack, and what is known of each step of a run that did not end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ._health import PackReport
from ._json import LEAVE_OUT_DEFAULT, LEAVE_OUT_NONE
from ._plan import Verb


@dataclass(frozen=True, slots=True)
class PackState:
    """What is known of the pack in the cell, carried from one run into the next one of the same pack.

    Attributes:
        pack: its model.
        removed: ids of the fasteners that are out, confirmed by a camera or a person.
        lid_off: the lid is off and put away.
        parts_out: names of the parts that are out, such as ``module.03``.
        done: keys of other steps that are not to be repeated, such as a cut.
        run: the run that knew it last.
        told: what people said of it.
        loosened: ids of fasteners that are loosened or given up, and that no camera has seen gone; they are looked for,
            and not worked on again.
    """

    pack: str
    removed: tuple[str, ...] = ()
    lid_off: bool = False
    parts_out: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    run: str = ""
    told: PackReport | None = field(default=None, metadata=LEAVE_OUT_NONE)
    loosened: tuple[str, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class StepTrace:
    """What is known of one step of a run.

    Attributes:
        touches: it changes the pack, so that it matters whether it was carried out.
        status: ``todo``, ``begun``, ``failed``, ``done`` or ``skipped``.
        detail: words of its end or its failure.
        sent: the last command that was sent for it and changes the pack, or ``cut`` for a way of the cutter.
        confirmed: the device confirmed that command.
        failure: kind of its last failure, until something is sent again.
        seen: a camera saw its fasteners gone.
    """

    key: str
    title: str
    do: Verb
    targets: tuple[str, ...] = ()
    touches: bool = False
    status: str = "todo"
    detail: str = ""
    sent: str = ""
    confirmed: bool = False
    failure: str = ""
    seen: bool = False


@dataclass(frozen=True, slots=True)
class RunTrace:
    """What the journal of a run says, or the engine knows of its own run.

    Attributes:
        run: its id, empty while it is the engine's own.
        recipe: the plan's recipe, empty before there is a plan.
        steps: the plan's steps by key, in order.
        in_flight: ids of effects whose end is not known, with words.
        carried: what was known of the pack when the run began.
        last: the step in hand.
        outcome: how it ended, empty where it did not.
        told: what people said of the pack.
    """

    run: str = ""
    pack: str | None = None
    recipe: str = ""
    steps: Mapping[str, StepTrace] = field(default_factory=dict)
    in_flight: Mapping[str, str] = field(default_factory=dict)
    carried: PackState | None = None
    last: str = ""
    outcome: str = ""
    told: PackReport | None = None
