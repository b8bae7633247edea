"""The JSON Schemas for the editor: they take every shipped file, refuse broken ones, and explain each key."""

import json

import jsonschema
import pytest

from delid.config import SCHEMAS, read_document, schema_text

FOLDERS = {
    "recipe": "recipes/*.yaml", "fragment": "recipes/common/*.yaml", "pack": "packs/*.yaml", "cell": "cells/*.yaml",
    "plc": "plc/*.yaml", "robot": "motion/*.yaml", "factors": "accounting/factors.yaml",
    "account": "accounting/site.yaml", "uses": "accounting/uses.yaml", "compliance": "compliance/*.yaml",
}  # fmt: skip


def validator(name):
    return jsonschema.Draft202012Validator(json.loads(schema_text(name)))


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_shipped_file_names_its_schema_and_fits_it(repository, name):
    files = sorted((repository / "cell_configs").glob(FOLDERS[name]))
    assert files
    for file in files:
        up = "../" * (len(file.relative_to(repository / "cell_configs").parts) - 1)
        assert file.read_text().startswith(f"# yaml-language-server: $schema={up}schema/{name}.json\n"), file
        assert [e.message for e in validator(name).iter_errors(read_document(file).data)] == [], file


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("torque_nm: $lid_torque_nm", True),
        ("torque_nm: 12", True),
        ("torque_nm: $Torque", False),
        ("torque_nm: much", False),
        ("torque_nm: 0", False),
        ("torque: 12", False),
    ],
)
def test_a_value_may_be_a_parameter(text, good):
    operation = {"id": "a", "do": "unfasten", "targets": {"group": "lid"}, "tool": "x"}
    key, value = text.split(": ")
    operation[key] = float(value) if value.isdigit() else value
    recipe = {"recipe": "a/b", "serves": {"packs": ["a"], "hazard": ["A"]}, "operations": [operation]}
    assert (list(validator("recipe").iter_errors(recipe)) == []) is good


def test_bare_flags_single_words_and_fragments_are_taken():
    recipe = {
        "recipe": "a/b",
        "serves": {"packs": ["a"], "hazard": ["A"], "route": "reuse"},
        "permissives": ["guard_closed", {"tag": "volts_v", "below": "$limit_v"}],
        "operations": [{"use": "common/x", "with": {"limit_v": 60}, "as": "second"}],
        "variants": [{"name": "v", "when": {"hazard": "A"}, "set": {"x": 1}, "operations": [{"use": "common/y"}]}],
    }
    assert [e.message for e in validator("recipe").iter_errors(recipe)] == []
    recipe["serves"]["route"] = "river"
    assert len(list(validator("recipe").iter_errors(recipe))) == 1


def without_description(node, path=""):
    if isinstance(node, dict):
        for key, value in node.get("properties", {}).items():
            if isinstance(value, dict) and "description" not in value:
                yield f"{path}/{key}"
        for key, value in node.items():
            yield from without_description(value, f"{path}/{key}")
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from without_description(value, f"{path}/{n}")


@pytest.mark.parametrize("name", ["recipe", "fragment", "pack"])
def test_every_key_is_described(name):
    assert list(without_description(json.loads(schema_text(name)))) == []
    assert set(SCHEMAS) >= {name}
