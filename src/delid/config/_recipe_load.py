"""A recipe file, read: includes, parameters and variants worked out, every part with the place it was written at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from delid.core import ConfigError, ConfigFinding

from ._expand import Expansion, Library, Location, Origin, Piece
from ._recipe import Parameter, RecipeFile, Situation, Value, Variant
from ._yaml import Document, in_order, read_document, validate

Origins = Mapping[str, Sequence[Origin]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe with its document, for the line numbers, and its digest, for the record.

    Attributes:
        spec: the recipe, with fragments and parameters filled in.
        sha256: of its text and of the fragments that it includes.
        origins: for ``operations`` and ``permissives``, where each was written.
        fragments: texts of the fragments, path to text.
        variant: what it was made by, if it is a variant.
        variants: this recipe in each of its variants, in the order of the file.
        whole: False where it was read in part, by ``recipe_in_part``.
    """

    spec: RecipeFile
    document: Document
    sha256: str
    origins: Origins = field(default_factory=dict)
    fragments: Mapping[str, str] = field(default_factory=dict)
    variant: Variant | None = None
    variants: tuple[Recipe, ...] = ()
    whole: bool = True

    def fault(self, location: Location, message: str, code: str, hint: str = "") -> ConfigFinding:
        """A fault at a place of ``spec``, told at the file and line where that was written."""
        if self.variant is not None:
            message = f"in the variant {self.variant.name!r}: {message}"
        return place(self.document, self.origins, location, message, code, hint)

    def for_situation(self, situation: Situation) -> Recipe:
        """The first variant whose condition holds, otherwise the recipe itself."""
        return next((v for v in self.variants if v.variant and v.variant.when.holds(situation)), self)

    def with_values(self, values: Mapping[str, Value]) -> Recipe:
        """With other values for parameters, within their approved ranges; raises ConfigError."""
        return read_recipe(self.document, values)


def place(
    document: Document, origins: Origins, location: Sequence[str | int], message: str, code: str, hint: str
) -> ConfigFinding:
    """A fault at a place of the flat recipe, told where it was written."""
    if len(location) > 1 and location[0] in origins and isinstance(location[1], int):
        written = origins[str(location[0])]
        if location[1] < len(written):
            return written[location[1]].fault(location[2:], message, code, hint)
    return document.fault(location, message, code, hint)


def load_recipe(path: Path | str) -> Recipe:
    """A recipe file with the fragments that it uses; raises ConfigError with every fault of all of them."""
    return read_recipe(read_document(path))


def read_recipe(document: Document, given: Mapping[str, Value] | None = None, library: Library | None = None) -> Recipe:
    """As ``load_recipe``, from a document.

    Args:
        given: values for parameters, as ``with_values`` takes them.
        library: fragments read before; those read now are added.
    """
    expansion = Expansion(document, library or Library())
    if not isinstance(document.data, dict):
        document.validate(RecipeFile)  # says that there is no mapping
    parameters = parameters_of(document)
    values = expansion.settings(parameters, given or {}, Origin(document, ()), "parameters")
    for name in given or {}:
        if name in parameters and parameters[name].has_range and not parameters[name].approved_by:
            words = f"no engineer has approved a range for {name}: its value is fixed"
            expansion.faults.append(
                document.fault(("parameters", name), words, "unapproved_range", "add approved_by to it")
            )
    base = flat_content(expansion, values)
    spec = _checked(expansion, base)
    variants = [_variant(expansion, n, v, parameters, values) for n, v in enumerate(spec.variants if spec else ())]
    if spec is None or expansion.faults:
        raise ConfigError(in_order(set(expansion.faults)), code="config.invalid")
    texts = {str(d.path): d.text for d in expansion.fragments.values()}
    made = Recipe(spec, document, expansion.digest(), base[1], texts)
    return replace(made, variants=tuple(_as_variant(made, *v) for v in variants if v is not None))


Flat = tuple[dict[str, Any], dict[str, tuple[Origin, ...]]]


def parameters_of(document: Document) -> dict[str, Parameter]:
    """Those that have a value; what else is wrong with one is found when the whole file is validated."""
    found = {}
    raw = document.data.get("parameters")
    for name, value in (raw if isinstance(raw, dict) else {}).items():
        try:
            found[str(name)] = Parameter.model_validate(value)
        except ValidationError:
            if isinstance(value, dict) and isinstance(value.get("value"), Value):
                found[str(name)] = Parameter.model_construct(value=value["value"])
    return found


