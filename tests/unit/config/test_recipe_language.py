"""Parameters, included fragments and variants; faults point at the file and line where the part was written."""

import pytest

from delid.config import Document, Situation, load_cell, load_recipe, read_document, read_recipe
from delid.config._expand import Library
from delid.core import ConfigError, Damage, DamageKind, HazardClass, Route

FRAGMENT = """\
fragment: common/hv
parameters:
  connector: {value: hv}
  limit_v: {value: 60, min: 30, max: 60}
permissives:
  - {tag: pack_voltage_v, below: $limit_v}
operations:
  - {id: before, do: measure, check: {tag: pack_voltage_v, below: $limit_v}}
  - {id: pull, do: disconnect, after: [before], connector: $connector}
  - {id: verify, do: measure, after: [pull], check: {tag: pack_voltage_v, below: $limit_v}}
  - {id: look, do: inspect, after: [pull]}
"""
RECIPE = """\
recipe: vw-meb-82/x
serves: {packs: [vw-meb-82], hazard: [A, B], route: reuse, state_of_health: {min: 0.6}}
parameters:
  nm: {value: 9, min: 5, max: 12, approved_by: "A. Person, 2026-05-02"}
  word: {value: shortest, choices: [shortest, given]}
permissives: [guard_closed]
operations:
  - {id: first, do: inspect}
  - use: common/hv
    after: [first]
    with: {limit_v: 50}
  - {id: bolts, do: unfasten, after: [hv], targets: {group: lid}, tool: socket_10, torque_nm: $nm, order: $word}
  - {id: talk, do: ask, after: [bolts], text: "up to ${nm} N m", answers: [a, b], go_on: [a]}
variants:
  - {name: gentle, when: {damage: {dent: {above: 0.1, up_to: 0.4}}}, set: {nm: 6}}
  - name: by_hand
    when: {hazard: B, route: [recycling, reuse], state_of_health: {max: 0.7}}
    skip: [bolts]
    operations:
      - {id: talk, do: ask, after: [bolts], text: by hand, answers: [a, b], go_on: [a]}
      - {id: more, do: inspect, after: [talk]}
"""


@pytest.fixture
def written(tmp_path):
    def write(recipe=RECIPE, fragment=FRAGMENT):
        (tmp_path / "common").mkdir(exist_ok=True)
        (tmp_path / "common/hv.yaml").write_text(fragment)
        (tmp_path / "r.yaml").write_text(recipe)
        return tmp_path / "r.yaml"

    return write


def faults(path):
    with pytest.raises(ConfigError) as caught:
        load_recipe(path)
    return [(f.path.name, f.line, f.code) for f in caught.value.details], str(caught.value)


def after(recipe):
    return {o.id: o.after for o in recipe.spec.operations}


def test_a_fragment_stands_in_its_place(written):
    recipe = load_recipe(written())
    assert after(recipe) == {
        "first": [], "before": ["first"], "pull": ["before"], "verify": ["pull"], "look": ["pull"],
        "bolts": ["verify", "look"], "talk": ["bolts"],
    }  # fmt: skip
    assert [p.below for p in recipe.spec.permissives] == [50, None], "the fragment's come first"
    assert recipe.spec.operations[1].check.below == 50, "as given with 'with'"
    assert recipe.spec.operations[2].connector == "hv", "its own value"


def test_parameters_stand_for_values_and_within_words(written):
    recipe = load_recipe(written())
    bolts, talk = recipe.spec.operations[-2:]
    assert (bolts.torque_nm, bolts.order, talk.text) == (9, "shortest", "up to 9 N m")


def test_a_fragment_can_be_used_twice_under_another_name(written):
    path = written(RECIPE.replace("  - {id: bolts", "  - {use: common/hv, as: again, after: [hv]}\n  - {id: bolts"))
    found = after(load_recipe(path))
    assert found["again_before"] == ["verify", "look"]
    assert found["again_look"] == ["again_pull"]


