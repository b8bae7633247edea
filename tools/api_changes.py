"""What changed between two descriptions of the API, and whether it breaks those who use it.

python tools/api_changes.py OLD.json NEW.json; exit 1 where the version does not say what the changes are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Plain = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
ROLES = (None, "viewer", "operator", "engineer", "admin")


def breaking(old: Plain, new: Plain) -> list[str]:
    """Each change after which a program that worked might work no more."""
    return list(_breaking(old, new))


def additions(old: Plain, new: Plain) -> list[str]:
    """Each change that is only more than before."""
    return [line.replace("is gone", "is new") for line in _breaking(new, old) if line.endswith("is gone")]


def version_fits(old: Plain, new: Plain) -> list[str]:
    """Why the version of ``new`` does not tell what changed since ``old``; nothing where it does."""
    before, after = (tuple(map(int, d["info"]["version"].split("."))) for d in (old, new))
    if (broken := breaking(old, new)) and after[0] <= before[0]:
        return [f"version {old['info']['version']} needs a higher first number:", *broken]
    if (more := additions(old, new)) and after[:2] <= before[:2]:
        return [f"version {old['info']['version']} needs a higher second number:", *more]
    return []


def _breaking(old: Plain, new: Plain) -> Iterator[str]:
    for path, methods in old["paths"].items():
        for method in (m for m in METHODS if m in methods):
            where, found = f"{method.upper()} {path}", new["paths"].get(path, {}).get(method)
            if found is None:
                yield f"{where} is gone"
                continue
            yield from _call(where, methods[method], found, old, new)
    for name, schema in old["components"]["schemas"].items():
        if name.startswith("Live"):
            other = new["components"]["schemas"].get(name)
            if other is None:
                yield f"live message {name} is gone"
            else:
                yield from _answer(f"live message {name}", schema, other, old, new)


def _call(where: str, was: Plain, now: Plain, old: Plain, new: Plain) -> Iterator[str]:
    if ROLES.index(now.get("x-role")) > ROLES.index(was.get("x-role")):
        yield f"{where} takes the role {now['x-role']} instead of {was.get('x-role') or 'none'}"
    if now.get("x-step-up") and not was.get("x-step-up"):
        yield f"{where} takes the PIN"
    if now.get("x-scope") != was.get("x-scope"):
        yield f"{where} takes the scope {now.get('x-scope')}"
    yield from _parameters(where, was, now)
    for kind, content in _content(was.get("requestBody")).items():
        given = _content(now.get("requestBody")).get(kind)
        if given is None:
            yield f"{where}: body {kind} is gone"
        else:
            yield from _request(f"{where}: body", content, given, old, new)
    for status, answer in was["responses"].items():
        if status.startswith("2"):
            for kind, content in _content(answer).items():
                given = _content(now["responses"].get(status)).get(kind)
                if given is None:
                    yield f"{where}: answer {status} {kind} is gone"
                else:
                    yield from _answer(f"{where}: answer", content, given, old, new)


def _parameters(where: str, was: Plain, now: Plain) -> Iterator[str]:
    before = {(p["in"], p["name"]): p for p in was.get("parameters", [])}
    after = {(p["in"], p["name"]): p for p in now.get("parameters", [])}
    for key, parameter in before.items():
        if key not in after:
            yield f"{where}: parameter {key[1]} is gone"
        elif after[key].get("required") and not parameter.get("required"):
            yield f"{where}: parameter {key[1]} must be given"
    for key in after.keys() - before.keys():
        if after[key].get("required"):
            yield f"{where}: parameter {key[1]} must be given"


def _request(where: str, was: Plain, now: Plain, old: Plain, new: Plain) -> Iterator[str]:
    """What was accepted must be accepted: no field away, none newly required, no choice away, no other type."""
    was, now = _resolved(was, old), _resolved(now, new)
    if _types(was) - _types(now):
        yield f"{where}: {_words(_types(was))} became {_words(_types(now))}"
        return
    before, after = was.get("properties", {}), now.get("properties", {})
    for name in before.keys() - after.keys():
        yield f"{where}.{name} is gone"
    for name in set(now.get("required", [])) - set(was.get("required", [])):
        yield f"{where}.{name} must be given"
    for choice in set(map(str, was.get("enum", []))) - set(map(str, now.get("enum", was.get("enum", [])))):
        yield f"{where}: the choice {choice} is gone"
    for name in before.keys() & after.keys():
        yield from _request(f"{where}.{name}", before[name], after[name], old, new)


def _answer(where: str, was: Plain, now: Plain, old: Plain, new: Plain, depth: int = 0) -> Iterator[str]:
    """What was told must be told: no field away, none newly missing at times, no other type."""
    was, now = _resolved(was, old), _resolved(now, new)
    if _types(now) - _types(was) and _types(was):
        yield f"{where}: {_words(_types(was))} became {_words(_types(now))}"
        return
    before, after = was.get("properties", {}), now.get("properties", {})
    for name in sorted(before.keys() - after.keys()):
        yield f"{where}.{name} is gone"
    for name in sorted((set(was.get("required", [])) - set(now.get("required", []))) & after.keys()):
        yield f"{where}.{name} is not always told"
    if depth < 12:
        for name in sorted(before.keys() & after.keys()):
            yield from _answer(f"{where}.{name}", before[name], after[name], old, new, depth + 1)
        if "items" in was and "items" in now:
            yield from _answer(f"{where}[]", was["items"], now["items"], old, new, depth + 1)


def _resolved(schema: Plain, whole: Plain) -> Plain:
    while "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _types(schema: Plain) -> set[str]:
    if "anyOf" in schema:
        return {word for part in schema["anyOf"] for word in _types(part) or {part.get("$ref", "")}}
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found)


def _words(types: set[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def _content(part: Plain | None) -> dict[str, Plain]:
    return {kind: media.get("schema", {}) for kind, media in ((part or {}).get("content") or {}).items()}


def main(arguments: list[str]) -> int:
    old, new = (json.loads(Path(name).read_text()) for name in arguments)
    for line in (*breaking(old, new), *additions(old, new)):
        print(line)
    complaints = version_fits(old, new)
    print("\n".join(complaints) or "the version says what changed")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
