"""Included fragments, parameters and variants to one flat recipe that still knows where each part was written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delid.core import ConfigError, ConfigFinding

from ._recipe import FragmentFile, Parameter, Use, Value
from ._yaml import Document, read_document, validate

Location = tuple[str | int, ...]

WHOLE = re.compile(r"^\$([a-z][a-z0-9_]*)$")
WITHIN = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one operation or permissive was written; ``used`` are the places of the ``use`` that brought it in."""

    document: Document
    location: Location
    used: tuple[str, ...] = ()

    def fault(self, rest: Sequence[str | int], message: str, code: str, hint: str = "") -> ConfigFinding:
        words = message + (f" (used at {', '.join(self.used)})" if self.used else "")
        return self.document.fault((*self.location, *rest), words, code, hint)


@dataclass(slots=True)
class Piece:
    """One operation as plain data, with its origin."""

    data: dict[str, Any]
    origin: Origin


@dataclass(slots=True)
class Group:
    """What a ``use`` brought: the operations that others may wait for by the name of the group."""

    pieces: list[Piece]
    ends: list[str]


@dataclass(slots=True)
class Library:
    """Fragments that were read, so that recipes that are loaded together read and fill in each of them once."""

    read: dict[Path, tuple[FragmentFile, Document] | None] = field(default_factory=dict)
    filled: dict[tuple[Path, int, frozenset[tuple[str, Value]]], dict[str, Any]] = field(default_factory=dict)
    """Operations by file, place in it and values of its parameters."""


