"""What a simulated run takes for granted: how often things fail, how long people take, what devices draw."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from delid.config import Document, StrictModel, load_yaml_model, read_document
from delid.core import ConfigError, UsageError

DEFAULTS = Path(__file__).with_name("assumptions.yaml")
Chance = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]


class Failure(StrictModel):
    chance: Chance
    source: str


class Duration(StrictModel):
    median_s: Annotated[float, Field(gt=0)]
    sigma: Annotated[float, Field(ge=0, le=2)]
    """Standard deviation of the logarithm."""
    source: str


class Seeing(StrictModel):
    uncertainty_mm: NotNegative
    unseen: Chance
    doubtful: Chance
    doubtful_uncertainty_mm: NotNegative
    source: str


class Power(StrictModel):
    watts: NotNegative
    source: str


class Assumptions(StrictModel):
    """The whole table. Keys are fixed: a key that nothing reads would be a figure without effect."""

    failures: dict[str, Failure]
    durations: dict[str, Duration]
    seeing: Seeing
    power: dict[str, Power]

    def chance(self, name: str) -> float:
        """How often ``operation.kind`` happens; 0 where the table does not have it."""
        found = self.failures.get(name)
        return found.chance if found else 0.0

    def with_chances(self, chances: Mapping[str, float]) -> Assumptions:
        """With other chances of failures that the table has."""
        source = "given with the command"
        changed = {name: Failure(chance=chance, source=source) for name, chance in chances.items()}
        return self.model_copy(update={"failures": {**self.failures, **changed}})

    def without_failures(self) -> Assumptions:
        """Nothing goes wrong, everything is seen well, and everything takes as long as it usually does."""
        flawless = self.seeing.model_copy(update={"unseen": 0.0, "doubtful": 0.0})
        steady = {name: d.model_copy(update={"sigma": 0.0}) for name, d in self.durations.items()}
        found = self.with_chances(dict.fromkeys(self.failures, 0.0))
        return found.model_copy(update={"seeing": flawless, "durations": steady})


@cache
def default_assumptions() -> Assumptions:
    return load_yaml_model(DEFAULTS, Assumptions)


def load_assumptions(path: Path) -> Assumptions:
    """The defaults with what ``path`` says in their place; raises ConfigError for a key that they do not have."""
    document = read_document(path)
    base: dict[str, Any] = read_document(DEFAULTS).data
    given = document.data if isinstance(document.data, dict) else {}
    findings = [*_unknown(document, (), given, base)]
    for section, rows in given.items():
        if section in base and isinstance(rows, dict):
            findings += _unknown(document, (section,), rows, base[section])
    if findings:
        raise ConfigError(findings, code="config.invalid")
    merged = {s: {**rows, **(given.get(s) or {})} for s, rows in base.items()}
    document.data = merged
    return document.validate(Assumptions)


def parse_chances(pairs: list[str]) -> dict[str, float]:
    """``operation.kind=CHANCE`` as given with a command; raises UsageError."""
    known = default_assumptions().failures
    found = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        if name not in known:
            raise UsageError(f"{pair!r}: there is no failure {name!r}.", hint=f"There are: {', '.join(known)}.")
        try:
            found[name] = float(text)
        except ValueError:
            found[name] = -1.0
        if not 0 <= found[name] <= 1:
            raise UsageError(f"{pair!r}: the chance is a number from 0 to 1.")
    return found


def _unknown(document: Document, at: tuple[str, ...], given: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    words = "there is no such assumption; look for a spelling mistake"
    return [document.finding((*at, name), words) for name in given if name not in known]
