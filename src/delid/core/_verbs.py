"""The closed set of operations as one table: what each needs, brings about, uses, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ._plan import FailureKind, Reaction, Verb


class Fact(StrEnum):
    """What may be known of pack and cell while a recipe runs. Verbs need some facts and bring others about."""

    PACK_KNOWN = "pack_known"
    VOLTAGE_LOW = "voltage_low"
    ISOLATED = "isolated"
    INSULATED = "insulated"
    PART_FREE = "part_free"
    PART_HELD = "part_held"
    PART_DOWN = "part_down"
    LID_OFF = "lid_off"
    HAS_MODULES = "has_modules"
    NOT_CRITICAL = "not_critical"
    SEEN = "seen"
    MEASURED = "measured"
    CAPPED = "capped"
    DRAINED = "drained"
    TAKEN_AWAY = "taken_away"
    ANSWERED = "answered"


FACTS: Mapping[Fact, str] = {
    Fact.PACK_KNOWN: "the pack's model is known and has a pack file",
    Fact.VOLTAGE_LOW: "the pack's voltage is below the contact voltage (60 V DC), held while something touches it",
    Fact.ISOLATED: "the service disconnect is out, and the voltage was measured after that",
    Fact.INSULATED: "the isolation of the pack was measured to be at least 100 ohm/V DC",
    Fact.PART_FREE: "every fastener that holds the part is out",
    Fact.PART_HELD: "the part hangs at the tool, and its weight is felt",
    Fact.PART_DOWN: "the part stands at its place, and the tool is free",
    Fact.LID_OFF: "the lid is off and set down",
    Fact.HAS_MODULES: "the pack has modules: it is not built cell-to-pack",
    Fact.NOT_CRITICAL: "the hazard class is A or B",
    Fact.SEEN: "there are fresh pictures, judged and recorded",
    Fact.MEASURED: "the tag was seen to hold",
    Fact.CAPPED: "the connector is closed with a cap",
    Fact.DRAINED: "the coolant is out",
    Fact.TAKEN_AWAY: "the pack is out of the cell, in quarantine",
    Fact.ANSWERED: "a person has answered, and the answer lets the recipe go on",
}
"""Each fact in words."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail: what it means, the reactions that are usual, and whether a recipe has to say its own."""

    about: str
    usual: tuple[Reaction, ...]
    decide: bool = False


@dataclass(frozen=True, slots=True)
class VerbFacts:
    """One row of the table.

    Attributes:
        about: one sentence.
        devices: what takes part: robot, plc, camera, person.
        contact: something touches the pack; hazard class C forbids it, and permissives are checked right before.
        needs: preconditions; ``delid recipe check`` sees to each.
        gives: effects.
        tools: kinds of tool that can do it; empty for an operation without a tool.
        commands: PLC commands that it sends.
        failures: how it can fail. A kind that is not here stops at a person's question.
    """

    about: str
    devices: tuple[str, ...]
    contact: bool
    needs: tuple[Fact, ...]
    gives: tuple[Fact, ...]
    tools: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    failures: Mapping[FailureKind, Failure] = field(default_factory=dict)


_R, _K = Reaction, FailureKind
_TOUCH = (Fact.PACK_KNOWN, Fact.NOT_CRITICAL, Fact.VOLTAGE_LOW, Fact.ISOLATED, Fact.INSULATED)
_NOT_HELD = Failure("vacuum or gripper does not report that it holds, or lets go", (_R.RETRY, _R.ASK), decide=True)
_DROPPED = Failure("the load cell does not feel the part's weight", (_R.ASK,), decide=True)
_NO_TOOL = Failure("the changer does not report the tool", (_R.ASK,))
_NO_ANSWER = Failure("a person gave an answer that does not let it go on", (_R.STOP,))

