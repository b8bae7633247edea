"""Recordings cut anywhere and repaired, cut to a span of time, and redacted."""

from __future__ import annotations

import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
from mcap.reader import make_reader
from recording_kit import HEADER, facts, jpeg_frame, write_recording

from delid.core import (
    Assessment,
    Code,
    Command,
    FrameFacts,
    HazardClass,
    Inspection,
    Looked,
    ManualClock,
    OperatorCommanded,
    PackStatus,
    PackVerdict,
    Quality,
    Record,
    RecordingError,
    Ticked,
)
from delid.journal import (
    Box,
    RecordingWriter,
    Redaction,
    cut_recording,
    read_recording,
    redact_recording,
    repair_recording,
)

CUTS = 200


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "a.mcap"
    write_recording(path, rounds=8, size_px=200)
    return path


def chunk_ends(path: Path) -> list[tuple[int, int]]:
    """End of each chunk in the file, and how many messages there are up to there; from the index at the end."""
    with path.open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert summary is not None
        ends = [(i.chunk_start_offset + i.chunk_length, i.message_end_time) for i in summary.chunk_indexes]
        times = [message.log_time for _, _, message in reader.iter_messages(log_time_order=False)]
    return [(end, sum(time <= last for time in times)) for end, last in ends]


def test_every_cut_at_200_random_places_keeps_its_last_whole_chunk(whole, tmp_path):
    ends, random_place = chunk_ends(whole), random.Random(7)
    header_end = whole.read_bytes().index(b"delid/hashes.json")
    content = whole.read_bytes()
    for number in range(CUTS):
        length = random_place.randrange(header_end, len(content))
        cut, mended = tmp_path / f"{number}.mcap", tmp_path / f"{number}.mended.mcap"
        cut.write_bytes(content[:length])
        report = repair_recording(cut, mended)
        assert report.messages >= max((count for end, count in ends if end <= length), default=0), length
        found = read_recording(mended)
        assert list(found.facts) == facts(8)[: len(found.facts)]
        cut.unlink()
        mended.unlink()


def test_a_cut_in_the_header_says_that_nothing_is_left(whole, tmp_path):
    (tmp_path / "cut.mcap").write_bytes(whole.read_bytes()[:60])
    with pytest.raises(RecordingError) as caught:
        repair_recording(tmp_path / "cut.mcap", tmp_path / "out.mcap")
    assert caught.value.code == "recording.foreign"
    assert not (tmp_path / "out.mcap").exists()


def test_a_span_of_time_is_cut_out(whole, tmp_path):
    report = cut_recording(whole, tmp_path / "part.mcap", 1.0, 2.0)
    found, original = read_recording(tmp_path / "part.mcap"), read_recording(whole)
    assert 0 < report.frames < sum(map(len, original.frames.values()))
    assert report.to_wall_s - report.from_wall_s <= 1.0
    assert found.header == original.header
    start = original.facts.index(found.facts[0])
    assert original.facts[start : start + len(found.facts)] == found.facts


def test_pictures_alone_are_cut_where_the_run_shall_still_be_replayed(whole, tmp_path):
    cut_recording(whole, tmp_path / "part.mcap", 1.0, 2.0, all_facts=True)
    found, original = read_recording(tmp_path / "part.mcap"), read_recording(whole)
    assert found.facts == original.facts
    assert 0 < len(found.frames) < len(original.frames)


@pytest.mark.parametrize("span", [(500.0, 600.0)])
def test_a_span_without_anything_leaves_no_file(whole, tmp_path, span):
    with pytest.raises(RecordingError) as caught:
        cut_recording(whole, tmp_path / "part.mcap", *span)
    assert caught.value.code == "recording.empty"
    assert not (tmp_path / "part.mcap").exists()


