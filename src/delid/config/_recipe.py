"""The recipe: what it serves, its parameters and permissives, a graph of operations, and its variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from delid.core import Damage, DamageKind, HazardClass, Route

from ._operation import Operation, OperationId, TagCondition
from ._yaml import StrictModel

Share = Annotated[float, Field(ge=0, le=1)]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
FragmentName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)+$")]
Value = bool | int | float | str


class DamageLimit(StrictModel):
    """How much of one kind of damage is served."""

    max_severity: Share
    """Served up to and including this severity, 0..1."""


class HealthRange(StrictModel):
    """A range of the state of health: remaining capacity as a share of the rated capacity, 0..1."""

    min: Share = 0.0
    """At least this, 0..1."""
    max: Share = 1.0
    """At most this, 0..1."""

    @model_validator(mode="after")
    def _is_a_range(self) -> HealthRange:
        if self.min > self.max:
            raise ValueError("min is above max")
        return self

    def holds(self, state_of_health: float | None) -> bool:
        """True if it was measured and lies in the range."""
        return state_of_health is not None and self.min <= state_of_health <= self.max


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Serves(StrictModel):
    """What the recipe may be used for. ``packs: ["*"]`` means any pack, known or not."""

    packs: Annotated[list[str], Field(min_length=1)]
    """Pack models, or ``"*"`` for any."""
    hazard: Annotated[list[HazardClass], Field(min_length=1)]
    """Hazard classes: A no damage found, B damaged but not critical, C liable to react."""
    damage: dict[DamageKind, DamageLimit] = {}
    """Damage kinds that may be present, each up to a severity; a kind that is not named is not served."""
    state_of_health: HealthRange | None = None
    """Only for packs measured in this range; without it the state of health does not matter."""
    route: Annotated[list[Route], Field(min_length=1)] | None = None
    """Only for these routes of the customer, one or several; without it for any."""

    _listed = field_validator("route", mode="before")(_as_list)


class SeverityRange(StrictModel):
    """A damage that is present, with a severity in this range."""

    above: Share = 0.0
    """More than this, 0..1."""
    up_to: Share = 1.0
    """At most this, 0..1."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a variant is chosen by. ``state_of_health`` is a share of the rated capacity, None if not measured."""

    hazard: HazardClass
    damage: Sequence[Damage] = ()
    state_of_health: float | None = None
    route: Route | None = None


class When(StrictModel):
    """When a variant is taken: everything that is named must hold."""

    hazard: Annotated[list[HazardClass], Field(min_length=1)] | None = None
    """One of these hazard classes."""
    damage: dict[DamageKind, SeverityRange] = {}
    """All of these are present, each in its range."""
    state_of_health: HealthRange | None = None
    """Measured, and in this range."""
    route: Annotated[list[Route], Field(min_length=1)] | None = None
    """One of these routes."""

    _listed = field_validator("hazard", "route", mode="before")(_as_list)

    @model_validator(mode="after")
    def _says_something(self) -> When:
        if self.hazard is None and not self.damage and self.state_of_health is None and self.route is None:
            raise ValueError("give hazard, damage, state_of_health or route")
        return self

    def holds(self, situation: Situation) -> bool:
        """True if everything that is named holds; what was not measured or not said does not."""
        if self.hazard is not None and situation.hazard not in self.hazard:
            return False
        if self.route is not None and situation.route not in self.route:
            return False
        if self.state_of_health is not None and not self.state_of_health.holds(situation.state_of_health):
            return False
        worst = {kind: max(d.severity for d in situation.damage if d.kind is kind) for kind in self._present(situation)}
        return all(kind in worst and r.above < worst[kind] <= r.up_to for kind, r in self.damage.items())

    def _present(self, situation: Situation) -> set[DamageKind]:
        return {d.kind for d in situation.damage}


