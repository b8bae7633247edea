"""YAML to strict models. A fault is one line ``file:line: key: message``; duplicate and unknown keys are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from delid.core import ConfigError, ConfigFinding

from . import _nodes as nodes


class StrictModel(BaseModel):
    """Base of all configuration models: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


M = TypeVar("M", bound=BaseModel)


class Document:
    """A parsed YAML file that still knows the line of every key.

    Attributes:
        path: where it was read from.
        data: the plain content.
        sha256: hex digest of the text.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        try:
            self._root = nodes.parse(text)
            self.data: Any = nodes.plain(self._root)
        except nodes.NodeError as error:
            fault = ConfigFinding(path, error.line, SYNTAX[error.code], error.message)
            raise ConfigError([fault], code=f"config.{error.code}") from error

    def line(self, location: Sequence[str | int]) -> int:
        """1-based line of the key at ``location``; of its nearest parent where it is missing."""
        node, line = self._root, 1
        for part in location:
            if found := nodes.child(node, part):
                line, node = nodes.line_of(found[0]), found[1]
            # a part that is not in the file is the name of a union's branch, or a missing key: stay
        return line

    def finding(self, location: Sequence[str | int], message: str) -> str:
        """One fault as ``file:line: key: message``."""
        return str(self.fault(location, message))

    def fault(
        self, location: Sequence[str | int], message: str, code: str = "bad_value", hint: str = ""
    ) -> ConfigFinding:
        """One fault at ``location``, as facts."""
        key = ".".join(str(p) for p in self._existing(location))
        return ConfigFinding(self.path, self.line(location), code, message, hint, key)

    def validate(self, model: type[M]) -> M:
        """The content as ``model``; raises ConfigError with every fault."""
        if not isinstance(self.data, dict):
            words = "the file holds no mapping of keys to values"
            raise ConfigError([ConfigFinding(self.path, 1, "wrong_type", words)], code="config.empty")
        return validate(model, self.data, self.fault)

    def _existing(self, location: Sequence[str | int]) -> list[str | int]:
        kept: list[str | int] = []
        node = self._root
        for n, part in enumerate(location):
            found = nodes.child(node, part)
            if found:
                node = found[1]
            if found or n == len(location) - 1:
                kept.append(part)
        return kept


def read_document(path: Path | str) -> Document:
    """Read and parse a YAML file; raises ConfigError when it is missing, no UTF-8 or no YAML."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError([ConfigFinding(path, 1, "unreadable", "no such file")], code="config.missing") from error
    except (OSError, UnicodeDecodeError) as error:
        words = f"cannot be read: {error}"
        raise ConfigError([ConfigFinding(path, 1, "unreadable", words)], code="config.unreadable") from error
    return Document(path, text)


def load_yaml_model(path: Path | str, model: type[M]) -> M:
    """Read ``path`` as ``model``; raises ConfigError naming file, line and key of every fault."""
    return read_document(path).validate(model)


class MakesFault(Protocol):
    """Turns a place in the data into a fault of a file."""

    def __call__(self, location: Sequence[str | int], message: str, code: str, hint: str, /) -> ConfigFinding: ...


def validate(model: type[M], data: object, fault: MakesFault) -> M:
    """``data`` as ``model``; raises ConfigError with every fault, each placed by ``fault``."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = {fault(e["loc"], *_told(e["type"], e["msg"], e["loc"])) for e in error.errors(include_url=False)}
        raise ConfigError(in_order(faults), code="config.invalid") from error


def _told(kind: str, message: str, location: Sequence[str | int]) -> tuple[str, str, str]:
    """Message, code and hint of a fault that pydantic found."""
    if kind == "extra_forbidden":
        return "unknown key; look for a spelling mistake, or remove it", "unknown_key", "look for a spelling mistake"
    if kind == "missing":
        return f"missing key {location[-1]!r}", "missing_key", "add the key"
    code = next((code for part, code in CODES if part in kind), "bad_value")
    return message[:1].lower() + message[1:], code, HINTS[code]


CODES: tuple[tuple[str, str], ...] = (
    # part of pydantic's own name of the fault, our code; the first that is found
    ("union_tag", "unknown_operation"),
    ("literal_error", "wrong_word"),
    ("enum", "wrong_word"),
    ("pattern", "bad_name"),
    ("greater", "out_of_range"),
    ("less", "out_of_range"),
    ("too_short", "out_of_range"),
    ("too_long", "out_of_range"),
    ("finite", "out_of_range"),
    ("_type", "wrong_type"),
    ("_parsing", "wrong_type"),
)

HINTS: dict[str, str] = {
    "unknown_operation": "take one of the verbs of the closed set",
    "wrong_word": "take one of the words that it may be",
    "bad_name": "write the name in small letters, digits, '-' and '_'",
    "out_of_range": "write a value in the range",
    "wrong_type": "write a value of the right kind",
    "bad_value": "correct the value",
}

SYNTAX = {"syntax": "bad_yaml", "duplicate": "duplicate_key"}


def in_order(faults: Iterable[ConfigFinding]) -> list[ConfigFinding]:
    """By file and line."""
    return sorted(faults, key=lambda f: (str(f.path), f.line, str(f)))
