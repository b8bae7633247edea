"""The ages of the camera's and the models' last word, as the page's lamps show them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from delid.cli._sight import Sight
from delid.core import (
    Assessment,
    Frame,
    FrameFacts,
    HazardClass,
    Inspection,
    Located,
    Look,
    Looked,
    PackStatus,
    PackVerdict,
    Quality,
)
from delid.engine import EngineState

TOLD: dict[str, Any] = {"plc": {"up": True}, "camera": {"up": True, "detail": "", "age_s": None}}
VERDICT = PackVerdict(PackStatus.UNKNOWN, None, 0.0)


def state(*effects: object) -> EngineState:
    """Of the engine only what is under way."""
    return cast(
        EngineState, SimpleNamespace(pending={str(n): SimpleNamespace(effect=e) for n, e in enumerate(effects)})
    )


def frame(captured_s: float) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), "camera#1", "0" * 64, captured_s)


def inspection(**timing_ms: float) -> Inspection:
    facts = FrameFacts(2, 2, "0" * 64)
    return Inspection(
        "overview", facts, Quality(True, ()), VERDICT, (), HazardClass.A, (), timing_ms=timing_ms,
    )  # fmt: skip


def test_before_the_first_frame_and_the_first_look_there_is_no_age() -> None:
    found = Sight("overview").devices(TOLD, state(), 100.0)
    assert found["camera"] == {"up": True, "detail": "", "age_s": None}
    assert found["model"] == {"up": True, "detail": "", "age_s": None, "state": "ready"}
    assert found["plc"] == {"up": True}


def test_the_camera_s_age_is_that_of_its_newest_frame_of_the_whole_pack() -> None:
    sight = Sight("overview")
    sight.framed(frame(90.0), "overview")
    sight.framed(frame(99.5), "close")
    assert sight.devices(TOLD, state(), 100.0)["camera"]["age_s"] == 10.0
    sight.framed(frame(99.0), "overview")
    assert sight.devices(TOLD, state(), 100.0)["camera"]["age_s"] == 1.0


def test_the_models_age_is_that_of_what_they_judged_last_and_an_empty_look_is_no_judgement() -> None:
    sight = Sight("overview")
    seen = Assessment(VERDICT, (), HazardClass.A, ())
    sight.turned(Looked(50.0, "look.1", (inspection(infer=80.0), inspection(infer=90.0)), seen))
    assert sight.timing == {"at_s": 50.0, "infer_ms": 85.0}
    sight.turned(Looked(60.0, "look.2", (), seen))
    assert sight.devices(TOLD, state(), 70.0)["model"]["age_s"] == 20.0
    sight.turned(Located(65.0, "locate.1", None, "too dark"))
    assert sight.devices(TOLD, state(), 70.0)["model"]["age_s"] == 5.0


def test_while_a_look_is_under_way_the_models_are_at_work() -> None:
    look = Look("look.1", "identify", 3, 20.0)
    assert Sight("overview").devices(TOLD, state(look), 1.0)["model"]["state"] == "at work"
