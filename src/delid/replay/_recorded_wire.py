"""What the drivers really sent when the run was recorded, against what their codecs make of the replayed effects."""

from __future__ import annotations

from delid.core import UNAWAITED, DoMotion, Finished, Jog
from delid.journal import Recording

from ._compare import NOTHING, Difference
from ._lines import short
from ._run import Outcome
from ._wire import Sent


def recorded_wire_differences(recording: Recording, outcome: Outcome) -> list[Difference]:
    """Effects that would send other bytes than were recorded; empty for a recording without wires.

    An effect that failed may have sent a part, or more to recover. A verb may have begun with a reset. Bytes that no
    effect asked for, such as the stop of a process that ends, are left out, and those of a jog, which depend on when a
    person let go.
    """
    asked = {effect.id for effect in recording.effects if not isinstance(effect, (*UNAWAITED, Jog))}
    out: dict[str, bytes] = {}
    for wire in recording.wires:
        if wire.out and wire.id in asked:
            out[wire.id] = out.get(wire.id, b"") + wire.data
    if not out:
        return []
    failed = {e.id for e in recording.events if isinstance(e, Finished) and not e.ok}
    verbs = {e.id for e in recording.effects if isinstance(e, DoMotion)}
    now: dict[str, list[Sent]] = {}
    for sent in outcome.wires:
        now.setdefault(sent.id, []).append(sent)
    found = []
    for name in dict.fromkeys([*out, *now]):
        if name not in now:
            found.append(Difference("recorded wire", short(name), NOTHING, out[name].hex(" ")))
        elif not _same(now[name][-1].data, out.get(name, b""), name in verbs, name in failed):
            found.append(
                Difference(
                    "recorded wire", short(name), now[name][-1].data.hex(" "), out.get(name, b"").hex(" ") or NOTHING
                )
            )
    return found


def _same(now: bytes, recorded: bytes, verb: bool, failed: bool) -> bool:
    if verb and (now.endswith(recorded) or recorded.endswith(now)):
        return True  # a verb without recorded bytes asked for a status report, which is polling
    if failed:
        return recorded.startswith(now) or now.startswith(recorded)
    # A command that was sent again after a lost link has the same bytes twice.
    return bool(recorded) and recorded == now * max(1, len(recorded) // max(1, len(now)))
