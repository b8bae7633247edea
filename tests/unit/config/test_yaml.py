import pytest

from delid.config import SCHEMAS, load_pack, load_recipe, load_register_map, schema_text
from delid.core import ConfigError


def findings(loader, path, text):
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        loader(path)
    return [f.replace(str(path), "f.yaml") for f in caught.value.findings]


def test_every_fault_has_file_line_and_key(tmp_path, repository):
    text = (repository / "cell_configs/packs/byd-blade.yaml").read_text()
    text = text.replace("mass_kg: 430", "mass_kg: -1\nfoo: 2").replace("head: nut_on_stud", "head: nutt")
    assert findings(load_pack, tmp_path / "p.yaml", text) == [
        "f.yaml:14: mass_kg: input should be greater than 0",
        "f.yaml:15: foo: unknown key; look for a spelling mistake, or remove it",
        "f.yaml:20: groups.lid.head: input should be 'hex_flange', 'hex', 'torx' or 'nut_on_stud'",
    ]


def test_a_duplicate_key_is_refused(tmp_path):
    found = findings(load_pack, tmp_path / "p.yaml", "pack: a\npack: b\n")
    assert found == ['f.yaml:2: found duplicate key "pack"; each key may stand once']


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "f.yaml:1: the file holds no mapping"),
        ("a: [1", "f.yaml:1: not valid YAML"),
        ("- 1\n", "f.yaml:1: the file holds"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text, words):
    assert findings(load_pack, tmp_path / "p.yaml", text)[0].startswith(words)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml:1: no such file"):
        load_pack(tmp_path / "none.yaml")


def test_recipe_verbs_are_a_closed_set_with_typed_parameters(tmp_path):
    text = (
        "recipe: a/b\nserves: {packs: [x], hazard: [A]}\noperations:\n"
        "  - {id: a, do: unfasten, tool: x}\n  - {id: b, do: fly}\n"
    )
    found = findings(load_recipe, tmp_path / "r.yaml", text)
    assert found[:2] == [
        "f.yaml:4: operations.0.targets: missing key 'targets'",
        "f.yaml:4: operations.0.torque_nm: missing key 'torque_nm'",
    ]
    assert found[2].startswith("f.yaml:5: operations.1: input tag 'fly'")


def test_the_sequence_number_must_be_last_in_the_command_block(tmp_path, repository):
    text = (repository / "cell_configs/plc/delid-1.yaml").read_text().replace("seq_at: 115", "seq_at: 113")
    assert "seq_at must be the last register" in findings(load_register_map, tmp_path / "m.yaml", text)[0]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_committed_schema_is_the_generated_one(name, repository):
    committed = (repository / f"cell_configs/schema/{name}.json").read_text()
    assert committed == schema_text(name), "run `delid config schema` and commit the result"