VERBS: Mapping[Verb, VerbFacts] = {
    Verb.INSPECT: VerbFacts(
        "Looks at the pack from the park position and judges the pictures.",
        ("robot", "camera"), False, (), (Fact.SEEN,),
        failures={
            _K.NOT_VERIFIED: Failure("no usable picture", (_R.RETRY, _R.ASK)),
            _K.TIMEOUT: Failure("the camera gives no picture in time", (_R.RETRY, _R.ASK)),
        },
    ),
    Verb.MEASURE: VerbFacts(
        "Waits until a PLC tag holds, at most within_s.",
        ("plc",), False, (), (Fact.MEASURED,),
        failures={
            _K.NOT_VERIFIED: Failure("the tag does not hold within the time", (_R.RETRY, _R.ASK), decide=True),
            _K.TIMEOUT: Failure("the PLC gives no fresh reading", (_R.RETRY, _R.ASK)),
        },
    ),
    Verb.UNFASTEN: VerbFacts(
        "Takes out the fasteners of a group one by one with a nutrunner.",
        ("robot", "plc", "camera", "person"), True, _TOUCH, (Fact.PART_FREE,), ("nutrunner",), ("fit_tool", "unfasten"),
        {
            _K.SEIZED: Failure("torque_nm was reached and it did not turn", (_R.RETRY, _R.IMPACT, _R.ASK), decide=True),
            _K.SLIPPED: Failure("the socket slipped off", (_R.RETRY, _R.ASK), decide=True),
            _K.STRIPPED: Failure("the head is round: it takes no torque", (_R.ASK,), decide=True),
            _K.NOT_FOUND: Failure("there is no head under the socket", (_R.RETRY, _R.ASK), decide=True),
            _K.STILL_SEEN: Failure("the camera still sees it in its hole", (_R.RETRY, _R.ASK), decide=True),
            _K.MISALIGNED: Failure("a fine look finds it too far from its place", (_R.ASK,)),
            _K.TOOL_MISSING: _NO_TOOL,
        },
    ),
    Verb.CUT: VerbFacts(
        "Cuts along a path on the lid's upper face.",
        ("robot", "plc"), True, _TOUCH, (Fact.PART_FREE,), ("cutter",), ("fit_tool",),
        {
            _K.NOT_REACHED: Failure("the robot did not come to a point of the path", (_R.ASK,), decide=True),
            _K.TOOL_MISSING: _NO_TOOL,
        },
    ),
    Verb.LIFT: VerbFacts(
        "Takes hold of a part and raises it; its weight must come along.",
        ("robot", "plc"), True, (*_TOUCH, Fact.PART_FREE), (Fact.PART_HELD,),
        ("vacuum", "gripper"), ("fit_tool", "hold_part"),
        {_K.NOT_VERIFIED: _NOT_HELD, _K.DROPPED: _DROPPED, _K.TOOL_MISSING: _NO_TOOL},
    ),
    Verb.PLACE: VerbFacts(
        "Sets down what was lifted, at a place of the cell.",
        ("robot", "plc"), True, (Fact.PART_HELD, Fact.NOT_CRITICAL), (Fact.PART_DOWN, Fact.LID_OFF),
        ("vacuum", "gripper"), ("fit_tool", "release_part"),
        {_K.NOT_VERIFIED: Failure("the tool does not let go", (_R.RETRY, _R.ASK), decide=True)},
    ),
    Verb.PICK: VerbFacts(
        "Takes the modules out one by one and sets them down at a place of the cell.",
        ("robot", "plc"), True, (*_TOUCH, Fact.HAS_MODULES, Fact.LID_OFF, Fact.PART_FREE), (Fact.PART_DOWN,),
        ("gripper", "vacuum"), ("fit_tool", "hold_part", "release_part"),
        {_K.NOT_VERIFIED: _NOT_HELD, _K.DROPPED: _DROPPED, _K.TOOL_MISSING: _NO_TOOL},
    ),
    Verb.DISCONNECT: VerbFacts(
        "Asks a person to pull a connector and to secure it.",
        ("robot", "person"), False, (Fact.PACK_KNOWN,), (Fact.ISOLATED,), failures={_K.REFUSED: _NO_ANSWER},
    ),
    Verb.DRAIN: VerbFacts(
        "Asks a person to connect the suction hose, then runs the suction until it is dry.",
        ("robot", "plc", "person"), True, _TOUCH, (Fact.DRAINED,), commands=("drain",),
        failures={
            _K.TIMEOUT: Failure("it did not run dry within within_s", (_R.ASK,), decide=True),
            _K.REFUSED: _NO_ANSWER,
        },
    ),
    Verb.SEAL: VerbFacts(
        "Asks a person to close a connector with a cap.",
        ("robot", "person"), False, (Fact.PACK_KNOWN,), (Fact.CAPPED,), failures={_K.REFUSED: _NO_ANSWER},
    ),
    Verb.QUARANTINE: VerbFacts(
        "Signals, opens the clamp and asks a person to bring the pack away.",
        ("robot", "plc", "person"), False, (), (Fact.TAKEN_AWAY,), commands=("signal_quarantine", "open_clamp"),
        failures={_K.REFUSED: _NO_ANSWER},
    ),
    Verb.ASK: VerbFacts(
        "Asks a person; the recipe goes on with the answers named in go_on only.",
        ("robot", "person"), False, (), (Fact.ANSWERED,), failures={_K.REFUSED: _NO_ANSWER},
    ),
}  # fmt: skip
"""The table. ``delid recipe check``, the planner and docs/recipe-reference.md read it."""

CONTACT_VERBS = frozenset(verb for verb, facts in VERBS.items() if facts.contact)
"""Operations in which something touches the pack or a part of it."""
