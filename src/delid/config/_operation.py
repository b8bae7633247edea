"""The operations of a recipe: a closed set of verbs, each with typed parameters whose names carry the unit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import FailureKind, FastenerKind, Reaction

from ._pack import Name, Positive
from ._yaml import StrictModel

OperationId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class TagCondition(StrictModel):
    """A PLC tag that must hold. A bare tag name means that the flag must be true."""

    tag: Name
    """Status tag of the register map."""
    below: float | None = None
    """The number must be less than this, in the tag's unit."""
    above: float | None = None
    """The number must be more than this, in the tag's unit."""
    equals: bool | None = None
    """The flag must be this."""
    max_age_s: Positive = 1.0
    """An older reading does not count, seconds."""

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: object) -> object:
        """A bare tag name means that the flag must be true."""
        return {"tag": value, "equals": True} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> TagCondition:
        if self.below is None and self.above is None and self.equals is None:
            raise ValueError("give below, above or equals")
        return self


class Targets(StrictModel):
    """Which fasteners."""

    group: Name
    """Fastener group of the pack file."""
    kinds: list[FastenerKind] = [FastenerKind.BOLT, FastenerKind.NUT]
    """Fasteners seen as another kind are left out; an empty hole is always left out."""


class BaseOperation(StrictModel):
    """What every operation has."""

    id: OperationId
    """Name within the recipe; the plan's steps are called ``recipe/id[/target]``."""
    after: list[OperationId] = []
    """Operations, or included fragments, that must be done before this one."""
    checkpoint: bool = False
    """The physical state after it can be confirmed by looking."""
    on_failure: dict[FailureKind, list[Reaction]] = {}
    """The n-th failure of a step takes the n-th reaction; when the list ends, a person is asked."""


class Inspect(BaseOperation):
    """Look at the pack and judge the pictures."""

    do: Literal["inspect"]
    """Look at the pack and judge the pictures."""
    frames: Annotated[int, Field(ge=1, le=10)] = 3
    """Pictures that are fused into one judgement."""


class Measure(BaseOperation):
    """Wait until a PLC tag holds."""

    do: Literal["measure"]
    """Wait until a PLC tag holds."""
    check: TagCondition
    """What must hold."""
    within_s: Positive = 10.0
    """How long it may take, seconds."""
    beside: bool = False
    """The robot may go on meanwhile with what does not come after it, and fetch the tool for what does."""


class Unfasten(BaseOperation):
    """Take out the fasteners of a group, one by one."""

    do: Literal["unfasten"]
    """Take out the fasteners of a group, one by one."""
    targets: Targets
    """The fasteners to take out."""
    tool: Name
    """A nutrunner of the cell with the right socket."""
    torque_nm: Positive
    """Highest loosening torque, newton metres; above it the fastener counts as seized."""
    order: Literal["shortest", "given", "criss_cross", "spiral"] = "shortest"
    """Shortest way, the order of the pack file, or opposite fasteners in turn."""
    verify: list[Literal["torque_released", "seen_empty"]] = ["torque_released", "seen_empty"]
    """What makes it done: the PLC's word, and the camera's."""


class Lift(BaseOperation):
    """Take hold of a part and raise it."""

    do: Literal["lift"]
    """Take hold of a part and raise it."""
    part: Literal["lid"] = "lid"
    """What is lifted."""
    tool: Name
    """A vacuum tool or gripper of the cell."""
    verify: list[Literal["vacuum_ok", "weight_carried"]] = ["vacuum_ok", "weight_carried"]
    """What makes it done: the tool's vacuum, and the weight on the load cell."""


class Place(BaseOperation):
    """Set down what was lifted."""

    do: Literal["place"]
    """Set down what was lifted."""
    part: Literal["lid"] = "lid"
    """What is set down."""
    tool: Name
    """The tool that lifted it."""
    to: Name
    """A place of the cell file."""


class Pick(BaseOperation):
    """Take the modules out, one by one."""

    do: Literal["pick"]
    """Take the modules out, one by one."""
    part: Literal["modules"] = "modules"
    """What is picked."""
    tool: Name
    """A gripper or vacuum tool of the cell."""
    to: Name
    """A place of the cell file where the parts are set down."""
    verify: list[Literal["grip_ok", "weight_carried"]] = ["grip_ok", "weight_carried"]
    """What makes it done: the gripper's word, and the weight on the load cell."""


class Disconnect(BaseOperation):
    """Have a person pull a connector."""

    do: Literal["disconnect"]
    """Have a person pull a connector."""
    connector: Name
    """Connector of the pack file."""
    by: Literal["person"] = "person"
    """Who does it."""


class Cut(BaseOperation):
    """Cut along a path on the lid."""

    do: Literal["cut"]
    """Cut along a path on the lid."""
    tool: Name
    """A cutter of the cell."""
    path_mm: Annotated[list[tuple[float, float]], Field(min_length=2)]
    """Corners of the path in the pack's frame, mm."""
    depth_mm: Positive
    """Below the lid's upper face, mm; never more than the lid is thick."""
    feed_mm_s: Positive
    """Speed along the path, mm/s."""


class Drain(BaseOperation):
    """Suck the coolant out; a person connects the hose."""

    do: Literal["drain"]
    """Suck the coolant out; a person connects the hose."""
    connector: Name
    """Coolant connector of the pack file."""
    within_s: Positive = 600.0
    """How long it may take, seconds."""


class Seal(BaseOperation):
    """Have a person close a connector with a cap."""

    do: Literal["seal"]
    """Have a person close a connector with a cap."""
    connector: Name
    """Connector of the pack file."""


class Quarantine(BaseOperation):
    """Signal, and have a person bring the pack to quarantine."""

    do: Literal["quarantine"]
    """Signal, and have a person bring the pack to quarantine."""
    to: str
    """Words for the operator: where the pack is brought."""


class Ask(BaseOperation):
    """Ask a person."""

    do: Literal["ask"]
    """Ask a person."""
    text: str
    """The question, in full."""
    answers: Annotated[list[str], Field(min_length=2, max_length=3)]
    """The buttons."""
    go_on: Annotated[list[str], Field(min_length=1)]
    """The answers with which the recipe goes on; any other stops it."""

    @model_validator(mode="after")
    def _go_on_is_offered(self) -> Ask:
        if not set(self.go_on) <= set(self.answers):
            raise ValueError("go_on names an answer that is not offered")
        return self


Operation = Annotated[
    Inspect | Measure | Unfasten | Lift | Place | Pick | Disconnect | Cut | Drain | Seal | Quarantine | Ask,
    Field(discriminator="do"),
]

OPERATIONS: tuple[type[BaseOperation], ...] = (
    Inspect, Measure, Disconnect, Unfasten, Cut, Lift, Place, Pick, Drain, Seal, Quarantine, Ask,
)  # fmt: skip
"""The closed set, in the order of work."""
