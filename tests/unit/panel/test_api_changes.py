"""A change of the API that breaks its users needs a new first number; what is only more, a new second one."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from delid.panel import openapi_text

Plain = dict[str, Any]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "tools" / "api_changes.py"
    spec = importlib.util.spec_from_file_location("api_changes", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def now() -> Plain:
    found: Plain = json.loads(openapi_text())
    return found


def test_the_version_says_what_changed_since_the_last_one(tool: ModuleType, now: Plain, repository: Path) -> None:
    last = json.loads((repository / "docs" / "openapi-last.json").read_text())
    assert tool.version_fits(last, now) == [], "raise API_VERSION, and say so in docs/api.md"


def stop_is_gone(api: Plain) -> None:
    del api["paths"]["/api/v1/stop"]


def a_field_of_an_answer_is_gone(api: Plain) -> None:
    del api["components"]["schemas"]["Act"]["properties"]["state"]


def an_answer_has_another_type(api: Plain) -> None:
    api["components"]["schemas"]["RunsOut"]["properties"]["more"] = {"type": "string"}


def a_field_must_be_given(api: Plain) -> None:
    api["components"]["schemas"]["CommandIn"]["required"].append("held_s")


def a_choice_is_gone(api: Plain) -> None:
    api["components"]["schemas"]["CommandIn"]["properties"]["command"]["enum"].remove("Reset")


def a_field_is_not_taken_any_more(api: Plain) -> None:
    del api["components"]["schemas"]["JogIn"]["properties"]["feed_mm_s"]


def a_parameter_must_be_given(api: Plain) -> None:
    where = api["paths"]["/api/v1/runs"]["get"]["parameters"]
    where.append({"in": "query", "name": "site", "required": True, "schema": {"type": "string"}})


def it_takes_another_role(api: Plain) -> None:
    api["paths"]["/api/v1/commands"]["post"]["x-role"] = "admin"


def it_takes_the_pin(api: Plain) -> None:
    api["paths"]["/api/v1/commands"]["post"]["x-step-up"] = True


def a_live_message_is_gone(api: Plain) -> None:
    del api["components"]["schemas"]["LiveAct"]


BREAKS = (stop_is_gone, a_field_of_an_answer_is_gone, an_answer_has_another_type, a_field_must_be_given,
          a_choice_is_gone, a_field_is_not_taken_any_more, a_parameter_must_be_given, it_takes_another_role,
          it_takes_the_pin, a_live_message_is_gone)  # fmt: skip


@pytest.mark.parametrize("change", BREAKS, ids=lambda f: f.__name__)
def test_what_breaks_is_told_and_needs_a_new_first_number(
    tool: ModuleType, now: Plain, change: Callable[[Plain], None]
) -> None:
    changed = copy.deepcopy(now)
    change(changed)
    assert tool.breaking(now, changed)
    changed["info"]["version"] = "1.999.0"
    assert tool.version_fits(now, changed)
    changed["info"]["version"] = "2.0.0"
    assert tool.version_fits(now, changed) == []


def a_new_call(api: Plain) -> None:
    api["paths"]["/api/v1/more"] = {"get": api["paths"]["/api/v1/health"]["get"]}


def a_new_field_of_an_answer(api: Plain) -> None:
    api["components"]["schemas"]["Act"]["properties"]["more"] = {"type": "string"}


def a_new_field_that_may_be_given(api: Plain) -> None:
    api["components"]["schemas"]["JogIn"]["properties"]["more"] = {"type": "string"}


@pytest.mark.parametrize("change", [a_new_call, a_new_field_of_an_answer, a_new_field_that_may_be_given],
                         ids=lambda f: f.__name__)  # fmt: skip
def test_what_is_only_more_breaks_nothing_and_needs_a_new_second_number(
    tool: ModuleType, now: Plain, change: Callable[[Plain], None]
) -> None:
    changed = copy.deepcopy(now)
    change(changed)
    assert tool.breaking(now, changed) == []
    assert tool.version_fits(now, changed)
    changed["info"]["version"] = "1.999.0"
    assert tool.version_fits(now, changed) == []


def test_nothing_changed_is_no_change(tool: ModuleType, now: Plain) -> None:
    assert tool.breaking(now, now) == []
    assert tool.additions(now, now) == []
