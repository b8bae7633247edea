"""Recordings copied message by message: repaired, or cut to a span of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mcap.records import Channel, Message

from delid.core import RecordingError

from ._channels import FACT_TOPICS
from ._mcap_in import McapIn
from ._mcap_out import McapOut, create
from ._read_recording import is_image, open_parts
from ._recording import CUT_NAME, LOSSES_NAME, REPAIR_NAME


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair kept. ``was_complete`` is true where there was nothing to repair."""

    messages: int
    frames: int
    damaged: int
    was_complete: bool


@dataclass(frozen=True, slots=True)
class CutReport:
    """What a cut kept: messages, frames among them, and the wall time of the first and last in seconds since 1970."""

    messages: int
    frames: int
    from_wall_s: float
    to_wall_s: float


class Copy:
    """A recording on its way from ``parts`` into the new file ``out``; all files of a run become one."""

    def __init__(self, parts: list[McapIn], out: Path, library: str) -> None:
        self.parts, self.out = parts, McapOut(create(out), library)
        self.messages = self.frames = 0
        first = parts[0]
        self._early = len(first.metadata)
        for metadata in first.metadata:
            self.out.metadata(metadata.name, metadata.metadata)
        for text in first.attachments:
            self.out.attachment(text.name, text.media_type, text.data, text.log_time)

    def read(self) -> Iterator[tuple[McapIn, Channel, Message]]:
        """Every message, with the file that it comes from."""
        for part in self.parts:
            for channel, message in part.messages():
                yield part, channel, message

    def put(self, part: McapIn, channel: Channel, message: Message, data: bytes | None = None) -> None:
        """Write a message, with other ``data`` where it was changed."""
        schema = part.schemas[channel.schema_id]
        times = (message.log_time, message.publish_time, message.sequence)
        body = message.data if data is None else data
        self.out.raw(channel.topic, (schema.name, schema.encoding, schema.data), body, *times)
        self.messages += 1
        self.frames += is_image(part, channel)

    def finish(self, name: str, note: dict[str, str]) -> None:
        """Write the losses that the last file tells, the note under ``name``, and the end."""
        last = self.parts[-1]
        told = last.metadata[self._early :] if last is self.parts[0] else last.metadata
        for metadata in told:
            if metadata.name in (LOSSES_NAME, REPAIR_NAME):
                self.out.metadata(metadata.name, metadata.metadata)
        self.out.metadata(name, note)
        self.out.finish()


def repair_recording(path: Path | str, out: Path | str) -> RepairReport:
    """Copy every whole message of a cut recording, of all its files, into ``out``; what was cut stays as it is."""
    copy = Copy(open_parts(path), Path(out), "delid repair")
    for part, channel, message in copy.read():
        copy.put(part, channel, message)
    damaged = sum(part.damaged for part in copy.parts)
    copy.finish(REPAIR_NAME, {"messages": str(copy.messages), "damaged": str(damaged)})
    complete = all(part.complete for part in copy.parts)
    return RepairReport(copy.messages, copy.frames, damaged, complete)


def cut_recording(
    path: Path | str, out: Path | str, from_s: float, to_s: float, *, all_facts: bool = False
) -> CutReport:
    """Copy what lies between ``from_s`` and ``to_s``, seconds after the first message, into ``out``.

    With ``all_facts`` only frames and what is there for viewers are cut, so that the decisions can still be replayed.
    Raises RecordingError ``recording.truncated`` for a recording that is not whole, ``recording.empty`` where nothing
    lies in the span; ``out`` is not there then.
    """
    wanted = Path(out)
    copy = Copy(open_parts(path), wanted, "delid cut")
    inside = _span(from_s, to_s)
    times: list[int] = []
    for part, channel, message in copy.read():
        within = inside(message.log_time)
        if within:
            times = [times[0] if times else message.log_time, message.log_time]
        if within or (all_facts and channel.topic in FACT_TOPICS):
            copy.put(part, channel, message)
    problem = _problem_of(copy, times)
    if problem is not None:
        copy.out.abandon()
        wanted.unlink()
        raise problem
    copy.finish(CUT_NAME, {"from_s": f"{from_s:g}", "to_s": f"{to_s:g}", "all_facts": str(all_facts).lower()})
    return CutReport(copy.messages, copy.frames, times[0] / 1e9, times[-1] / 1e9)


def _span(from_s: float, to_s: float) -> Callable[[int], bool]:
    first_ns: list[int] = []

    def inside(log_ns: int) -> bool:
        first_ns.append(log_ns) if not first_ns else None
        return from_s <= (log_ns - first_ns[0]) / 1e9 <= to_s

    return inside


def _problem_of(copy: Copy, times: list[int]) -> RecordingError | None:
    cut = next((part.path for part in copy.parts if not part.complete), None)
    if cut is not None:
        hint = f"Run `delid recording repair {copy.parts[0].path} OUT.mcap` first."
        return RecordingError(f"{cut} is cut or damaged.", hint=hint, code="recording.truncated")
    if not times:
        hint = "Look at the duration with `delid recording info`."
        return RecordingError(f"{copy.parts[0].path} has nothing in that span.", hint=hint, code="recording.empty")
    return None
