"""YAML text to nodes that know their lines, and nodes to plain values. YAML 1.2 core: ``on`` and ``no`` are words.

libyaml does the parsing where PyYAML was built with it, as its wheels are; that is some forty times faster than a
parser in Python, and a cell reads dozens of files at every start.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

PLAIN, TEXT = "plain", "text"
"""Our own tags: a scalar without quotes, to be read as what it looks like, and one that is text in any case."""

MOST_NODES = 200_000
"""More values than this in one file are a mistake, or an alias that multiplies itself."""

_NULL = re.compile(r"(?:~|null|Null|NULL|)$")
_INT = re.compile(r"[-+]?[0-9][0-9_]*$")
_BASED = re.compile(r"0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)$")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?$")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


class NodeError(Exception):
    """The text is no YAML that delid reads: ``line`` is 1-based, ``code`` one of syntax, duplicate."""

    def __init__(self, line: int, code: str, message: str) -> None:
        super().__init__(message)
        self.line, self.code, self.message = line, code, message


class _Tagging:
    """What a composer asks for the tag of a node without one."""

    def resolve(self, kind: type[Node], value: object, implicit: object) -> str:
        return PLAIN if kind is ScalarNode and isinstance(implicit, tuple) and implicit[0] else TEXT

    def descend_resolver(self, parent: object, index: object) -> None:
        """Nothing depends on the place in the file."""

    def ascend_resolver(self) -> None:
        """As above."""

    def check_resolver_prefix(self, depth: object, path: object, node: object, index: object) -> bool:
        return False


if getattr(yaml, "__with_libyaml__", False):
    from yaml._yaml import CParser

    class _Composer(_Tagging, CParser):
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)

else:  # pragma: no cover - wheels of PyYAML bring libyaml
    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class _Composer(_Tagging, Reader, Scanner, Parser, Composer):  # type: ignore[no-redef]
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)
            Composer.__init__(self)


@lru_cache(maxsize=128)
def parse(text: str) -> Node | None:
    """The root node, to be read only; None for an empty text. Raises NodeError. Kept: tests and tools read again."""
    try:
        return _Composer(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        unclosed = (error.context or "").startswith("while parsing a flow")
        mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
        problem = error.problem or error.context or "unreadable"
        raise NodeError(mark.line + 1 if mark else 1, "syntax", f"not valid YAML: {problem}") from error
    except yaml.YAMLError as error:
        raise NodeError(1, "syntax", f"not valid YAML: {str(error).splitlines()[0]}") from error


def line_of(node: Node) -> int:
    """1-based line where the node begins."""
    return cast(int, node.start_mark.line) + 1


def child(node: Node | None, part: str | int) -> tuple[Node, Node] | None:
    """The node that stands for ``part`` in the file (key, or item) and its value; None if there is none."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and _scalar(key) == part:
                return key, value
    elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item
    return None


def plain(root: Node | None) -> Any:
    """The content as dicts, lists and scalars; raises NodeError for a key that stands twice."""
    return _Plain().of(root) if root is not None else None


class _Plain:
    def __init__(self) -> None:
        self._left = MOST_NODES
        self._open: set[int] = set()

    def of(self, node: Node) -> Any:
        if type(node) is ScalarNode:
            return _scalar(node)
        self._left -= len(node.value)
        if self._left < 0 or id(node) in self._open:
            raise NodeError(line_of(node), "syntax", "an alias (*name) makes the file refer to itself without end")
        self._open.add(id(node))
        found = self._mapping(node) if isinstance(node, MappingNode) else [self.of(item) for item in node.value]
        self._open.discard(id(node))
        return found

    def _mapping(self, node: MappingNode) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value in node.value:
            if type(key_node) is not ScalarNode:
                raise NodeError(line_of(key_node), "syntax", "not valid YAML here: a key must be a plain word")
            key = _scalar(key_node)
            if key in found:
                words = f'found duplicate key "{key}"; each key may stand once'
                raise NodeError(line_of(key_node), "duplicate", words)
            found[key] = self.of(value)
        return found


def _scalar(node: ScalarNode) -> object:
    text: str = node.value
    tag: str = node.tag
    if tag is PLAIN or tag == PLAIN:
        return _value(text)
    if tag in (TEXT, "tag:yaml.org,2002:str"):
        return text
    raise NodeError(line_of(node), "syntax", f"not valid YAML here: the tag {tag!r} is not used in these files")


@lru_cache(maxsize=4096)
def _value(text: str) -> object:
    """A scalar without quotes as what it looks like."""
    if text in _WORDS:
        return _WORDS[text]
    if text == "" or text[0] in "~nN":
        return None if _NULL.match(text) else text
    if text[0] not in "+-.0123456789":
        return text
    if _INT.match(text):
        return int(text.replace("_", ""))
    if _BASED.match(text):
        return int(text.replace("_", ""), 0)
    return float(text.replace("_", "")) if _FLOAT.match(text) else text
