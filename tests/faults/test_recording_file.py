"""Recordings: written and read back, read by others, cut anywhere, on a slow or failing disk."""

from __future__ import annotations

import errno
import os
import shutil
import struct
import weakref
from pathlib import Path
from threading import Event as Gate

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory
from recording_kit import HEADER, facts, jpeg_frame, put, write_recording

from delid.core import ManualClock, RecordingError, Started, TagsRead, Ticked, Wire
from delid.journal import Losses, RecordingWriter, read_recording, repair_recording
from delid.vision import read_frame

# --- whole ----------------------------------------------------------------------------------------------------------


def test_everything_comes_back_in_its_order(tmp_path):
    writer = write_recording(tmp_path / "a.mcap", rounds=5)
    found = read_recording(tmp_path / "a.mcap")
    assert found.header == HEADER
    assert list(found.facts) == facts(5)
    assert (writer.losses, found.losses, found.repaired) == (Losses(), Losses(), False)
    assert len(found.events) + len(found.effects) + len(found.records) + len(found.wires) == len(found.facts)


def test_frames_come_back_byte_for_byte_by_their_look(tmp_path):
    write_recording(tmp_path / "a.mcap", rounds=3)
    found = read_recording(tmp_path / "a.mcap")
    assert list(found.frames) == ["look.3", "look.10", "look.17"]
    frames = found.frames["look.10"]
    for frame, given_frame in zip(frames, (jpeg_frame(10), jpeg_frame(11)), strict=True):
        assert frame.encoded == given_frame.encoded
        assert frame.format == "jpeg"
        assert (frame.camera, frame.look_id, frame.source) == ("overview", "look.10", given_frame.source)
        assert (frame.captured_s, frame.seq, frame.sha256) == (
            given_frame.captured_s,
            given_frame.seq,
            given_frame.sha256,
        )
        assert (frame.width, frame.height, frame.look) == (96, 96, "ambient")


def test_a_frame_without_encoded_bytes_keeps_every_pixel(tmp_path):
    writer = RecordingWriter(tmp_path / "a.mcap", ManualClock(), HEADER)
    raw = jpeg_frame(1, encoded=False)
    writer.frame(raw, "look.1", "side camera")
    writer.close()
    (frame,) = read_recording(tmp_path / "a.mcap").frames["look.1"]
    assert (frame.format, frame.camera, frame.sha256) == ("png", "side_camera", raw.sha256)
    assert np.array_equal(read_frame(frame.encoded).image, raw.image)


def test_the_bare_mcap_reader_understands_the_file(tmp_path):
    write_recording(tmp_path / "a.mcap", rounds=4)
    with (tmp_path / "a.mcap").open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        summary = reader.get_summary()
        assert summary is not None
        topics = {channel.topic: summary.schemas[channel.schema_id].name for channel in summary.channels.values()}
        assert topics == {
            "/delid/event": "delid.Json",
            "/delid/operator": "delid.Json",
            "/delid/tags": "delid.Tags",
            "/delid/effect": "delid.Json",
            "/delid/record": "delid.Json",
            "/delid/log": "foxglove.Log",
            "/delid/wire": "delid.WireBytes",
            "/delid/frame_meta": "delid.FrameMeta",
            "/camera/overview": "foxglove.CompressedImage",
        }
        assert [a.name for a in reader.iter_attachments()] == [*HEADER.texts, "delid/hashes.json"]
        rows = list(reader.iter_decoded_messages())
    assert [row.channel.topic for row in rows[:3]] == ["/delid/event", "/delid/event", "/delid/operator"]
    assert '"type":"Started"' in rows[0].decoded_message.json
    image = next(row for row in rows if row.channel.topic == "/camera/overview").decoded_message
    assert (image.format, image.frame_id, image.data) == ("jpeg", "overview", jpeg_frame(3).encoded)
    shown = ("/camera", "/delid/tags", "/delid/log")  # beside the fact that they show
    times = [row.message.log_time for row in rows if not row.channel.topic.startswith(shown)]
    assert times == sorted(set(times)), "log times grow, so that every reader has one order"


