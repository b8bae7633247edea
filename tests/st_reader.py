"""Reads and runs the small part of IEC 61131-3 Structured Text that delid_cell.st is written in.

Strict on purpose: whatever a PLC's compiler could read in another way is an error here. Types are BOOL and UINT; every
name has to be declared, inputs and constants cannot be assigned, numbers cannot leave 0..65535, CASE labels are numbers
and stand once. Precedence is that of IEC 61131-3, table 71.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"\s+|\(\*.*?\*\)|(?P<t>T#\d+ms|%[IQ][XW]\d+(?:\.\d)?|:=|<>|<=|>=|[A-Za-z_]\w*|\d+|[-+*=<>();:,.])", re.DOTALL
)
_SECTIONS = {"VAR", "VAR_INPUT", "VAR_OUTPUT"}
_COMPARE = {"=": "==", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


class StError(Exception):
    """The text is not what this reader takes, or the program did what a PLC must not."""


@dataclass(slots=True)
class Variable:
    section: str
    kind: str
    initial: int | bool | None = None
    address: str = ""


@dataclass(slots=True)
class Unit:
    """A FUNCTION_BLOCK or PROGRAM: declarations and the Python code of one scan."""

    name: str
    variables: dict[str, Variable] = field(default_factory=dict)
    code: list[str] = field(default_factory=list)


class Instance:
    """One instance in memory; ``scan`` runs it once. Attributes are its variables."""

    def __init__(self, unit: Unit, units: dict[str, Unit]) -> None:
        self.values: dict[str, Any] = {}
        for name, variable in unit.variables.items():
            if variable.kind in units:
                self.values[name] = Instance(units[variable.kind], units)
            else:
                self.values[name] = (variable.kind == "UINT" and 0) if variable.initial is None else variable.initial
        self._code = compile("\n".join(unit.code), unit.name, "exec")

    def scan(self, **inputs: int | bool) -> None:
        self.values.update(inputs)
        exec(self._code, {"v": self.values, "fit": _fit})

    def __getattr__(self, name: str) -> Any:
        return self.values[name]


def _fit(value: int) -> int:
    if not 0 <= value <= 0xFFFF:
        raise StError(f"a UINT got {value}")
    return value


class Reader:
    """Recursive descent over one file."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise StError(f"cannot read {text[at : at + 20]!r}")
            if match["t"]:
                self._tokens.append(match["t"])
            at = match.end()
        self._at = 0
        self.units: dict[str, Unit] = {}
        self.configuration: list[str] = []
        self._unit = Unit("")

    def read(self) -> Reader:
        while self._at < len(self._tokens):
            kind = self._next()
            if kind == "CONFIGURATION":
                while (token := self._next()) != "END_CONFIGURATION":
                    self.configuration.append(token)
            elif kind in ("FUNCTION_BLOCK", "PROGRAM"):
                self._read_unit(kind)
            else:
                raise StError(f"{kind!r} begins nothing")
        return self

    # --- declarations ---------------------------------------------------------------------------------------------

    def _read_unit(self, kind: str) -> None:
        self._unit = Unit(self._name())
        while self._peek() in _SECTIONS:
            self._read_section()
        self._unit.code = self._statements(0, f"END_{kind}")
        self._expect(f"END_{kind}")
        self.units[self._unit.name] = self._unit

    def _read_section(self) -> None:
        section = self._next()
        if self._peek() in ("CONSTANT", "RETAIN"):
            section += " " + self._next()
        while self._peek() != "END_VAR":
            name = self._name()
            if name in self._unit.variables:
                raise StError(f"{name} is declared twice")
            address = ""
            if self._take("AT"):
                address = self._next()
            self._expect(":")
            kind = self._name()
            if kind not in ("BOOL", "UINT", *self.units):
                raise StError(f"unknown type {kind}")
            initial = self._literal(kind) if self._take(":=") else None
            self._expect(";")
            self._unit.variables[name] = Variable(section, kind, initial, address)
        self._expect("END_VAR")

    def _literal(self, kind: str) -> int | bool:
        token = self._next()
        value: int | bool = token == "TRUE" if kind == "BOOL" else _fit(int(token))
        if (kind == "BOOL") != (token in ("TRUE", "FALSE")):
            raise StError(f"{token} is no {kind}")
        return value

    # --- statements -----------------------------------------------------------------------------------------------

    def _statements(self, depth: int, *ends: str) -> list[str]:
        lines: list[str] = []
        while self._peek() not in ends:
            lines += self._statement(depth)
        return lines or ["    " * depth + "pass"]

    def _statement(self, depth: int) -> list[str]:
        if self._take("IF"):
            return self._if(depth)
        if self._take("CASE"):
            return self._case(depth)
        name = self._name()
        variable = self._variable(name)
        if self._take("("):
            return ["    " * depth + f"v[{name!r}].scan({self._arguments(variable.kind)})"]
        if variable.section in ("VAR_INPUT", "VAR CONSTANT") or variable.kind in self.units:
            raise StError(f"{name} cannot be assigned")
        self._expect(":=")
        code, kind = self._or()
        self._same(name, variable.kind, kind)
        self._expect(";")
        return ["    " * depth + f"v[{name!r}] = " + (f"fit({code})" if kind == "UINT" else code)]

    def _if(self, depth: int) -> list[str]:
        lines, word = [], "if"
        while True:
            code, kind = self._or()
            self._same("a condition", "BOOL", kind)
            self._expect("THEN")
            lines += ["    " * depth + f"{word} {code}:", *self._statements(depth + 1, "ELSIF", "ELSE", "END_IF")]
            if not self._take("ELSIF"):
                break
            word = "elif"
        if self._take("ELSE"):
            lines += ["    " * depth + "else:", *self._statements(depth + 1, "END_IF")]
        self._expect("END_IF")
        self._expect(";")
        return lines

    def _case(self, depth: int) -> list[str]:
        code, kind = self._or()
        self._same("CASE", "UINT", kind)
        self._expect("OF")
        lines, word, seen = [], "if", set[int]()
        while self._peek() not in ("ELSE", "END_CASE"):
            labels = [int(self._next())]
            while self._take(","):
                labels.append(int(self._next()))
            self._expect(":")
            if seen & set(labels):
                raise StError(f"CASE label {labels} stands twice")
            seen |= set(labels)
            body = []
            while not (self._peek().isdigit() or self._peek() in ("ELSE", "END_CASE")):
                body += self._statement(depth + 1)
            lines += ["    " * depth + f"{word} {code} in {tuple(labels)}:", *body]
            word = "elif"
        self._expect("ELSE")
        lines += ["    " * depth + "else:", *self._statements(depth + 1, "END_CASE")]
        self._expect("END_CASE")
        self._expect(";")
        return lines

    def _arguments(self, block: str) -> str:
        """All inputs of the block, each once, by name."""
        wanted = {n for n, variable in self.units[block].variables.items() if variable.section == "VAR_INPUT"}
        given = []
        while True:
            name = self._name()
            self._expect(":=")
            code, kind = self._or()
            self._same(name, self.units[block].variables[name].kind, kind)
            given.append(f"{name}={code}")
            wanted.remove(name)
            if not self._take(","):
                break
        self._expect(")")
        self._expect(";")
        if wanted:
            raise StError(f"{block} is called without {sorted(wanted)}")
        return ", ".join(given)

    # --- expressions, weakest first -------------------------------------------------------------------------------

    def _or(self) -> tuple[str, str]:
        return self._logic("OR", "or", lambda: self._logic("AND", "and", self._comparison))

    def _logic(self, word: str, python: str, deeper: Any) -> tuple[str, str]:
        code, kind = deeper()
        while self._take(word):
            right, right_kind = deeper()
            self._same(word, "BOOL", kind)
            self._same(word, "BOOL", right_kind)
            code = f"({code} {python} {right})"
        return code, kind

    def _comparison(self) -> tuple[str, str]:
        code, kind = self._sum()
        if self._peek() in _COMPARE:
            sign = self._next()
            right, right_kind = self._sum()
            self._same(sign, kind, right_kind)
            code, kind = f"({code} {_COMPARE[sign]} {right})", "BOOL"
        return code, kind

    def _sum(self) -> tuple[str, str]:
        code, kind = self._unary()
        while self._peek() in ("+", "-"):
            sign = self._next()
            right, right_kind = self._unary()
            self._same(sign, "UINT", kind)
            self._same(sign, "UINT", right_kind)
            code = f"fit({code} {sign} {right})"
        return code, kind

    def _unary(self) -> tuple[str, str]:
        if self._take("NOT"):
            code, kind = self._unary()
            self._same("NOT", "BOOL", kind)
            return f"(not {code})", "BOOL"
        if self._take("("):
            inner = self._or()
            self._expect(")")
            return inner
        token = self._peek()
        if token.isdigit():
            return str(_fit(int(self._next()))), "UINT"
        if token in ("TRUE", "FALSE"):
            return str(self._next() == "TRUE"), "BOOL"
        name = self._name()
        variable = self._variable(name)
        if self._take("."):
            part = self._name()
            inner_variable = self.units[variable.kind].variables[part]
            if inner_variable.section != "VAR_OUTPUT":
                raise StError(f"{name}.{part} is no output")
            return f"v[{name!r}].values[{part!r}]", inner_variable.kind
        return f"v[{name!r}]", variable.kind

    # --- tokens ---------------------------------------------------------------------------------------------------

    def _variable(self, name: str) -> Variable:
        if name not in self._unit.variables:
            raise StError(f"{name} is not declared in {self._unit.name}")
        return self._unit.variables[name]

    def _same(self, what: str, wanted: str, kind: str) -> None:
        if wanted != kind:
            raise StError(f"{what} wants {wanted}, not {kind}")

    def _peek(self) -> str:
        if self._at >= len(self._tokens):
            raise StError("the text ends too early")
        return self._tokens[self._at]

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _name(self) -> str:
        token = self._next()
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise StError(f"{token!r} is no name")
        return token

    def _take(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if self._next() != token:
            before = " ".join(self._tokens[max(0, self._at - 8) : self._at])
            raise StError(f"expected {token!r} at the end of: {before}")


def start(text: str, name: str) -> tuple[Instance, dict[str, Unit]]:
    """A new instance of one unit of the file."""
    reader = Reader(text).read()
    return Instance(reader.units[name], reader.units), reader.units
