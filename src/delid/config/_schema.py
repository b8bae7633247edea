"""JSON Schema of every configuration file, for completion in the editor. It describes files as they are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ._calibration import CalibrationFile
from ._cell import CellFile
from ._compliance import RegionRules
from ._factors import FactorFile
from ._health import HealthFile
from ._judgement import JudgementList
from ._operation import OPERATIONS, Operation, TagCondition, Targets
from ._pack import PackFile
from ._plc import RegisterMap
from ._program import ProgramMap
from ._recipe import FragmentFile, RecipeFile, Use, Variant
from ._retention import RetentionRules
from ._site_account import SiteAccount
from ._times import TimesFile
from ._uses import UsesFile


class _WrittenVariant(Variant):
    operations: list[Operation | Use] = []  # type: ignore[assignment]
    """More operations; one with the id of another takes its place."""


class _WrittenRecipe(RecipeFile):
    operations: Annotated[list[Operation | Use], Field(min_length=1)]  # type: ignore[assignment]
    """The graph of operations; ``after`` gives the order, and the file decides where it does not."""
    variants: list[_WrittenVariant] = []  # type: ignore[assignment]
    """What is different in some situations."""


class _WrittenFragment(FragmentFile):
    permissives: list[TagCondition] = []
    """Added to those of every recipe that uses it."""
    operations: list[Operation | Use] = []  # type: ignore[assignment]
    """Operations, or other fragments."""


SCHEMAS: dict[str, type[BaseModel]] = {
    "account": SiteAccount,
    "calibration": CalibrationFile,
    "cell": CellFile,
    "compliance": RegionRules,
    "factors": FactorFile,
    "fragment": _WrittenFragment,
    "health": HealthFile,
    "judgement": JudgementList,
    "pack": PackFile,
    "plc": RegisterMap,
    "recipe": _WrittenRecipe,
    "retention": RetentionRules,
    "robot": ProgramMap,
    "times": TimesFile,
    "uses": UsesFile,
}

_TITLES = {"_WrittenRecipe": "RecipeFile", "_WrittenFragment": "FragmentFile", "_WrittenVariant": "Variant"}
_KEPT = {"id", "do", "after", "checkpoint", "on_failure"}
"""Keys of an operation that are never a parameter."""

_REFERENCE = {"type": "string", "pattern": r"^\$[a-z][a-z0-9_]*$", "description": "A parameter, as $name."}
_FLAG = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$", "description": "A flag that must be true."}


def schema_text(name: str) -> str:
    """The JSON Schema of one kind of file, ready to write."""
    model = SCHEMAS[name]
    schema = model.model_json_schema()
    schema["title"] = _TITLES.get(model.__name__, model.__name__)
    if name in ("recipe", "fragment"):
        schema = _as_written(schema)
        schema["description"] = model.__mro__[1].__doc__
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> list[Path]:
    """Write all schemas into ``folder``; returns the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in SCHEMAS:
        target = folder / f"{name}.json"
        target.write_text(schema_text(name), encoding="utf-8")
        written.append(target)
    return written


def _as_written(schema: dict[str, Any]) -> dict[str, Any]:
    """With ``$name`` wherever an operation takes a value, bare flag names as conditions, and single words as lists."""
    definitions = schema["$defs"]
    kinds: list[type[BaseModel]] = [*OPERATIONS, Targets, TagCondition]
    for kind in kinds:
        found = definitions.get(kind.__name__, {})
        for key, value in found.get("properties", {}).items():
            if key not in _KEPT:
                found["properties"][key] = _either(value, _REFERENCE)
    for place in (definitions.get("Serves"), definitions.get("When")):
        for key in ("route", "hazard") if place else ():
            words = next(a for a in place["properties"][key].get("anyOf", [place["properties"][key]]) if "items" in a)
            if key == "route" or place is definitions.get("When"):
                place["properties"][key] = _either(place["properties"][key], words["items"])
    text = json.dumps(schema)
    text = text.replace("#/$defs/_Written", "#/$defs/")
    schema = json.loads(text)
    schema["$defs"] = {name.removeprefix("_Written"): value for name, value in schema["$defs"].items()}
    for value in schema["$defs"].values():
        value["title"] = str(value.get("title", "")).removeprefix("_Written")
    _allow_flags(schema)
    return schema


def _either(value: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """``value`` or ``other``, with description, title and default where they were."""
    about: dict[str, Any] = {k: value[k] for k in ("description", "title", "default") if k in value}
    rest = {k: v for k, v in value.items() if k not in about}
    return {**about, "anyOf": [*(rest["anyOf"] if set(rest) == {"anyOf"} else [rest]), other]}


def _allow_flags(node: Any) -> None:
    """Wherever a condition may stand, so may the name of a flag."""
    if isinstance(node, list):
        for item in node:
            _allow_flags(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if value == {"$ref": "#/$defs/TagCondition"}:
                node[key] = {"anyOf": [value, _FLAG]}
            elif isinstance(value, list) and {"$ref": "#/$defs/TagCondition"} in value:
                value.append(_FLAG)
            else:
                _allow_flags(value)