@dataclass(slots=True)
class Expansion:
    """Expands one recipe file. ``faults`` collects everything that is wrong, so that all of it is told at once."""

    document: Document
    library: Library = field(default_factory=Library)
    fragments: dict[str, Document] = field(default_factory=dict)
    """Fragments used, by name."""
    permissives: list[tuple[Any, Origin]] = field(default_factory=list)
    faults: list[ConfigFinding] = field(default_factory=list)

    def operations(
        self, document: Document, items: object, values: Mapping[str, Value], at: Location,
        used: tuple[str, ...] = (), chain: tuple[str, ...] = (),
    ) -> list[Piece]:  # fmt: skip
        """The operations of one file, with the fragments that it uses in their places."""
        pieces: list[Piece] = []
        groups: dict[str, Group] = {}
        for n, item in enumerate(items if isinstance(items, list) else []):
            origin = Origin(document, (*at, n), used)
            if isinstance(item, dict) and "use" in item:
                if found := self._included(item, origin, values, chain):
                    name, group = found
                    if name in groups:
                        words = f"{name!r} is included twice; give one of them another name with 'as'"
                        self.faults.append(origin.fault(("use",), words, "duplicate_id", "add 'as'"))
                    groups[name] = group
                    pieces.extend(group.pieces)
            elif isinstance(item, dict):
                pieces.append(Piece(self._operation(item, origin, values), origin))
            else:
                self.faults.append(origin.fault((), "an operation is a mapping with id and do", "wrong_type"))
        _wait_for_groups(pieces, groups)
        return pieces

    def _operation(self, item: dict[str, Any], origin: Origin, values: Mapping[str, Value]) -> dict[str, Any]:
        """One operation filled in; of a fragment, as it was filled in before with the same values."""
        if not origin.used:
            return dict(self.filled(item, origin, values, ()))
        key = (origin.document.path, int(origin.location[-1]), frozenset(values.items()))
        if key not in self.library.filled:
            faults = len(self.faults)
            found = self.filled(item, origin, values, ())
            if len(self.faults) > faults:
                return dict(found)
            self.library.filled[key] = found
        return dict(self.library.filled[key])

    def filled(self, value: Any, origin: Origin, values: Mapping[str, Value], rest: Location) -> Any:
        """``value`` with every ``$name`` replaced; a name that is no parameter is a fault."""
        if isinstance(value, dict):
            return {k: self.filled(v, origin, values, (*rest, k)) for k, v in value.items()}
        if isinstance(value, list):
            return [self.filled(v, origin, values, (*rest, n)) for n, v in enumerate(value)]
        if not isinstance(value, str) or "$" not in value:
            return value
        if whole := WHOLE.match(value):
            return self._value(whole[1], origin, values, rest)
        return WITHIN.sub(lambda m: _said(self._value(m[1], origin, values, rest)), value)

    def _value(self, name: str, origin: Origin, values: Mapping[str, Value], rest: Location) -> Value:
        if name in values:
            return values[name]
        words = f"there is no parameter {name!r}; there are {', '.join(sorted(values)) or 'none'}"
        self.faults.append(origin.fault(rest, words, "unknown_parameter", "correct the name, or declare it"))
        return f"${name}"

    def _included(
        self, item: dict[str, Any], origin: Origin, values: Mapping[str, Value], chain: tuple[str, ...]
    ) -> tuple[str, Group] | None:
        """The fragment's operations, named, filled in and put behind what the ``use`` waits for."""
        try:
            use = validate(Use, self.filled(item, origin, values, ()), origin.fault)
            fragment, document = self._fragment(use.use, origin, chain)
        except ConfigError as error:
            self.faults.extend(error.details)
            return None
        name = use.named or use.use.rsplit("/", 1)[-1].replace("-", "_")
        inner = self.settings(fragment.parameters, use.given, origin, "with")
        where = (*origin.used, f"{origin.document.path}:{origin.document.line(origin.location)}")
        for n, permissive in enumerate(document.data.get("permissives") or []):
            place = Origin(document, ("permissives", n), where)
            self.permissives.append((self.filled(permissive, place, inner, ()), place))
        pieces = self.operations(
            document, document.data.get("operations"), inner, ("operations",), where, (*chain, use.use)
        )
        return name, _linked(pieces, use)

    def _fragment(self, name: str, origin: Origin, chain: tuple[str, ...]) -> tuple[FragmentFile, Document]:
        if name in chain:
            words = f"the fragments include each other: {' -> '.join([*chain, name])}"
            raise ConfigError([origin.fault(("use",), words, "include_loop", "take one 'use' out of the loop")])
        tried = [folder / f"{name}.yaml" for folder in self._folders()]
        found = next((entry for path in tried if (entry := self._read(path)) is not None), None)
        if found is None:
            words = f"there is no fragment {name!r}; looked for {' and '.join(map(str, tried))}"
            raise ConfigError([origin.fault(("use",), words, "unknown_fragment", "correct the name")])
        fragment, document = found
        if fragment.fragment != name:
            words = f"it calls itself {fragment.fragment!r}, but it is used as {name!r}"
            raise ConfigError([document.fault(("fragment",), words, "bad_name", "name it like its file")])
        self.fragments[name] = document
        return fragment, document

    def _read(self, path: Path) -> tuple[FragmentFile, Document] | None:
        if path not in self.library.read:
            document = read_document(path) if path.is_file() else None
            self.library.read[path] = (document.validate(FragmentFile), document) if document else None
        return self.library.read[path]

    def _folders(self) -> list[Path]:
        """Beside the recipe, then one folder up."""
        folder = self.document.path.parent
        return [folder, folder.parent]

    def settings(
        self, parameters: Mapping[str, Parameter], given: Mapping[str, Value], origin: Origin, key: str
    ) -> dict[str, Value]:
        """Values of the parameters; what is given must be declared, of the same kind and within the range."""
        values: dict[str, Value] = {name: p.value for name, p in parameters.items()}
        for name, value in given.items():
            if name not in parameters:
                words = f"there is no parameter {name!r}; there are {', '.join(sorted(parameters)) or 'none'}"
                self.faults.append(origin.fault((key, name), words, "unknown_parameter", "correct the name"))
            elif words := parameters[name].objection(value):
                fault = origin.fault((key, name), f"{name} {words}", "outside_its_range", "set a value in the range")
                self.faults.append(fault)
            else:
                values[name] = value
        return values

    def digest(self) -> str:
        """SHA-256 of the recipe's text; of all texts where it includes some."""
        if not self.fragments:
            return self.document.sha256
        parts = [self.document.sha256, *(f"{n}\0{d.sha256}" for n, d in sorted(self.fragments.items()))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _said(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _ids(after: object) -> list[str]:
    return [name for name in after if isinstance(name, str)] if isinstance(after, list) else []


def _linked(pieces: list[Piece], use: Use) -> Group:
    """Ids with the group's prefix, its beginnings behind what it waits for, and its ends."""
    prefix = f"{use.named}_" if use.named else ""
    own = [p.data["id"] for p in pieces if isinstance(p.data.get("id"), str)]
    waited: set[str] = set()
    for piece in pieces:
        before = [n for n in _ids(piece.data.get("after")) if n in own]
        waited.update(before)
        if not before and use.after:
            piece.data["after"] = [*use.after, *_ids(piece.data.get("after"))]
        if prefix:
            piece.data["after"] = [prefix + n if n in own else n for n in _ids(piece.data.get("after"))]
            piece.data["id"] = f"{prefix}{piece.data.get('id')}"
    return Group(pieces, [prefix + name for name in own if name not in waited])


def _wait_for_groups(pieces: list[Piece], groups: Mapping[str, Group]) -> None:
    """In ``after``, the name of an included fragment stands for the operations at its ends."""
    for piece in pieces:
        after = piece.data.get("after")
        if isinstance(after, list) and groups.keys() & set(_ids(after)):
            piece.data["after"] = [end for n in after for end in (groups[n].ends if n in groups else [n])]
