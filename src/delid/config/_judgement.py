"""The list of a safety judgement: what a person looks for, and which hazard class a yes means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import HazardClass

from ._keep_out import Name
from ._yaml import StrictModel, read_document

Answer = Literal["yes", "no", "not_judged"]


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome of a judgement. ``reasons`` names the items that failed it."""

    passed: bool
    hazard: HazardClass
    reasons: tuple[str, ...]


class JudgedItem(StrictModel):
    """One danger. ``yes`` means that it is there."""

    item: Name
    en: str
    """The statement in English."""
    zh: str
    """The same in Chinese."""
    hazard: HazardClass
    """What the battery is when it is there."""
    photo: bool = False
    """A yes needs a picture."""
    source: Annotated[str, Field(min_length=12)]
    """Where it is from: document and place in it."""
    status: Literal["read", "claim", "inferred", "approximate", "unverified", "measured"]


class JudgementList(StrictModel):
    """The list of a site."""

    judgement: Name
    version: Annotated[int, Field(ge=1)]
    title: str
    rule: Annotated[str, Field(min_length=12)]
    """Text reference of the rule that asks for the judgement."""
    items: Annotated[list[JudgedItem], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> JudgementList:
        names = [item.item for item in self.items]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"items has {twice[0]} twice")
        return self

    @model_validator(mode="after")
    def _a_danger_is_no_class_a(self) -> JudgementList:
        if found := [item.item for item in self.items if item.hazard is HazardClass.A]:
            raise ValueError(f"{found[0]}: a danger that is there is class B or C")
        return self

    def verdict(self, answers: Mapping[str, Answer]) -> Judged:
        """What these answers mean. Any yes fails, and so does an item without a yes or no: what cannot be judged is C.

        Raises ValueError for an item that the list does not have.
        """
        if unknown := sorted(set(answers) - {item.item for item in self.items}):
            raise ValueError(f"the list has no item {unknown[0]!r}")
        there = [item for item in self.items if answers.get(item.item) == "yes"]
        unclear = [item for item in self.items if answers.get(item.item, "not_judged") == "not_judged"]
        classes = [item.hazard for item in there] + [HazardClass.C for _ in unclear]
        reasons = [item.item for item in there] + [f"{item.item}: not judged" for item in unclear]
        return Judged(not classes, max(classes, default=HazardClass.A), tuple(reasons))


def load_judgement(path: Path | str) -> JudgementList:
    """Raises ConfigError with every fault, each with file and line."""
    return read_document(Path(path)).validate(JudgementList)
