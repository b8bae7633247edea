"""``--set NAME=VALUE``: other values for a recipe's parameters, within the ranges that an engineer approved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from delid.config import Recipe, Value
from delid.core import UsageError

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Value of a recipe's parameter, in its approved range; repeat."),
]


def with_settings(recipe: Recipe, pairs: Sequence[str]) -> Recipe:
    """The recipe with these values. Raises UsageError for a pair, ConfigError for what may not be set."""
    given: dict[str, Value] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise UsageError(f"{pair!r} is no NAME=VALUE.", hint="Write it like --set lid_torque_nm=11.")
        if name in given:
            raise UsageError(f"{name} is set twice.")
        declared = recipe.spec.parameters.get(name)
        given[name] = _value(text, declared.value if declared else "")
    return recipe.with_values(given) if given else recipe


def _value(text: str, like: Value) -> Value:
    """The text as what the parameter is; a text that is none of it stays one, so that it is refused by its name."""
    if isinstance(like, bool):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(like, str):
        return text
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return text
