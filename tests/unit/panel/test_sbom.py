"""The bill of materials: whole, well-formed, and without a licence that may not be there."""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "tools" / "sbom.py"
    spec = importlib.util.spec_from_file_location("sbom", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bill_names_everything_that_runs_with_version_licence_and_who_needs_it(tool: ModuleType) -> None:
    bill = tool.bill(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "delid"
    parts = {part["name"].lower(): part for part in bill["components"]}
    assert {"cryptography", "argon2-cffi", "fastapi", "starlette", "pymodbus", "numpy", "cffi"} <= set(parts)
    assert not {"pytest", "torch", "schemathesis"} & set(parts), "only what runs"
    for part in parts.values():
        assert part["version"] == importlib.metadata.version(part["name"])
        assert part["licenses"]
    refs = {bill["metadata"]["component"]["bom-ref"], *(part["bom-ref"] for part in parts.values())}
    assert {d["ref"] for d in bill["dependencies"]} == refs
    assert all(ref in refs for d in bill["dependencies"] for ref in d["dependsOn"])


def test_nothing_that_runs_is_under_the_gpl(tool: ModuleType) -> None:
    licences = {name: tool.licence_of(distribution) for name, (distribution, _) in tool.needed().items()}
    assert "unknown" not in licences.values(), licences
    assert not {n: words for n, words in licences.items() if "GPL" in words.replace("LGPL", "") or "Affero" in words}
