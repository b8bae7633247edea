"""The reference page is the one that the program writes, and holds everything that there is."""

from delid.config import OPERATIONS
from delid.core import VERBS, FailureKind, Reaction
from delid.planning import ALL_RULES, reference_text


def test_the_committed_page_is_the_generated_one(repository):
    committed = (repository / "docs/recipe-reference.md").read_text()
    assert committed == reference_text(), "run `delid recipe reference` and commit the result"


def test_it_holds_every_verb_rule_reaction_and_parameter():
    text = reference_text()
    for verb, facts in VERBS.items():
        part = text[text.index(f"\n### {verb.value}\n") :].split("\n### ")[1]
        assert facts.about in part
        for kind in facts.failures:
            assert f"| `{kind.value}` |" in part
    for model in OPERATIONS:
        for key in model.model_fields:
            assert key == "do" or f"| `{key}` |" in text
    for rule in ALL_RULES:
        assert f"| `{rule.code}` | {rule.severity.value} |" in text
    for reaction in Reaction:
        assert f"| `{reaction.value}` |" in text


def test_every_usual_reaction_is_one_that_the_verb_can_take():
    for verb, facts in VERBS.items():
        for kind, failure in facts.failures.items():
            assert isinstance(kind, FailureKind)
            assert failure.usual
            assert Reaction.IMPACT not in failure.usual or verb.value == "unfasten"
