"""For every alarm: how urgent it is, and what a person does. One table; the list, the panel and the tests read it."""

from __future__ import annotations

from dataclasses import dataclass

from ._alarm import Priority

CRITICAL, HIGH, MEDIUM, LOW = Priority
CLEAR = "Clear and Reset"


@dataclass(frozen=True, slots=True)
class Advice:
    """``latched``: it stays until a person clears, resets or goes on; else acknowledging it is enough."""

    priority: Priority
    todo: str
    latched: bool = True


ALARMS: dict[str, Advice] = {
    "plc.smoke": Advice(
        CRITICAL,
        "Keep everybody out and call the fire brigade. The quench has been asked for: check that "
        "it flows. Do not open the guard before the pack is cold",
    ),
    "plc.heat": Advice(
        CRITICAL,
        "Keep everybody out and watch pack and temperature. Check that the quench flows. Call the fire "
        "brigade if it rises further or smokes",
    ),
    "plc.heat_rise": Advice(
        CRITICAL,
        "Keep everybody out: the pack heats up by itself. Check that the quench flows. Call the "
        "fire brigade if it rises further or smokes",
    ),
    "plc.quench": Advice(
        CRITICAL,
        "Find out who or what opened the quench. Keep out while the pack may be hot. Close it with the "
        f"PLC's reset button, then {CLEAR}",
    ),
    "thermal.quench": Advice(CRITICAL, "Open the quench by hand at the cell, now"),
    "thermal.extraction_full": Advice(CRITICAL, "Switch the extraction to full at the cell, now"),
    "thermal.retract": Advice(HIGH, "Leave the tool where it is. When the pack is cold, bring it up in manual mode"),
    "thermal.stop": Advice(CRITICAL, "Use the cell's hardwired emergency stop if the robot still moves"),
    "abort.*": Advice(
        CRITICAL, "Use the cell's hardwired emergency stop if anything still moves. Then check robot and PLC"
    ),
    "plc.gas": Advice(
        HIGH, "Leave the cell and let the extraction run. Measure before anybody goes in, then Clear and Reset"
    ),
    "plc.estop": Advice(HIGH, f"Find out why it was pressed. Release it at the cell, then {CLEAR}"),
    "plc.guard": Advice(HIGH, f"See that nobody is inside, close the guard, then {CLEAR}"),
    "plc.link": Advice(HIGH, f"Check power and network cable of the PLC. When its values come again, {CLEAR}"),
    "plc.stale": Advice(HIGH, f"Check the PLC: its program may stand still. When its values change again, {CLEAR}"),
    "plc.watchdog": Advice(
        HIGH, f"The PLC heard nothing of delid for a moment. Check network and load of this machine, then {CLEAR}"
    ),
    "motion.link": Advice(HIGH, f"Check power and cable of the robot, then {CLEAR}; it homes"),
    "motion.fault": Advice(HIGH, f"Look at the robot and put right what its fault names, then {CLEAR}"),
    "motion.position": Advice(HIGH, f"See that the tool can go straight up, then {CLEAR}: the robot homes"),
    "act.*": Advice(
        HIGH, f"A device failed in the middle of a step. Look at robot and pack, put it right, then {CLEAR}"
    ),
    "jog.failed": Advice(HIGH, f"See that the robot stands, then {CLEAR}"),
    "*.failed": Advice(HIGH, "Put right what the text names, then Clear if the cell is aborted, and Reset"),
    "pack.isolation": Advice(
        HIGH,
        "Touch nothing of the pack without insulated gloves. Take it out and bring it to the quarantine "
        "place, then Reset",
    ),
    "quarantine.signal_quarantine": Advice(
        HIGH, "Mark the pack for quarantine by hand and switch the extraction to full"
    ),
    "quarantine.retract": Advice(
        HIGH, "The tool is still down. Bring it up in manual mode before the pack is taken out"
    ),
    "quarantine.stop": Advice(CRITICAL, "Use the cell's hardwired emergency stop if the robot still moves"),
    "pack.voltage": Advice(
        MEDIUM, "Pull the service disconnect and wait until the voltage is low, then Unhold. If it stays high, Stop"
    ),
    "plc.extraction": Advice(MEDIUM, "Switch the extraction on at the PLC, check filter and flap, then Unhold"),
    "plc.clamp": Advice(
        MEDIUM, "Check that the pack lies right, close the clamps at the PLC, then Unhold. If they do not close, Stop"
    ),
    "plc.permission": Advice(MEDIUM, "Put right what the PLC shows and press its reset button, then Unhold"),
    "camera.frames": Advice(MEDIUM, "Check power, cable and lens of the camera. When the picture moves again, Unhold"),
    "journal.write": Advice(MEDIUM, "Free some space on the disk that holds the runs, then Unhold"),
    "ledger.write": Advice(
        MEDIUM, "Free some space on the disk that holds the batteries' record, or bring its database back, then Unhold"
    ),
    "permissive": Advice(MEDIUM, "Put right what the text names, then Unhold"),
    "run.unfinished": Advice(
        MEDIUM, "Look at the cell: what hangs at the tool, what is loose. Then Clear, Reset and Start"
    ),
    "operator.abort": Advice(MEDIUM, "When the reason is gone, Clear and Reset"),
    "light.*": Advice(LOW, "Nothing now. Have the lamp checked", latched=False),
}
"""By code, or by the part of a code that a family has in common; the longest entry that fits counts."""

OTHER = Advice(MEDIUM, "Put right what the text names, then go on")


def advice_of(code: str) -> Advice:
    """The entry for a code: its own, its family's (``act.*``), or that of its kind (``*.failed``)."""
    head, _, tail = code.partition(".")
    return ALARMS.get(code) or ALARMS.get(f"{head}.*") or ALARMS.get(f"*.{tail}") or OTHER