class Parameter(StrictModel):
    """A value with a name, used as ``$name``. A range may be used once an engineer has approved it."""

    value: Value
    """What ``$name`` stands for unless something else is set."""
    min: float | None = None
    """Lowest value that may be set."""
    max: float | None = None
    """Highest value that may be set."""
    choices: Annotated[list[str], Field(min_length=2)] | None = None
    """Words that may be set."""
    about: str = ""
    """What it means, for people."""
    approved_by: str | None = None
    """The engineer who answers for the range, and when: ``A. Person, 2026-05-02``. Without it the value is fixed."""

    @model_validator(mode="after")
    def _range_fits(self) -> Parameter:
        number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if (self.min is not None or self.max is not None) and not number:
            raise ValueError("min and max belong to a number")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        if self.choices is not None and not isinstance(self.value, str):
            raise ValueError("choices belong to a word")
        if words := self.objection(self.value):
            raise ValueError(f"its own value {words}")
        return self

    @property
    def has_range(self) -> bool:
        return self.min is not None or self.max is not None or self.choices is not None

    def objection(self, value: object) -> str:
        """Why ``value`` may not be set, in words that follow 'it'; empty if it may."""
        if not _same_kind(value, self.value):
            return f"is {value!r}, which is no {_kind(self.value)}"
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.min is not None and value < self.min:
                return f"is {value:g}, below the approved {self.min:g}"
            if self.max is not None and value > self.max:
                return f"is {value:g}, above the approved {self.max:g}"
        if self.choices is not None and value not in self.choices:
            return f"is {value!r}, not one of {', '.join(self.choices)}"
        return ""


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "flag (true or false)"
    return "word" if isinstance(value, str) else "number"


def _same_kind(one: object, other: object) -> bool:
    return isinstance(one, Value) and _kind(one) == _kind(other)


class Use(StrictModel):
    """A shared fragment in the place of operations."""

    use: FragmentName
    """The fragment's name: the file ``common/hv_isolation.yaml`` beside the recipes is ``common/hv_isolation``."""
    given: Annotated[dict[ParameterName, Value], Field(alias="with")] = {}
    """Values for the fragment's parameters."""
    after: list[OperationId] = []
    """Operations, or included fragments, that must be done before it begins."""
    named: Annotated[OperationId | None, Field(alias="as")] = None
    """Another name for it in ``after``, and the beginning of its operations' ids; needed where it is used twice."""


class Variant(StrictModel):
    """What is different in a situation. The first variant whose ``when`` holds is taken."""

    name: OperationId
    """Name within the recipe."""
    when: When
    """The situation."""
    given: Annotated[dict[ParameterName, Value], Field(alias="set")] = {}
    """Other values for parameters of the recipe."""
    skip: list[OperationId] = []
    """Operations that are left out; what comes after them comes after what they waited for."""
    operations: list[dict[str, Any]] = []
    """More operations; one with the id of another takes its place."""


class _Body(StrictModel):
    title: str = ""
    """One line for people."""
    parameters: dict[ParameterName, Parameter] = {}
    """Values with a name."""


class RecipeFile(_Body):
    """A dismantling recipe: a name ``pack/variant``, what it serves, permissives, and a graph of operations."""

    recipe: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*$")]
    """``pack/name``; the beginning of every step's key."""
    serves: Serves
    """What it may be used for."""
    permissives: list[TagCondition] = []
    """What must hold right before every step that touches the pack, and during it."""
    operations: Annotated[list[Operation], Field(min_length=1)]
    """The graph of operations; ``after`` gives the order, and the file decides where it does not."""
    variants: list[Variant] = []
    """What is different in some situations."""

    @field_validator("operations")
    @classmethod
    def _ids_are_unique(cls, operations: list[Operation]) -> list[Operation]:
        seen: set[str] = set()
        for operation in operations:
            if operation.id in seen:
                raise ValueError(f"operation id {operation.id!r} stands twice")
            seen.add(operation.id)
        return operations


class FragmentFile(_Body):
    """Operations that recipes share, included with ``use``."""

    fragment: FragmentName
    """Its name; the file stands under the same name beside the recipes."""
    permissives: list[Any] = []
    """Added to those of every recipe that uses it."""
    operations: list[dict[str, Any]] = []
    """Operations, or other fragments."""
