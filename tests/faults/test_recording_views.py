"""What viewers show: calibration, marks on pictures, curves, state, log; and the layouts that are shipped for them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory
from recording_kit import HEADER, jpeg_frame

from delid.config import load_cell
from delid.core import (
    Answered,
    Assessment,
    Command,
    Damage,
    DamageKind,
    Decided,
    Decision,
    Fastener,
    FastenerKind,
    FrameFacts,
    HazardClass,
    Inspection,
    Looked,
    ManualClock,
    MotionReported,
    MotionState,
    Move,
    OperatorCommanded,
    PackStatus,
    PackVerdict,
    Quality,
    Record,
    Refusal,
    Scalar,
    Started,
    TagsRead,
    Ticked,
    Wire,
)
from delid.journal import RecordingWriter, lenses_of, read_recording, recorded_traffic

TAGS: dict[str, Scalar] = {
    "guard_closed": True, "gas_ppm": 3, "pack_voltage_v": 12.5, "torque_nm": 0.0, "pack_temperature_c": 21.0,
    "mode-name": "auto",
}  # fmt: skip
PACK = PackVerdict(PackStatus.KNOWN, "vw-meb-82", 0.98, (), ((10.0, 10.0), (80.0, 10.0), (80.0, 80.0)))
DENT = Damage(DamageKind.DENT, 0.93, 0.4, (20.0, 30.0, 40.0, 50.0))
HEARD = [("plc", True, b"\x04\0\0\0\x02"), ("plc", False, b"\x04\x04abcd"), ("motion", False, b"ok")]
BOLT = Fastener("lid.01", FastenerKind.BOLT, (50.0, 60.0), None, 0.99)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of everything that a cell records."""
    repository = Path(__file__).resolve().parents[2]
    cell = load_cell(repository / "cell_configs/cells/demo.yaml")
    path = tmp_path_factory.mktemp("shown") / "a.mcap"
    writer = RecordingWriter(path, ManualClock(2.0), HEADER, lenses=lenses_of(cell))
    frame = jpeg_frame(1)
    seen = Inspection(
        "overview#1", FrameFacts(96, 96, frame.sha256), Quality(True), PACK, (DENT,), HazardClass.B, (), (BOLT,)
    )
    assessed = Assessment(PACK, (DENT,), HazardClass.B, ())
    writer.frame(frame, "look.1", "overview")
    writer.frame(jpeg_frame(2), "fine.1", "close")
    for event in (
        Started(2.0), Ticked(2.5), TagsRead(2.5, TAGS), OperatorCommanded(2.5, Command.RESET, "kim"),
        MotionReported(2.6, MotionState.MOVING, (1.0, 2.0, -3.0), True), Looked(2.7, "look.1", (seen,), assessed),
        Decided(2.8, "d", Decision(assessed, Refusal(("no recipe",)))), Answered(2.9, "q.1", "look again", "kim"),
        MotionReported(2.9, MotionState.UNKNOWN, None, False, "alarm 1"),
    ):  # fmt: skip
        writer.event(event)
    writer.effect(Move("m.1", (1.0, 2.0, -3.0), 60.0, 20.0))
    writer.record(Record("transition", {"from": "Idle", "to": "Starting", "cause": "Start"}))
    writer.record(Record("failure", {"key": "a/b/c", "kind": "seized", "detail": ""}))
    writer.wire(Wire(2.2, "motion", True, b"G1 X1\n", "m.1"))
    for device, out, data in HEARD:
        writer.traffic(Wire(2.3, device, out, data))
    writer.close()
    assert writer.healthy, writer.losses
    return path


def decoded(path: Path) -> Iterator[tuple[str, Any]]:
    with path.open("rb") as file:
        for row in make_reader(file, decoder_factories=[DecoderFactory()]).iter_decoded_messages():
            yield row.channel.topic, row.decoded_message


def fields_of(path: Path) -> dict[str, set[str]]:
    """Each channel with the fields of its messages, by the bare reader."""
    return {topic: {f.name for f in message.DESCRIPTOR.fields} for topic, message in decoded(path)}


def test_each_kind_of_fact_has_its_channel(shown):
    assert set(fields_of(shown)) == {
        "/camera/overview", "/camera/overview/calibration", "/camera/overview/annotations", "/camera/close",
        "/camera/close/calibration", "/delid/frame_meta", "/delid/event", "/delid/clock", "/delid/inspection",
        "/delid/decision", "/delid/operator", "/delid/effect", "/delid/record", "/delid/wire", "/delid/traffic/plc",
        "/delid/traffic/motion", "/delid/tags", "/delid/robot", "/delid/state", "/delid/log",
    }  # fmt: skip


def test_facts_of_all_channels_come_back_in_order(shown):
    kinds = [type(fact).__name__ for fact in read_recording(shown).facts]
    assert kinds == [
        "Started", "Ticked", "TagsRead", "OperatorCommanded", "MotionReported", "Looked", "Decided", "Answered",
        "MotionReported", "Move", "Record", "Record", "Wire",
    ]  # fmt: skip