def test_a_fragment_can_use_fragments_and_is_looked_for_one_folder_up(written, tmp_path):
    (tmp_path / "vw").mkdir()
    written(fragment=FRAGMENT.replace("operations:\n", "operations:\n  - {use: common/inner}\n"))
    (tmp_path / "common/inner.yaml").write_text(
        "fragment: common/inner\noperations:\n  - {id: inner, do: inspect, frames: $n}\nparameters: {n: {value: 2}}\n"
    )
    (tmp_path / "vw/r.yaml").write_text(RECIPE)
    recipe = load_recipe(tmp_path / "vw/r.yaml")
    assert recipe.spec.operations[1].frames == 2
    fault = recipe.fault(("operations", 1, "frames"), "few", "x")
    assert (fault.path.name, fault.line) == ("inner.yaml", 3)
    assert fault.message == f"few (used at {tmp_path}/vw/r.yaml:9, {tmp_path}/common/hv.yaml:8)"


def test_the_digest_covers_the_fragments(written):
    one = load_recipe(written()).sha256
    assert load_recipe(written()).sha256 == one
    assert load_recipe(written(fragment=FRAGMENT + "# more\n")).sha256 != one
    plain = written(RECIPE.replace("  - use: common/hv\n    after: [first]\n    with: {limit_v: 50}\n", "").replace(
        "after: [hv]", "after: [first]"))  # fmt: skip
    recipe = load_recipe(plain)
    assert recipe.sha256 == recipe.document.sha256, "without a fragment it is the digest of the file"


CASES = [
    # what is broken, file, line, code, words
    (("$nm,", "$mn,"), "r.yaml", 12, "unknown_parameter", "there is no parameter 'mn'; there are nm, word"),
    (("${nm}", "${mn}"), "r.yaml", 13, "unknown_parameter", "no parameter 'mn'"),
    (("limit_v: 50", "limit_v: 70"), "r.yaml", 11, "outside_its_range", "is 70, above the approved 60"),
    (("limit_v: 50", "limit_v: high"), "r.yaml", 11, "outside_its_range", "is 'high', which is no number"),
    (("limit_v: 50", "limit: 50"), "r.yaml", 11, "unknown_parameter", "there are connector, limit_v"),
    (("set: {nm: 6}", "set: {nm: 4}"), "r.yaml", 15, "outside_its_range", "is 4, below the approved 5"),
    (("value: 9,", "value: 13,"), "r.yaml", 4, "bad_value", "its own value is 13, above the approved 12"),
    (("choices: [shortest,", "choices: [criss_cross,"), "r.yaml", 5, "bad_value", "not one of criss_cross, given"),
    (("use: common/hv", "use: common/vh"), "r.yaml", 9, "unknown_fragment", "looked for"),
    (("skip: [bolts]", "skip: [nuts]"), "r.yaml", 18, "unknown_after", "leaves out 'nuts'"),
    (("id: more, do: inspect", "id: more, do: fly"), "r.yaml", 21, "unknown_operation", "input tag 'fly'"),
    (("id: talk, do: ask, after: [bolts], text: \"", "id: pull, do: ask, after: [bolts], text: \""),
     "r.yaml", 13, "duplicate_id", "'pull' stands twice"),
    (("when: {damage: {dent: {above: 0.1, up_to: 0.4}}}", "when: {}"), "r.yaml", 15, "bad_value", "give hazard"),
    (("route: reuse,", "route: river,"), "r.yaml", 2, "wrong_word", "'reuse', 'recycling' or 'quarantine'"),
    (("{min: 0.6}", "{min: 0.6, max: 0.5}"), "r.yaml", 2, "bad_value", "min is above max"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "file", "line", "code", "words"), CASES)
def test_faults_of_the_recipe(written, change, file, line, code, words):
    assert change[0] in RECIPE
    found, text = faults(written(RECIPE.replace(*change)))
    assert (file, line, code) in found
    assert len({f[:2] for f in found}) == 1, "one fault, one place"
    assert words in text


def test_a_fault_in_a_fragment_is_told_there_with_the_place_of_its_use(written):
    path = written(fragment=FRAGMENT.replace("connector: $connector", "connector: 7"))
    found, text = faults(path)
    assert found == [("hv.yaml", 9, "wrong_type")]
    assert f"(used at {path}:9)" in text