def test_chunks_stay_under_one_mebibyte(tmp_path):
    write_recording(tmp_path / "a.mcap", rounds=12, size_px=500)
    sizes = [size for opcode, _, size in records(tmp_path / "a.mcap") if opcode == Opcode.CHUNK]
    with (tmp_path / "a.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert len(sizes) >= 3
    assert max(index.uncompressed_size for index in summary.chunk_indexes) <= 1024 * 1024


def test_the_order_stands_when_the_wall_clock_is_set_back(tmp_path):
    class Leaping(ManualClock):
        wall = 5000.0

        def wall_s(self) -> float:
            self.wall -= 1.0
            return self.wall

    writer = RecordingWriter(tmp_path / "a.mcap", Leaping(), HEADER)
    for n in range(20):
        writer.event(Ticked(float(n)))
    writer.close()
    with (tmp_path / "a.mcap").open("rb") as file:
        times = [message.log_time for _, _, message in make_reader(file).iter_messages(log_time_order=False)]
    assert times == sorted(set(times))
    assert [e.at_s for e in read_recording(tmp_path / "a.mcap").events] == [float(n) for n in range(20)]


# --- cut ------------------------------------------------------------------------------------------------------------


def records(path: Path) -> list[tuple[int, int, int]]:
    """Opcode, end offset and length of every record."""
    content, offset, found = path.read_bytes(), 8, []
    while offset + 9 <= len(content) - 8:
        opcode, length = struct.unpack_from("<BQ", content, offset)
        offset += 9 + length
        found.append((opcode, offset, length))
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "a.mcap"
    write_recording(path, rounds=12, size_px=300)
    return path


def check_cut(whole: Path, folder: Path, length: int) -> int:
    """Cut, see that reading refuses, repair, see that what is left is the beginning of the whole; facts kept."""
    cut, mended = folder / "cut.mcap", folder / "mended.mcap"
    cut.write_bytes(whole.read_bytes()[:length])
    mended.unlink(missing_ok=True)
    with pytest.raises(RecordingError) as caught:
        read_recording(cut)
    assert caught.value.code == "recording.truncated"
    assert "delid recording repair" in caught.value.hint
    report = repair_recording(cut, mended)
    assert f"{report.messages} whole messages are readable" in str(caught.value)
    assert not report.was_complete
    original, found = read_recording(whole), read_recording(mended)
    assert found.facts == original.facts[: len(found.facts)]
    frames, before = list(found.all_frames()), list(original.all_frames())
    assert frames == before[: len(frames)]
    assert found.header == original.header
    assert found.repaired
    return len(found.facts)


def test_a_cut_at_every_record_keeps_every_whole_chunk(whole, tmp_path):
    parts = records(whole)
    assert sum(opcode == Opcode.CHUNK for opcode, _, _ in parts) >= 3
    header_end = next(end for opcode, end, _ in parts if opcode == Opcode.ATTACHMENT)
    texts_end = max(end for opcode, end, _ in parts if opcode == Opcode.ATTACHMENT)
    assert header_end < texts_end
    kept = []
    for number, (opcode, end, _) in enumerate(parts):
        # the index of a chunk has a record for each channel; a few of them show it
        if end >= texts_end and (opcode != Opcode.MESSAGE_INDEX or number % 5 == 0):
            kept.append(check_cut(whole, tmp_path, end))
        if opcode == Opcode.DATA_END:
            break
    assert kept == sorted(kept)
    assert kept[-1] == len(read_recording(whole).facts), "everything is there when only the index is missing"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.0, 1.0))
def test_a_cut_at_any_byte_keeps_whole_messages(whole, tmp_path, share):
    parts = records(whole)
    first = max(end for opcode, end, _ in parts if opcode == Opcode.ATTACHMENT)
    check_cut(whole, tmp_path, first + round(share * (whole.stat().st_size - first - 1)))


