"""YAML to strict models. A fault is one line ``file:line: key: message``; duplicate and unknown keys are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from delid.core import ConfigError


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
        self._tree = _parse(path, text)
        self.data: Any = _plain(self._tree)

    def line(self, location: Sequence[str | int]) -> int:
        """1-based line of the key at ``location``; of its nearest parent where it is missing."""
        node, line = self._tree, 1
        for part in location:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0] + 1
                node = node[part]
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0] + 1
                node = node[part]
            # a part that is not in the file is the name of a union's branch, or a missing key: stay
        return line

    def finding(self, location: Sequence[str | int], message: str) -> str:
        """One fault as ``file:line: key: message``."""
        key = ".".join(str(p) for p in self._existing(location))
        return f"{self.path}:{self.line(location)}: {key + ': ' if key else ''}{message}"

    def validate(self, model: type[M]) -> M:
        """The content as ``model``; raises ConfigError with every fault."""
        if not isinstance(self.data, dict):
            raise ConfigError([f"{self.path}:1: the file holds no mapping of keys to values"], code="config.empty")
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            findings = [self.finding(e["loc"], _words(e["type"], e["msg"], e["loc"])) for e in error.errors()]
            raise ConfigError(sorted(set(findings), key=_by_line), code="config.invalid") from error

    def _existing(self, location: Sequence[str | int]) -> list[str | int]:
        kept: list[str | int] = []
        node = self._tree
        for n, part in enumerate(location):
            known = (isinstance(node, CommentedMap) and part in node) or (
                isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node)
            )
            if known:
                node = node[part]
            if known or n == len(location) - 1:
                kept.append(part)
        return kept


def read_document(path: Path | str) -> Document:
    """Read and parse a YAML file; raises ConfigError when it is missing, no UTF-8 or no YAML."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError([f"{path}:1: no such file"], code="config.missing") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}:1: cannot be read: {error}"], code="config.unreadable") from error
    return Document(path, text)


def load_yaml_model(path: Path | str, model: type[M]) -> M:
    """Read ``path`` as ``model``; raises ConfigError naming file, line and key of every fault."""
    return read_document(path).validate(model)


@lru_cache(maxsize=128)
def _tree_of(text: str) -> Any:
    """The parsed text, to be read only. Kept: a cell reads dozens of files, and parsing takes nearly all of that."""
    return YAML(typ="rt", pure=True).load(StringIO(text))


def _parse(path: Path, text: str) -> Any:
    try:
        return _tree_of(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = str(error.problem).split(" with value")[0]
        raise ConfigError([f"{path}:{line}: {problem}; each key may stand once"], code="config.duplicate") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError([f"{path}:{line}: not valid YAML: {error.problem}"], code="config.syntax") from error
    except YAMLError as error:
        raise ConfigError([f"{path}:1: not valid YAML: {error}"], code="config.syntax") from error


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {_plain(k): _plain(v) for k, v in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(v) for v in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _words(kind: str, message: str, location: Sequence[str | int]) -> str:
    if kind == "extra_forbidden":
        return "unknown key; look for a spelling mistake, or remove it"
    if kind == "missing":
        return f"missing key {location[-1]!r}"
    return message[:1].lower() + message[1:]


def _by_line(finding: str) -> tuple[str, int, str]:
    name, line, rest = finding.split(":", 2)
    return name, int(line), rest
