"""The software bill of materials: what delid needs to run, as CycloneDX 1.6 JSON, from the environment it runs in.

python tools/sbom.py > sbom.cdx.json
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata as metadata
import json
import os
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "delid"
Plain = dict[str, Any]


def needed(root: str = ROOT) -> dict[str, tuple[metadata.Distribution, list[str]]]:
    """Every distribution that ``root`` needs at run time, without extras: by name, with what it needs itself."""
    found: dict[str, tuple[metadata.Distribution, list[str]]] = {}
    todo = [(canonicalize_name(root), frozenset[str]())]
    while todo:
        name, extras = todo.pop()
        if name in found and not extras:
            continue
        distribution = metadata.distribution(name)
        wanted = [Requirement(text) for text in _requires(name, distribution)]
        kept = [r for r in wanted if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in (*extras, ""))]
        names = sorted({canonicalize_name(r.name) for r in kept})
        known = found.get(name, (distribution, []))[1]
        found[name] = (distribution, sorted({*known, *names}))
        todo += [
            (canonicalize_name(r.name), frozenset(r.extras)) for r in kept if canonicalize_name(r.name) not in found
        ]
    return found


def _requires(name: str, distribution: metadata.Distribution) -> list[str]:
    """What the project file says, where this is run in the sources: an editable installation may be older."""
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if name == ROOT and project.is_file():
        return list(tomllib.loads(project.read_text())["project"]["dependencies"])
    return distribution.requires or []


def licence_of(distribution: metadata.Distribution) -> str:
    """Its licence in its own words: the SPDX expression, the classifiers, or the licence field's first line."""
    about = distribution.metadata
    if expression := about.get("License-Expression"):
        return str(expression)
    classifiers = [c.rsplit(" :: ", 1)[1] for c in about.get_all("Classifier") or [] if c.startswith("License :: ")]
    lines = (about.get("License") or "").strip().splitlines()
    return "; ".join(c for c in classifiers if c != "OSI Approved") or (lines[0][:100] if lines else "unknown")


def bill(now: datetime.datetime) -> Plain:
    """The whole bill; only its serial number and time differ between two runs in one environment."""
    found = needed()
    parts = {name: _component(name, d) for name, (d, _) in sorted(found.items())}
    root = parts.pop(ROOT)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": now.isoformat(timespec="seconds"),
            "component": root | {"type": "application"},
            "tools": {"components": [{"type": "application", "name": "tools/sbom.py"}]},
        },
        "components": list(parts.values()),
        "dependencies": [
            {"ref": _purl(name, d), "dependsOn": [_purl(n, found[n][0]) for n in needs if n in found]}
            for name, (d, needs) in sorted(found.items())
        ],
    }


def _component(name: str, distribution: metadata.Distribution) -> Plain:
    licence = licence_of(distribution)
    part: Plain = {
        "type": "library",
        "bom-ref": _purl(name, distribution),
        "name": distribution.metadata["Name"],
        "version": distribution.version,
        "purl": _purl(name, distribution),
        "licenses": [{"expression": licence} if _is_spdx(licence) else {"license": {"name": licence}}],
    }
    if digest := _digest(distribution):
        part["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return part


def _digest(distribution: metadata.Distribution) -> str | None:
    """Of the list of installed files, which carries a digest of each."""
    record = distribution.read_text("RECORD")
    kept = sorted(line for line in (record or "").splitlines() if not line.startswith(("..", os.sep)))
    return hashlib.sha256("\n".join(kept).encode()).hexdigest() if kept else None


def _purl(name: str, distribution: metadata.Distribution) -> str:
    return f"pkg:pypi/{name}@{distribution.version}"


def _is_spdx(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) \(?[A-Za-z0-9.+-]+\)?)*", text)) and text != "unknown"


if __name__ == "__main__":
    json.dump(bill(datetime.datetime.now(datetime.UTC)), sys.stdout, indent=2)
    print()
