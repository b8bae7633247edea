"""The files that users copy into their CI call commands and options that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from ruamel.yaml import YAML

from delid.cli._main import app

CI = Path(__file__).resolve().parents[3] / "docs/ci"


def load(name: str) -> Any:
    return YAML(typ="safe").load((CI / name).read_text(encoding="utf-8"))


def calls(text: str) -> list[list[str]]:
    """Every call of delid in a script, word by word, lines that go on joined."""
    joined = re.sub(r"\\\n\s*", " ", text)
    return [line.split() for line in re.findall(r"^\s*(delid .*)$", joined, re.MULTILINE)]


SCRIPTS = {
    "action": lambda: "\n".join(step.get("run", "") for step in load("delid-replay/action.yml")["runs"]["steps"]),
    "gitlab": lambda: "\n".join(load("gitlab.yml")["delid-replay"]["script"]),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_call_is_one_that_delid_has(name):
    group = typer.main.get_command(app)
    context = click.Context(group)
    found = calls(SCRIPTS[name]())
    assert {call[1] for call in found} == {"replay", "coverage"}
    for _, command, *words in found:
        known = {option for param in group.get_command(context, command).params for option in param.opts}
        given = {word for word in words if word.startswith("--")}
        assert given <= known, command


def test_the_workflow_gives_the_action_what_it_asks_for():
    action = load("delid-replay/action.yml")
    (job,) = load("github.yml")["jobs"].values()
    given = next(step["with"] for step in job["steps"] if step.get("uses", "").endswith("delid-replay"))
    wanted = {name for name, about in action["inputs"].items() if about.get("required")}
    assert wanted <= set(given) <= set(action["inputs"])
    used = set(re.findall(r"inputs\.(\w+)", (CI / "delid-replay/action.yml").read_text(encoding="utf-8")))
    assert used == set(action["inputs"])
