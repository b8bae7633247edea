"""Curves of a recording: the readings of its events, by the file's own index, or as far as a cut file is whole."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import delid.journal._tags_in as module
from delid.core import RecordingError, TagsRead
from delid.journal import read_recording, recorded_series
from delid.journal._channels import topic_of
from delid.journal._recording import EVENT_TOPIC

NAMES = ("torque_nm", "pack_voltage_v", "guard_closed", "nonsense")


@pytest.fixture
def recording(repository: Path) -> Path:
    return repository / "fixtures/recordings/nissan-leaf-24-clean.mcap"


def readings_of(path: Path) -> list[TagsRead]:
    return [event for event in read_recording(path).events if isinstance(event, TagsRead)]


def test_it_is_what_the_whole_recording_says(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = readings_of(recording)
    monkeypatch.setattr(module, "_plain", lambda part: pytest.fail("a finished recording has an index"))
    times, found = recorded_series(recording, NAMES)
    assert len(times) == len(wanted) > 100
    assert times == sorted(times)
    assert set(found) == {"torque_nm", "pack_voltage_v"}, "numbers alone make curves"
    for name, values in found.items():
        assert values == [pytest.approx(float(tags.values[name])) for tags in wanted]
    took_s = wanted[-1].at_s - wanted[0].at_s
    assert times[-1] - times[0] == pytest.approx(took_s, abs=1.0)


def test_only_parts_with_events_are_unpacked(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = module.Message.read
    bodies: list[int] = []
    monkeypatch.setattr(module.Message, "read", lambda stream, size: bodies.append(size) or read(stream, size))
    recorded_series(recording, NAMES)
    of_the_channel = [e for e in read_recording(recording).events if topic_of(e) == EVENT_TOPIC]
    assert len(bodies) == len(of_the_channel) > 100, "no picture was read, and no effect"


@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_a_cut_recording_is_read_as_far_as_it_is_whole(recording: Path, tmp_path: Path, share: float) -> None:
    whole = recorded_series(recording, NAMES)
    content = recording.read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(content[: int(share * len(content))])
    times, found = recorded_series(cut, NAMES)
    assert 0 < len(times) < len(whole[0])
    assert times == whole[0][: len(times)]
    assert found["torque_nm"] == whole[1]["torque_nm"][: len(times)]


def test_a_damaged_part_is_a_gap(recording: Path, tmp_path: Path) -> None:
    whole, _ = recorded_series(recording, NAMES)
    content = bytearray(recording.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged = tmp_path / "damaged.mcap"
    damaged.write_bytes(content)
    times, found = recorded_series(damaged, NAMES)
    assert set(times) <= set(whole)
    assert len(found["torque_nm"]) == len(times)
    assert not any(math.isinf(value) for value in found["torque_nm"])


def test_what_is_no_recording_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(RecordingError) as missing:
        recorded_series(tmp_path / "nothing.mcap", NAMES)
    assert missing.value.code == "recording.read"
    (tmp_path / "text.mcap").write_text("no recording")
    with pytest.raises(RecordingError) as foreign:
        recorded_series(tmp_path / "text.mcap", NAMES)
    assert foreign.value.code == "recording.foreign"
