"""The wire seam: the bytes that the drivers' codecs make of the effects, in order."""

from __future__ import annotations

from collections.abc import Collection
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
    """What one effect puts on a wire, and what it means; without bytes, why the codec refuses it."""

    device: str
    id: str
    data: bytes
    meaning: str


class WireSeam:
    """Counts command numbers as the PLC driver does: on from the last one that the PLC has taken.

    Args:
        register_map: of the cell that is replayed.
        robot: the wire of the cell's motion driver; grbl's if not given.
        unsent: ids of recorded effects whose driver sent nothing, because a link was down for example.
    """

    def __init__(
        self, register_map: RegisterMap, unsent: Collection[str] = (), robot: motion.MotionWire | None = None
    ) -> None:
        self._map = register_map
        self._robot = robot or motion.wire_of("grbl")
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
        elif isinstance(event, LinkChanged) and event.device == MOTION and event.ack_seq is not None:
            self._robot.begin(event.ack_seq)
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
            data = self._robot.move(effect.to_mm, effect.feed_mm_s)
            self._sent.append(Sent(MOTION, effect.id, data, repr(data.decode("ascii", "replace"))))
        elif isinstance(effect, DoMotion):
            self._sent.append(Sent(MOTION, effect.id, self._robot.verb(effect.verb), effect.verb.value))
        elif isinstance(effect, RunCommand):
            self._command(effect)
        elif isinstance(effect, CancelCommand):
            self._stop_seq = plc.next_number(self._stop_seq)
            self._cancels.add(effect.id)
            self._sent.append(Sent(PLC, effect.id, plc.stop_pdu(self._map, self._stop_seq), "cancel"))

    def _command(self, effect: RunCommand) -> None:
        self._counting = True
        seq = plc.next_number(self._command_seq)
        try:
            data = plc.command_pdu(self._map, effect.name, effect.params, seq)
        except PlcError as error:
            self._sent.append(Sent(PLC, effect.id, b"", f"nothing: {error.message}"))
            return
        self._command_seq = seq
        params = "".join(f", {name} {value:g}" for name, value in sorted(effect.params.items()))
        self._sent.append(Sent(PLC, effect.id, data, f"{effect.name}{params}"))


def unsent_ids(recording: Recording) -> frozenset[str]:
    """Ids of effects for which nothing went out, in a recording that has wires at all."""
    out = {wire.id for wire in recording.wires if wire.out}
    if not out:
        return frozenset()
    polled = {e.id for e in recording.effects if isinstance(e, DoMotion) and motion.verb_bytes(e.verb) == b"?"}
    asked = {e.id for e in recording.effects if isinstance(e, Move | RunCommand | CancelCommand | DoMotion)}
    return frozenset(asked - out - polled)