def flat_content(expansion: Expansion, values: Mapping[str, Value], change: Variant | None = None, n: int = 0) -> Flat:
    """The file's content with flat operations and permissives, and where each of them was written."""
    document, expansion.permissives = expansion.document, []
    pieces = expansion.operations(document, document.data.get("operations"), values, ("operations",))
    if change is not None:
        own = expansion.operations(document, change.operations, values, ("variants", n, "operations"))
        pieces = _changed(expansion, pieces, own, change, n)
    given = document.data.get("permissives")
    for k, permissive in enumerate(given if isinstance(given, list) else []):
        origin = Origin(document, ("permissives", k))
        expansion.permissives.append((expansion.filled(permissive, origin, values, ()), origin))
    data: dict[str, Any] = dict(document.data)
    if isinstance(data.get("operations"), list):
        data["operations"] = [p.data for p in pieces]
    if "permissives" not in data or isinstance(given, list):
        data["permissives"] = [value for value, _ in expansion.permissives]
    _ids_stand_once(expansion, pieces)
    return data, {
        "operations": tuple(p.origin for p in pieces),
        "permissives": tuple(o for _, o in expansion.permissives),
    }


def _ids_stand_once(expansion: Expansion, pieces: list[Piece]) -> None:
    seen: set[object] = set()
    for piece in pieces:
        name = piece.data.get("id")
        if isinstance(name, str) and name in seen:
            words = f"operation id {name!r} stands twice"
            expansion.faults.append(piece.origin.fault(("id",), words, "duplicate_id", "give each its own id"))
        seen.add(name if isinstance(name, str) else None)


def _checked(expansion: Expansion, flat: Flat) -> RecipeFile | None:
    """The flat recipe as a model; its faults are added to those of the expansion."""
    data, origins = flat

    def fault(location: Sequence[str | int], message: str, code: str, hint: str) -> ConfigFinding:
        return place(expansion.document, origins, location, message, code, hint)

    try:
        return validate(RecipeFile, data, fault)
    except ConfigError as error:
        told = {(f.path, f.line, f.key) for f in expansion.faults if f.code == "unknown_parameter"}
        twice = any(f.code == "duplicate_id" for f in expansion.faults)
        for found in error.details:
            if (found.path, found.line, found.key) not in told and not (twice and "stands twice" in found.message):
                expansion.faults.append(found)
        return None


def _variant(
    expansion: Expansion, n: int, change: Variant, parameters: Mapping[str, Parameter], values: Mapping[str, Value]
) -> tuple[RecipeFile, dict[str, tuple[Origin, ...]], Variant] | None:
    origin = Origin(expansion.document, ("variants", n))
    own = dict(values) | {k: v for k, v in expansion.settings(parameters, change.given, origin, "set").items()
                          if k in change.given}  # fmt: skip
    flat = flat_content(expansion, own, change, n)
    flat[0]["variants"] = []
    spec = _checked(expansion, flat)
    return None if spec is None else (spec, flat[1], change)


def _changed(
    expansion: Expansion, pieces: list[Piece], own: list[Piece], change: Variant, n: int
) -> list[Piece]:  # fmt: skip
    """Without what the variant skips, with what it brings."""
    known = {p.data.get("id") for p in pieces}
    for k, name in enumerate(change.skip):
        if name not in known:
            words = f"it leaves out {name!r}, which is no operation of the recipe"
            where = Origin(expansion.document, ("variants", n))
            expansion.faults.append(where.fault(("skip", k), words, "unknown_after", "correct the name"))
    instead = {p.data.get("id"): p for p in own}
    kept = [instead.pop(p.data.get("id"), p) for p in pieces if p.data.get("id") not in change.skip]
    before = {p.data.get("id"): list(p.data.get("after") or []) for p in pieces}
    for piece in kept:
        if change.skip and isinstance(piece.data.get("after"), list):
            piece.data["after"] = _past(piece.data["after"], change.skip, before)
    return kept + [p for p in own if p.data.get("id") in instead]


def _past(after: list[Any], skip: Sequence[str], before: Mapping[Any, list[Any]]) -> list[Any]:
    """What is waited for when the operations of ``skip`` are not there: what they waited for."""
    todo, found, seen = list(after), [], set()
    while todo:
        name = todo.pop(0)
        if name in skip and name in before:
            if name not in seen:
                seen.add(name)
                todo[:0] = before[name]
        elif name not in found:
            found.append(name)
    return found


def _as_variant(base: Recipe, spec: RecipeFile, origins: Origins, change: Variant) -> Recipe:
    """Its hazard classes are narrowed to those that the variant is for."""
    hazard = [h for h in spec.serves.hazard if change.when.hazard is None or h in change.when.hazard]
    serves = spec.serves.model_copy(update={"hazard": hazard}) if hazard else spec.serves
    return replace(base, spec=spec.model_copy(update={"serves": serves}), origins=origins, variant=change)
