"""A recipe with faults, as far as it can be read: what is well formed can be checked in the same go."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from ._expand import Expansion, Origin
from ._operation import Operation, TagCondition
from ._recipe import RecipeFile, Serves
from ._recipe_load import Recipe, flat_content, parameters_of
from ._yaml import Document

_OPERATION: TypeAdapter[Any] = TypeAdapter(Operation)
_CONDITION: TypeAdapter[Any] = TypeAdapter(TagCondition)


def recipe_in_part(document: Document) -> Recipe | None:
    """The well-formed operations and permissives of a recipe; None where not even what it serves can be read."""
    if not isinstance(document.data, dict):
        return None
    expansion = Expansion(document)
    parameters = parameters_of(document)
    data, origins = flat_content(expansion, {name: p.value for name, p in parameters.items()})
    try:
        serves = Serves.model_validate(data.get("serves"))
    except ValidationError:
        return None
    operations = _readable(_OPERATION, data.get("operations"), origins["operations"])
    permissives = _readable(_CONDITION, data.get("permissives"), origins["permissives"])
    spec = RecipeFile.model_construct(
        recipe=str(data.get("recipe")), serves=serves, parameters=parameters, variants=[],
        operations=[o for o, _ in operations], permissives=[p for p, _ in permissives],
    )  # fmt: skip
    kept = {"operations": [o for _, o in operations], "permissives": [o for _, o in permissives]}
    return Recipe(spec, document, document.sha256, kept, whole=False)


def _readable(adapter: TypeAdapter[Any], items: object, origins: tuple[Origin, ...]) -> list[tuple[Any, Origin]]:
    """Those that are well formed, each with its origin."""
    found = []
    for item, origin in zip(items if isinstance(items, list) else [], origins, strict=False):
        try:
            found.append((adapter.validate_python(item), origin))
        except ValidationError:
            continue
    return found