def test_the_whole_messages_of_a_cut_chunk_are_kept(whole, tmp_path):
    chunks = [(end - length, length) for opcode, end, length in records(whole) if opcode == Opcode.CHUNK]
    start, length = chunks[1]
    before = check_cut(whole, tmp_path, start)
    assert check_cut(whole, tmp_path, start + length - 1) > before


def test_a_damaged_chunk_is_left_out_and_told(whole, tmp_path):
    content = bytearray(whole.read_bytes())
    start = [end - length for opcode, end, length in records(whole) if opcode == Opcode.CHUNK][1]
    content[start + 200] ^= 0xFF
    damaged = tmp_path / "damaged.mcap"
    damaged.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        read_recording(damaged)
    assert caught.value.code == "recording.truncated"
    report = repair_recording(damaged, tmp_path / "mended.mcap")
    assert report.damaged == 1
    found, original = read_recording(tmp_path / "mended.mcap"), read_recording(whole)
    assert 0 < len(found.facts) < len(original.facts)
    assert [f for f in original.facts if f in found.facts] == list(found.facts)


@pytest.mark.parametrize("content", [b"", b"no recording", b"\x89MCAP0\r", b"\xff" * 1000])
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "a.mcap"
    path.write_bytes(content)
    for read in (read_recording, lambda p: repair_recording(p, tmp_path / "out.mcap")):
        with pytest.raises(RecordingError) as caught:
            read(path)
        assert caught.value.code == "recording.foreign"
    assert not (tmp_path / "out.mcap").exists()


def test_an_mcap_file_of_another_maker_is_refused(tmp_path):
    from mcap.writer import Writer

    with (tmp_path / "a.mcap").open("wb") as file:
        writer = Writer(file)
        writer.start()
        writer.finish()
    with pytest.raises(RecordingError) as caught:
        read_recording(tmp_path / "a.mcap")
    assert caught.value.code == "recording.foreign"


def test_a_recording_of_another_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("delid.journal._mcap_out.FORMAT", "99")
    write_recording(tmp_path / "a.mcap", rounds=1)
    monkeypatch.undo()
    with pytest.raises(RecordingError) as caught:
        read_recording(tmp_path / "a.mcap")
    assert caught.value.code == "recording.version"


def test_repair_keeps_a_whole_recording_and_does_not_write_over_a_file(whole, tmp_path):
    report = repair_recording(whole, tmp_path / "same.mcap")
    assert report.was_complete
    assert read_recording(tmp_path / "same.mcap").facts == read_recording(whole).facts
    with pytest.raises(RecordingError) as caught:
        repair_recording(whole, tmp_path / "same.mcap")
    assert caught.value.code == "recording.exists"


def test_what_is_flushed_is_on_the_disk_before_the_end(tmp_path):
    """A process that dies leaves every chunk that was closed: here the file is copied while it is being written."""
    clock = ManualClock()
    writer = RecordingWriter(tmp_path / "a.mcap", clock, HEADER, autostart=False)
    put(writer, clock, rounds=8, size_px=300)
    clock.set(clock.now_s() + 60.0)
    writer.event(Ticked(99.0))
    all_written = Gate()
    real = writer._files.out.flush

    def flush() -> None:
        real()
        if writer._queue.empty():
            all_written.set()

    writer._files.out.flush = flush  # type: ignore[method-assign]
    writer.start()
    assert all_written.wait(20)
    shutil.copy(tmp_path / "a.mcap", tmp_path / "copy.mcap")
    writer.close()
    repair_recording(tmp_path / "copy.mcap", tmp_path / "mended.mcap")
    assert len(read_recording(tmp_path / "mended.mcap").facts) == len(facts(8)) + 1


# --- busy or broken -------------------------------------------------------------------------------------------------


