"""The wire seam: the bytes that the drivers' codecs make of the effects, in order."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from delid.config import RegisterMap
from delid.core import (
    CancelCommand,
    DoMotion,
    Effect,
    Event,
    LinkChanged,
    Move,
    PlcError,
    RunCommand,
    TagsRead,
)
from delid.devices import motion, plc
from delid.journal import Recording

MOTION, PLC = "motion", "plc"


@dataclass(frozen=True, slots=True)
class Sent:
    """What one effect puts on a wire. ``refused`` says why the codec makes no bytes of it."""

    device: str
    id: str
    data: bytes
    refused: str = ""


class WireSeam:
    """Counts command numbers as the PLC driver does: on from the last one that the PLC has taken.

    Args:
        register_map: of the cell that is replayed.
        unsent: ids of recorded effects whose driver sent nothing, because a link was down for example.
    """

    def __init__(self, register_map: RegisterMap, unsent: Collection[str] = ()) -> None:
        self._map = register_map
        self._unsent = frozenset(unsent)
        self._command_seq = self._stop_seq = 0
        self._counting = False
        self._cancels: set[str] = set()
        self._sent: list[Sent] = []

    @property
    def sent(self) -> tuple[Sent, ...]:
        return tuple(self._sent)

    def see(self, event: Event) -> None:
        """Take the numbers that the PLC reports."""
        if isinstance(event, LinkChanged) and event.device == PLC and event.ack_seq is not None:
            self._command_seq = event.ack_seq
        elif isinstance(event, TagsRead):
            if (
                not self._counting
            ):  # until the first command the PLC knows better than the link's news, which may be old
                self._command_seq = int(event.values.get("ack_seq", self._command_seq))
            if not self._cancels:
                self._stop_seq = int(event.values.get("stop_ack", self._stop_seq))
        self._cancels.discard(getattr(event, "id", ""))

    def emit(self, effect: Effect) -> None:
        """Note what ``effect`` sends."""
        if getattr(effect, "id", "") in self._unsent:
            return
        if isinstance(effect, Move):
            self._note(MOTION, effect.id, lambda: motion.move_bytes(effect.to_mm, effect.feed_mm_s))
        elif isinstance(effect, DoMotion):
            self._note(MOTION, effect.id, lambda: motion.verb_bytes(effect.verb))
        elif isinstance(effect, RunCommand):
            self._counting = True
            seq = plc.next_number(self._command_seq)
            if self._note(PLC, effect.id, lambda: plc.command_pdu(self._map, effect.name, effect.params, seq)):
                self._command_seq = seq
        elif isinstance(effect, CancelCommand):
            self._stop_seq = plc.next_number(self._stop_seq)
            self._cancels.add(effect.id)
            self._note(PLC, effect.id, lambda: plc.stop_pdu(self._map, self._stop_seq))

    def _note(self, device: str, effect_id: str, encode: Callable[[], bytes]) -> bool:
        try:
            self._sent.append(Sent(device, effect_id, encode()))
        except PlcError as error:
            self._sent.append(Sent(device, effect_id, b"", error.message))
            return False
        return True


def unsent_ids(recording: Recording) -> frozenset[str]:
    """Ids of effects for which nothing went out, in a recording that has wires at all."""
    out = {wire.id for wire in recording.wires if wire.out}
    if not out:
        return frozenset()
    polled = {e.id for e in recording.effects if isinstance(e, DoMotion) and motion.verb_bytes(e.verb) == b"?"}
    asked = {e.id for e in recording.effects if isinstance(e, Move | RunCommand | CancelCommand | DoMotion)}
    return frozenset(asked - out - polled)
