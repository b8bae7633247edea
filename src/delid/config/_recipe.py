"""The recipe: which packs and damage it serves, what must hold, and a graph of operations from a closed set."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from delid.core import DamageKind, FailureKind, FastenerKind, HazardClass, Reaction

from ._pack import Name, Positive
from ._yaml import StrictModel

OperationId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class DamageLimit(StrictModel):
    max_severity: Annotated[float, Field(ge=0, le=1)]
    """Served up to and including this severity, 0..1."""


class Serves(StrictModel):
    """What the recipe may be used for. ``packs: ["*"]`` means any pack, known or not."""

    packs: Annotated[list[str], Field(min_length=1)]
    hazard: Annotated[list[HazardClass], Field(min_length=1)]
    damage: dict[DamageKind, DamageLimit] = {}
    """Damage kinds that may be present, each up to a severity; a kind that is not named is not served."""


class TagCondition(StrictModel):
    """A PLC tag that must hold right before each contact step and during it."""

    tag: Name
    below: float | None = None
    above: float | None = None
    equals: bool | None = None
    max_age_s: Positive = 1.0

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
    group: Name
    """Fastener group of the pack file."""
    kinds: list[FastenerKind] = [FastenerKind.BOLT, FastenerKind.NUT]
    """Fasteners seen as another kind are left out; an empty hole is always left out."""


class _Operation(StrictModel):
    id: OperationId
    after: list[OperationId] = []
    """Operations that must be done before this one."""
    checkpoint: bool = False
    """The physical state after it can be confirmed by looking."""
    on_failure: dict[FailureKind, list[Reaction]] = {}
    """The n-th failure of a step takes the n-th reaction; when the list ends, a person is asked."""


class Inspect(_Operation):
    do: Literal["inspect"]
    frames: Annotated[int, Field(ge=1, le=10)] = 3


class Measure(_Operation):
    do: Literal["measure"]
    check: TagCondition
    within_s: Positive = 10.0


class Unfasten(_Operation):
    do: Literal["unfasten"]
    targets: Targets
    tool: Name
    torque_nm: Positive
    """Highest loosening torque in newton metres; above it the fastener counts as seized."""
    order: Literal["shortest", "given", "criss_cross"] = "shortest"
    verify: list[Literal["torque_released", "seen_empty"]] = ["torque_released", "seen_empty"]


class Lift(_Operation):
    do: Literal["lift"]
    part: Literal["lid"] = "lid"
    tool: Name
    verify: list[Literal["vacuum_ok", "weight_carried"]] = ["vacuum_ok", "weight_carried"]


class Place(_Operation):
    do: Literal["place"]
    part: Literal["lid"] = "lid"
    tool: Name
    to: Name
    """A place of the cell file."""


class Pick(_Operation):
    do: Literal["pick"]
    part: Literal["modules"] = "modules"
    tool: Name
    to: Name
    """A place of the cell file where the parts are set down."""
    verify: list[Literal["grip_ok", "weight_carried"]] = ["grip_ok", "weight_carried"]


class Disconnect(_Operation):
    do: Literal["disconnect"]
    connector: Name
    by: Literal["person"] = "person"


class Cut(_Operation):
    do: Literal["cut"]
    tool: Name
    path_mm: Annotated[list[tuple[float, float]], Field(min_length=2)]
    depth_mm: Positive
    feed_mm_s: Positive


class Drain(_Operation):
    do: Literal["drain"]
    connector: Name
    within_s: Positive = 600.0


class Seal(_Operation):
    do: Literal["seal"]
    connector: Name


class Quarantine(_Operation):
    do: Literal["quarantine"]
    to: str
    """Words for the operator: where the pack is brought."""


class Ask(_Operation):
    do: Literal["ask"]
    text: str
    answers: Annotated[list[str], Field(min_length=2, max_length=3)]
    go_on: Annotated[list[str], Field(min_length=1)]

    @model_validator(mode="after")
    def _go_on_is_offered(self) -> Ask:
        if not set(self.go_on) <= set(self.answers):
            raise ValueError("go_on names an answer that is not offered")
        return self


Operation = Annotated[
    Inspect | Measure | Unfasten | Lift | Place | Pick | Disconnect | Cut | Drain | Seal | Quarantine | Ask,
    Field(discriminator="do"),
]


class RecipeFile(StrictModel):
    """A dismantling recipe: a name ``pack/variant``, what it serves, permissives, and a graph of operations."""

    recipe: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*$")]
    title: str = ""
    serves: Serves
    permissives: list[TagCondition] = []
    operations: Annotated[list[Operation], Field(min_length=1)]

    @field_validator("operations")
    @classmethod
    def _ids_are_unique(cls, operations: list[Operation]) -> list[Operation]:
        seen: set[str] = set()
        for operation in operations:
            if operation.id in seen:
                raise ValueError(f"operation id {operation.id!r} stands twice")
            seen.add(operation.id)
        return operations