@pytest.mark.parametrize("act", [
    lambda path, out: cut_recording(path, out, 0.0, 9.0),
    lambda path, out: redact_recording(path, out, Redaction()),
])  # fmt: skip
def test_what_is_not_whole_is_repaired_first(whole, tmp_path, act):
    (tmp_path / "cut.mcap").write_bytes(whole.read_bytes()[:-400])
    with pytest.raises(RecordingError) as caught:
        act(tmp_path / "cut.mcap", tmp_path / "out.mcap")
    assert caught.value.code == "recording.truncated"
    assert "delid recording repair" in caught.value.hint
    assert not (tmp_path / "out.mcap").exists()


# --- redacted -------------------------------------------------------------------------------------------------------


def looked(code: str) -> Looked:
    pack = PackVerdict(PackStatus.KNOWN, "a", 0.9)
    codes = (Code(code, "QRCode"),)
    seen = Inspection("overview#1", FrameFacts(96, 96, "00"), Quality(True), pack, (), HazardClass.A, (), (), codes)
    return Looked(4.0, "look.1", (seen,), Assessment(pack, (), HazardClass.A, (), (), codes))


@pytest.fixture
def told(tmp_path: Path) -> Path:
    path = tmp_path / "told.mcap"
    writer = RecordingWriter(path, ManualClock(2.0), HEADER)
    writer.event(OperatorCommanded(2.0, Command.RESET, "Al Ünal"))
    writer.event(OperatorCommanded(2.1, Command.START, "kim"))
    writer.record(Record("question", {"text": "kim is asked; an alarm for Al Ünal, not for kimono", "by": "kim"}))
    writer.event(looked("04QPE0A1B2C3D4E5F6G7H8J9"))
    writer.event(Ticked(5.0))
    writer.frame(jpeg_frame(1), "look.1")
    writer.close()
    return path


def test_names_become_numbers_wherever_they_stand(told, tmp_path):
    report = redact_recording(told, tmp_path / "out.mcap", Redaction())
    found = read_recording(tmp_path / "out.mcap")
    assert (report.names, report.codes) == (2, 0)
    assert [e.by for e in found.events if isinstance(e, OperatorCommanded)] == ["person 1", "person 2"]
    assert found.records[0].data["text"] == "person 2 is asked; an alarm for person 1, not for kimono"
    assert len(found.facts) == len(read_recording(told).facts)
    content = messages_of(tmp_path / "out.mcap")
    assert b"nal" not in content.replace(b"signal", b"")
    assert b"kim " not in content


def messages_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return b"".join(message.data for _, _, message in make_reader(file).iter_messages())


def test_codes_go_where_asked_for(told, tmp_path):
    report = redact_recording(told, tmp_path / "out.mcap", Redaction(names=False, codes=True))
    assert (report.names, report.codes) == (0, 1)
    seen = next(e for e in read_recording(tmp_path / "out.mcap").events if isinstance(e, Looked))
    assert seen.inspections[0].codes[0].text == seen.assessment.codes[0].text == "[code]"
    assert b"04QPE" not in messages_of(tmp_path / "out.mcap")


def test_a_part_of_the_pictures_is_painted_over(told, tmp_path):
    report = redact_recording(told, tmp_path / "out.mcap", Redaction(boxes=(Box("overview", 0, 0, 47, 95),)))
    (frame,) = read_recording(tmp_path / "out.mcap").all_frames()
    assert report.images_painted == 1
    picture = cv2.imdecode(np.frombuffer(frame.encoded, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(picture[:, :40].astype(int) - 127).max() < 12
    before = cv2.imdecode(np.frombuffer(jpeg_frame(1).encoded, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(picture[:, 56:].astype(int) - before[:, 56:]).mean() < 10
    assert frame.sha256 != jpeg_frame(1).sha256


def test_all_pictures_go_where_asked_for(told, tmp_path):
    report = redact_recording(told, tmp_path / "out.mcap", Redaction(images=True))
    found = read_recording(tmp_path / "out.mcap")
    assert (report.images_left_out, found.frames) == (1, {})
    with (tmp_path / "out.mcap").open("rb") as file:
        notes = {m.name: m.metadata for m in make_reader(file).iter_metadata()}
    assert notes["delid.redaction"]["images"] == "true"
    assert json.loads(notes["delid.redaction"]["boxes"]) == []
