"""The reference page of the recipe language, written from the models, the table of verbs and the table of rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from delid.config import (
    OPERATIONS,
    FragmentFile,
    HealthRange,
    Parameter,
    RecipeFile,
    Serves,
    SeverityRange,
    TagCondition,
    Targets,
    Use,
    Variant,
    When,
)
from delid.core import FACTS, VERBS, Failure, FailureKind, Reaction, Verb, VerbFacts

from ._rules import ALL_RULES

HEAD = """\
# Recipe language: reference

This page is generated from the program: `delid recipe reference`. [Recipes](recipes.md) explains how recipes are chosen
and carried out. Names carry their units; a value `$name` stands for a parameter.
"""

REACTIONS: dict[Reaction, str] = {
    Reaction.RETRY: "do the step again",
    Reaction.IMPACT: "do it with the impact nutrunner of the same socket",
    Reaction.SKIP: "leave it out and go on",
    Reaction.ASK: "ask a person",
    Reaction.STOP: "end the run in an orderly way",
}

FILE_PARTS: tuple[type[BaseModel], ...] = (
    RecipeFile, Serves, HealthRange, Parameter, TagCondition, Use, Variant, When, SeverityRange, FragmentFile, Targets,
)  # fmt: skip

WORDS = {"string": "text", "integer": "whole number", "boolean": "flag"}

COMMON = ("id", "after", "checkpoint", "on_failure")


def reference_text() -> str:
    """The whole page, as Markdown."""
    lines = [HEAD, "## Files", ""]
    for model in FILE_PARTS:
        lines += _model(model)
    lines += ["## Operations", "", "Every operation has:", "", *_table(OPERATIONS[0], only=COMMON), ""]
    for model in OPERATIONS:
        lines += _operation(model)
    lines += ["## What operations need and bring about", "", "| fact | meaning |", "|---|---|"]
    lines += [f"| {fact.value} | {words} |" for fact, words in FACTS.items()]
    lines += ["", "## Reactions", "", "| reaction | meaning |", "|---|---|"]
    lines += [f"| `{reaction.value}` | {words} |" for reaction, words in REACTIONS.items()]
    lines += [
        "",
        "## Rules",
        "",
        "`delid recipe rules CODE` explains each. Danger and error keep a recipe from running.",
        "",
    ]
    lines += ["| code | severity | what must hold | why | what to do |", "|---|---|---|---|---|"]
    lines += [f"| `{r.code}` | {r.severity.value} | {r.about} | {r.why} | {r.hint} |" for r in ALL_RULES]
    return "\n".join(lines).replace("``", "`") + "\n"


def _model(model: type[BaseModel]) -> list[str]:
    about = (model.__doc__ or "").strip().splitlines()[0]
    return [f"### {model.__name__}", "", about, "", *_table(model), ""]


def _operation(model: type[BaseModel]) -> list[str]:
    verb = Verb(model.__name__.lower())
    facts = VERBS[verb]
    lines = [f"### {verb.value}", "", facts.about, "", *_table(model, without=(*COMMON, "do")), ""]
    return [*lines, *_facts(facts), "", *_failures(facts), ""]


def _facts(facts: VerbFacts) -> Iterator[str]:
    rows = {
        "takes part": ", ".join(facts.devices),
        "touches the pack": "yes" if facts.contact else "no",
        "tools": ", ".join(facts.tools),
        "PLC commands": ", ".join(f"`{c}`" for c in facts.commands),
        "needs": ", ".join(f.value for f in facts.needs),
        "brings about": ", ".join(f.value for f in facts.gives),
    }
    yield from (f"- {name}: {words}" for name, words in rows.items() if words)


def _failures(facts: VerbFacts) -> Iterator[str]:
    yield from ("| failure | meaning | usual reactions | must be decided |", "|---|---|---|---|")
    for kind, failure in facts.failures.items():
        yield _failure_row(kind, failure)


def _failure_row(kind: FailureKind, failure: Failure) -> str:
    usual = ", ".join(r.value for r in failure.usual)
    return f"| `{kind.value}` | {failure.about} | `[{usual}]` | {'yes' if failure.decide else 'no'} |"


def _table(model: type[BaseModel], only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> list[str]:
    schema = model.model_json_schema()
    needed = set(schema.get("required", ()))
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for key, value in schema["properties"].items():
        if key in without or (only and key not in only):
            continue
        default = "needed" if key in needed else f"`{json.dumps(value.get('default'))}`"
        about = " ".join(str(value.get("description", "")).split())
        rows.append(f"| `{key}` | {_words(value, schema.get('$defs', {}))} | {default} | {about} |")
    return rows if len(rows) > 2 else ["It has no parameters of its own."]


def _words(value: dict[str, Any], definitions: dict[str, Any]) -> str:
    """The kind of a value in words."""
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        found = definitions.get(name, {})
        return _choices(found["enum"]) if "enum" in found else name
    if "enum" in value or "const" in value:
        return _choices(value.get("enum") or [value["const"]])
    for key in ("anyOf", "oneOf"):
        if key in value:
            parts = [_words(v, definitions) for v in value[key] if v.get("type") != "null"]
            return " or ".join(dict.fromkeys(parts)) if len(parts) < 6 else "an operation, or a `use`"
    kind = str(value.get("type", "any"))
    if kind == "array":
        inner = value.get("items") or {}
        return f"list of {_words(inner, definitions)}" if inner else "list"
    if kind == "object":
        return f"mapping to {_words(value['additionalProperties'], definitions)}" if _is_mapping(value) else "mapping"
    return _range(value, WORDS.get(kind, kind))


def _is_mapping(value: dict[str, Any]) -> bool:
    return isinstance(value.get("additionalProperties"), dict) and bool(value["additionalProperties"])


def _choices(words: list[object]) -> str:
    return ", ".join(f"`{w}`" for w in words)


def _range(value: dict[str, Any], word: str) -> str:
    low = value.get("minimum", value.get("exclusiveMinimum"))
    high = value.get("maximum", value.get("exclusiveMaximum"))
    if low is not None and high is not None:
        return f"{word}, {low:g} to {high:g}"
    return f"{word} above {low:g}" if "exclusiveMinimum" in value else word