def test_fragments_that_include_each_other(written):
    found, text = faults(written(fragment=FRAGMENT + "  - {use: common/hv}\n"))
    assert found == [("hv.yaml", 12, "include_loop")]
    assert "common/hv -> common/hv" in text


def test_all_faults_of_all_files_come_at_once(written):
    path = written(RECIPE.replace("$nm,", "$mn,").replace("do: ask, after: [bolts], text: \"", "do: aks, text: \""),
                   FRAGMENT.replace("do: inspect", "do: inspect, frames: 11"))  # fmt: skip
    assert faults(path)[0] == [
        ("hv.yaml", 11, "out_of_range"), ("r.yaml", 12, "unknown_parameter"), ("r.yaml", 13, "unknown_operation"),
    ]  # fmt: skip


def dent(severity):
    return (Damage(DamageKind.DENT, 0.9, severity, (0, 0, 1, 1)),)


@pytest.mark.parametrize(
    ("situation", "name"),
    [
        (Situation(HazardClass.A), None),
        (Situation(HazardClass.B, dent(0.1)), None),
        (Situation(HazardClass.B, dent(0.2)), "gentle"),
        (Situation(HazardClass.B, dent(0.4)), "gentle"),
        (Situation(HazardClass.B, dent(0.5)), None),
        (Situation(HazardClass.B, (), 0.65, Route.REUSE), "by_hand"),
        (Situation(HazardClass.B, dent(0.2), 0.65, Route.REUSE), "gentle"),
        (Situation(HazardClass.B, (), 0.75, Route.REUSE), None),
        (Situation(HazardClass.B, (), None, Route.REUSE), None),
        (Situation(HazardClass.B, (), 0.65, None), None),
        (Situation(HazardClass.B, (), 0.65, Route.QUARANTINE), None),
        (Situation(HazardClass.A, (), 0.65, Route.REUSE), None),
    ],
)
def test_the_first_variant_that_holds_is_taken(written, situation, name):
    recipe = load_recipe(written()).for_situation(situation)
    assert (recipe.variant.name if recipe.variant else None) == name


def test_a_variant_sets_skips_replaces_and_adds(written):
    gentle, by_hand = load_recipe(written()).variants
    assert gentle.spec.operations[-2].torque_nm == 6
    assert after(by_hand)["talk"] == ["verify", "look"], "past the operation that is left out"
    assert (by_hand.spec.operations[-2].text, by_hand.spec.operations[-1].id) == ("by hand", "more")
    assert by_hand.spec.serves.hazard == [HazardClass.B], "narrowed to what the variant is for"
    fault = by_hand.fault(("operations", 6, "after"), "late", "x")
    assert (fault.line, fault.message) == (21, "in the variant 'by_hand': late")


def test_values_may_be_set_within_an_approved_range_only(written):
    recipe = load_recipe(written())
    assert recipe.with_values({"nm": 7}).spec.operations[-2].torque_nm == 7
    with pytest.raises(ConfigError, match="nm is 13, above the approved 12"):
        recipe.with_values({"nm": 13})
    with pytest.raises(ConfigError, match="no engineer has approved a range for word"):
        recipe.with_values({"word": "given"})
    with pytest.raises(ConfigError, match="there is no parameter 'x'"):
        read_recipe(recipe.document, {"x": 1})


def test_fragments_are_among_the_texts_of_the_cell(repository, tmp_path):
    cell = load_cell(repository / "cell_configs/cells/demo.yaml")
    for recipe in cell.recipes:
        assert recipe.fragments.items() <= cell.texts.items(), "recorded, and part of the cell's digest"


def test_recipes_loaded_together_share_what_was_read_but_not_what_they_change(written):
    library = Library()
    document = read_document(written())
    one = read_recipe(document, library=library)
    changed = Document(
        document.path, RECIPE.replace("after: [first]", "after: []").replace("limit_v: 50", "limit_v: 40")
    )
    two = read_recipe(changed, library=library)
    assert len(library.read) == 1
    assert (after(one)["before"], after(two)["before"]) == (["first"], [])
    assert (one.spec.operations[1].check.below, two.spec.operations[1].check.below) == (50, 40)
    assert after(read_recipe(document, library=library)) == after(one)
