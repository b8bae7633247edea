"""Which channel a fact goes to and as which message, and back. Pure."""

from __future__ import annotations

from typing import Any

from mcap.records import Message

from delid.core import (
    AlarmAcknowledged,
    AlarmShelved,
    Answered,
    Decided,
    Effect,
    Event,
    JogHeld,
    JogPressed,
    JogReleased,
    Located,
    Looked,
    ModeSelected,
    OperatorCommanded,
    Record,
    Ticked,
    Wire,
    from_json,
    to_json,
)

from ._recording import (
    CLOCK_TOPIC,
    DECISION_TOPIC,
    EFFECT_TOPIC,
    EVENT_TOPIC,
    INSPECTION_TOPIC,
    OPERATOR_TOPIC,
    RECORD_TOPIC,
    TRAFFIC_TOPIC,
    WIRE_TOPIC,
    Fact,
)
from ._schemas import Clock, Json, WireBytes

TOPIC_OF: dict[type, str] = {
    Looked: INSPECTION_TOPIC,
    Located: INSPECTION_TOPIC,
    Decided: DECISION_TOPIC,
    OperatorCommanded: OPERATOR_TOPIC,
    Answered: OPERATOR_TOPIC,
    ModeSelected: OPERATOR_TOPIC,
    JogPressed: OPERATOR_TOPIC,
    JogHeld: OPERATOR_TOPIC,
    JogReleased: OPERATOR_TOPIC,
    AlarmAcknowledged: OPERATOR_TOPIC,
    AlarmShelved: OPERATOR_TOPIC,
    Ticked: CLOCK_TOPIC,
    Record: RECORD_TOPIC,
    Wire: WIRE_TOPIC,
}
"""Facts with a channel of their own; other events and effects go to the common ones."""

JSON_FACTS: dict[str, Any] = {
    EVENT_TOPIC: Event,
    INSPECTION_TOPIC: Event,
    DECISION_TOPIC: Event,
    OPERATOR_TOPIC: Event,
    EFFECT_TOPIC: Effect,
    RECORD_TOPIC: Record,
}
"""Channels of facts written as JSON, and what they are read as."""
FACT_TOPICS = frozenset({*JSON_FACTS, CLOCK_TOPIC, WIRE_TOPIC})


def topic_of(fact: Fact) -> str:
    """The channel of a fact."""
    return TOPIC_OF.get(type(fact), EVENT_TOPIC if isinstance(fact, Event) else EFFECT_TOPIC)


def traffic_topic(device: str) -> str:
    """The channel of everything that goes over a device's wire."""
    return TRAFFIC_TOPIC + device


def message_of(fact: Fact, at_s: float, wall_s: float) -> Any:
    """A fact as a protobuf message; raises TypeError or ValueError where it cannot be written."""
    if isinstance(fact, Wire):
        return WireBytes(at_s=fact.at_s, device=fact.device, out=fact.out, data=fact.data, id=fact.id)
    if isinstance(fact, Ticked):
        return Clock(at_s=fact.at_s, wall_s=wall_s)
    return Json(at_s=at_s, id=getattr(fact, "id", ""), json=to_json(fact, tagged=True))


def fact_of(topic: str, message: Message) -> Fact:
    """A message as the fact that it was; raises KeyError, TypeError or ValueError where it does not fit."""
    if topic == WIRE_TOPIC or topic.startswith(TRAFFIC_TOPIC):
        wire = WireBytes.FromString(message.data)
        return Wire(at_s=wire.at_s, device=wire.device, out=wire.out, data=wire.data, id=wire.id)
    if topic == CLOCK_TOPIC:
        return Ticked(Clock.FromString(message.data).at_s)
    fact: Fact = from_json(JSON_FACTS[topic], Json.FromString(message.data).json)
    return fact
