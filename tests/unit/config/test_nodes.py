"""The reader of YAML: values as YAML 1.2 has them, lines of every key, and what it refuses."""

import pytest
from ruamel.yaml import YAML

from delid.config import _nodes as nodes

SCALARS = {
    "1": 1, "-1": -1, "+1": 1, "007": 7, "1_000": 1000, "0x1F": 31, "0o17": 15, "0b11": 3,
    "1.5": 1.5, ".5": 0.5, "-0.5": -0.5, "1.": 1.0, "1e3": 1000.0, "1e-3": 0.001, "12e03": 12000.0,
    ".inf": float("inf"), "-.inf": float("-inf"),
    "true": True, "False": False, "on": "on", "no": "no", "yes": "yes", "y": "y",
    "null": None, "~": None, "": None, "none": "none", "nut": "nut",
    "e5": "e5", "1:30": "1:30", "0.1.2": "0.1.2", ".": ".", "2026-05-02": "2026-05-02",
    '"1"': "1", "'true'": "true", "!!str 1": "1", "a b": "a b",
}  # fmt: skip


@pytest.mark.parametrize("text", sorted(SCALARS))
def test_scalars_are_read_as_yaml_1_2_has_them(text):
    assert nodes.plain(nodes.parse(f"a: {text}")) == {"a": SCALARS[text]}
    assert type(nodes.plain(nodes.parse(f"a: {text}"))["a"]) is type(SCALARS[text])


@pytest.mark.parametrize("folder", ["packs", "recipes", "plc", "cells", "motion"])
def test_every_file_reads_the_same_as_with_another_parser(repository, folder):
    for path in (repository / "cell_configs" / folder).rglob("*.yaml"):
        text = path.read_text()
        assert nodes.plain(nodes.parse(text)) == YAML(typ="safe", pure=True).load(text), path


@pytest.mark.parametrize(
    ("text", "line", "code", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate", 'found duplicate key "a"'),
        ("a: 1\nb: [1,\n  2\n", 2, "syntax", "not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "syntax", "not valid YAML"),
        ("a: !!python/object:os.system {}\n", 1, "", ""),
        ("a: !thing 1\n", 1, "syntax", "the tag '!thing' is not used"),
        ("? [1, 2]\n: 3\n", 1, "syntax", "a key must be a plain word"),
        ("a: &a\n  b: *a\n", 1, "syntax", "refer to itself"),
        ("--- 1\n--- 2\n", 2, "syntax", "not valid YAML"),
    ],
)
def test_what_it_refuses(text, line, code, words):
    if not code:
        assert nodes.plain(nodes.parse(text)) == {"a": {}}, "a tag makes no object, whatever it says"
        return
    with pytest.raises(nodes.NodeError) as caught:
        nodes.plain(nodes.parse(text))
    assert (caught.value.line, caught.value.code) == (line, code)
    assert words in caught.value.message


def test_an_alias_that_multiplies_itself_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(nodes.NodeError, match="without end"):
        nodes.plain(nodes.parse("\n".join(lines)))


def test_an_alias_stands_for_what_it_names():
    assert nodes.plain(nodes.parse("a: &x {k: [1]}\nb: *x\n")) == {"a": {"k": [1]}, "b": {"k": [1]}}