def test_the_calibration_lies_beside_each_picture(shown):
    lens = next(message for topic, message in decoded(shown) if topic == "/camera/overview/calibration")
    image = next(message for topic, message in decoded(shown) if topic == "/camera/overview")
    assert list(lens.K) == [1600.0, 0.0, 799.5, 0.0, 1600.0, 599.5, 0.0, 0.0, 1.0]
    assert (lens.width, lens.height, lens.distortion_model, len(lens.P)) == (1600, 1200, "plumb_bob", 12)
    assert lens.timestamp.ToNanoseconds() == image.timestamp.ToNanoseconds()


def test_what_was_seen_is_marked_on_its_picture(shown):
    marks = next(message for topic, message in decoded(shown) if topic == "/camera/overview/annotations")
    image = next(message for topic, message in decoded(shown) if topic == "/camera/overview")
    assert marks.timestamp.ToNanoseconds() == image.timestamp.ToNanoseconds()
    outline, dent = marks.points
    assert (len(outline.points), (dent.points[0].x, dent.points[0].y)) == (3, (20.5, 30.5))
    assert (marks.circles[0].position.x, marks.circles[0].position.y) == (50.5, 60.5)
    assert marks.texts[0].text == "dent 0.93"


def test_readings_and_the_robot_are_numbers(shown):
    tags = next(message for topic, message in decoded(shown) if topic == "/delid/tags")
    assert (tags.at_s, tags.pack_voltage_v, tags.gas_ppm, tags.guard_closed) == (2.5, 12.5, 3, True)
    assert tags.mode_name == "auto", "a name is changed where protobuf does not allow it"
    first, second = (message for topic, message in decoded(shown) if topic == "/delid/robot")
    assert (first.state, first.z_mm, second.fault, second.x_mm != second.x_mm) == ("moving", -3.0, "alarm 1", True)
    state = next(message for topic, message in decoded(shown) if topic == "/delid/state")
    assert (state.packml, state.cause) == ("Starting", "Start")
    log = [message for topic, message in decoded(shown) if topic == "/delid/log"]
    assert [(line.level, line.message) for line in log] == [
        (2, "transition: from Idle, to Starting, cause Start"),
        (3, "failure: key a/b/c, kind seized"),
    ]


def test_all_that_went_over_the_wires_is_read_apart(shown):
    heard = list(recorded_traffic(shown))
    assert [(w.device, w.out, w.data) for w in heard] == HEARD


def test_digests_are_an_attachment(shown):
    with shown.open("rb") as file:
        (hashes,) = [a for a in make_reader(file).iter_attachments() if a.name == "delid/hashes.json"]
    found = json.loads(hashes.data)
    assert found["models"] == dict(HEADER.models)
    assert found["recipes"] == dict(HEADER.recipes)
    assert set(found["files"]) == set(HEADER.texts)


# --- layouts --------------------------------------------------------------------------------------------------------


def paths_in(value: Any) -> Iterator[str]:
    """Every text of the layout that names a channel."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield from [name] if name.startswith("/") else []
            yield from paths_in(held)
    elif isinstance(value, list):
        for held in value:
            yield from paths_in(held)
    elif isinstance(value, str) and value.startswith("/"):
        yield value


def test_the_foxglove_layout_names_channels_and_fields_that_exist(shown, repository):
    layout = json.loads((repository / "docs/recording/delid.layout.json").read_text())
    known, named = fields_of(shown), set(paths_in(layout["configById"]))
    assert len(named) >= 18
    for path in named:
        topic, _, field = path.partition(".")
        assert topic in known, path
        assert not field or field in known[topic], path


def test_every_panel_of_the_foxglove_layout_is_shown(repository):
    layout = json.loads((repository / "docs/recording/delid.layout.json").read_text())
    tabs = [tab["layout"] for panel in layout["configById"].values() for tab in panel.get("tabs", [])]

    def leaves(node: Any) -> Iterator[str]:
        yield from [node] if isinstance(node, str) else [*leaves(node["first"]), *leaves(node["second"])]

    used = [leaf for node in (layout["layout"], *tabs) for leaf in leaves(node)]
    assert sorted(used) == sorted(layout["configById"])


def test_the_rerun_blueprint_names_channels_that_exist(shown, repository):
    spec = importlib.util.spec_from_file_location("blueprint", repository / "docs/recording/rerun_blueprint.py")
    assert spec is not None
    assert spec.loader is not None
    blueprint = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(blueprint)
    known = fields_of(shown)
    assert {*blueprint.IMAGES, blueprint.LOG, *blueprint.FACTS, blueprint.STATE} <= set(known)
    drawn = [(topic, fields) for view in blueprint.CURVES.values() for topic, fields in view.items()]
    assert {topic for topic, _ in drawn} == set(blueprint.MESSAGES)
    for topic, fields in drawn:
        assert set(fields) <= known[topic], topic
    kinds = {topic: message.DESCRIPTOR.full_name for topic, message in decoded(shown)}
    assert {topic: f"{kinds[topic]}:message" for topic in blueprint.MESSAGES} == blueprint.MESSAGES