def test_a_writer_that_stands_still_drops_frames_and_counts_them(tmp_path):
    writer = RecordingWriter(tmp_path / "a.mcap", ManualClock(), HEADER, max_frames=3, autostart=False)
    for n in range(10):
        writer.frame(jpeg_frame(n), "look.1")
        writer.event(Ticked(float(n)))
    assert writer.dropped == 7
    assert writer.healthy, "a dropped frame is no lost fact"
    writer.close()
    found = read_recording(tmp_path / "a.mcap")
    assert [frame.seq for frame in found.frames["look.1"]] == [0, 1, 2]
    assert len(found.events) == 10
    assert found.losses == Losses(dropped_frames=7)


def test_facts_that_find_no_room_are_counted_and_reported(tmp_path):
    writer = RecordingWriter(tmp_path / "a.mcap", ManualClock(), HEADER, max_facts=4, autostart=False)
    writer.event(Started(0.0))
    for n in range(9):
        writer.wire(Wire(float(n), "plc", True, b"\x10", f"c.{n}"))
    assert not writer.healthy
    writer.close()
    assert writer.losses == Losses(lost_facts=6)
    assert read_recording(tmp_path / "a.mcap").losses == Losses(lost_facts=6)


def test_a_waiting_frame_does_not_hold_its_pixels(tmp_path):
    writer = RecordingWriter(tmp_path / "a.mcap", ManualClock(), HEADER, autostart=False)
    frame = jpeg_frame(1)
    pixels = weakref.ref(frame.image)
    writer.frame(frame, "look.1")
    del frame
    assert pixels() is None
    writer.close()
    assert read_recording(tmp_path / "a.mcap").frames["look.1"][0].encoded == jpeg_frame(1).encoded


def test_there_is_room_again_when_the_writer_has_caught_up(tmp_path):
    writer = RecordingWriter(tmp_path / "a.mcap", ManualClock(), HEADER, max_facts=4, max_frames=2, autostart=False)
    for n in range(4):
        writer.event(Ticked(float(n)))
    caught_up = Gate()
    real = writer._files.out.flush

    def flush() -> None:
        real()
        if writer._queue.empty():
            caught_up.set()

    writer._files.out.flush = flush  # type: ignore[method-assign]
    writer.start()
    assert caught_up.wait(20), "what waits is written out even when nothing more comes"
    writer.event(Ticked(4.0))
    writer.close()
    assert writer.losses == Losses()
    assert len(read_recording(tmp_path / "a.mcap").events) == 5


def test_a_disk_that_fails_ends_the_recording_and_not_the_run(tmp_path, monkeypatch):
    clock = ManualClock()
    writer = RecordingWriter(tmp_path / "a.mcap", clock, HEADER, autostart=False)
    put(writer, clock, rounds=2)

    def refuse(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    writer.start()
    writer.close()
    monkeypatch.undo()
    assert "No space left on device" in writer.losses.failure
    assert writer.losses.lost_facts > 0
    assert not writer.healthy
    writer.event(Ticked(1.0))
    repair_recording(tmp_path / "a.mcap", tmp_path / "mended.mcap")


def test_a_fact_that_cannot_be_written_down_leaves_the_others(tmp_path):
    writer = RecordingWriter(tmp_path / "a.mcap", ManualClock(), HEADER)
    writer.event(Started(0.0))
    writer.event(TagsRead(1.0, {"pack_voltage_v": float("nan")}))
    writer.event(Ticked(2.0))
    writer.close()
    assert writer.losses.lost_facts == 1
    assert "Out of range" in writer.losses.failure
    assert [type(e) for e in read_recording(tmp_path / "a.mcap").events] == [Started, Ticked]


def test_a_recording_never_writes_over_a_file(tmp_path):
    write_recording(tmp_path / "a.mcap", rounds=1)
    with pytest.raises(RecordingError) as caught:
        RecordingWriter(tmp_path / "a.mcap", ManualClock(), HEADER)
    assert caught.value.code == "recording.exists"


def test_a_closed_writer_counts_what_comes_too_late(tmp_path):
    writer = write_recording(tmp_path / "a.mcap", rounds=1)
    writer.event(Ticked(9.0))
    writer.frame(jpeg_frame(1), "look.9")
    writer.close()
    assert writer.losses == Losses(dropped_frames=1, lost_facts=1)
