"""A client that is not delid's and not pymodbus, against the simulated PLC: prints what it saw as JSON.

    python tests/interop/ask.py pymodbustcp PORT
    python tests/interop/ask.py minimalmodbus DEVICE

It reads the status block, sends start_extraction (code 4) as the next number, waits for its end, and asks for a
register that is not in the map.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

Read = Callable[[int, int], "list[int] | None"]
Write = Callable[[int, list[int]], object]


def ask(read: Read, write: Write) -> dict[str, object]:
    first = read(0, 32)
    assert first is not None
    number = first[4] + 1
    write(110, [0, 0, 0, 0, 4, number])
    end_s = time.monotonic() + 5.0
    while (now := read(0, 32)) and now[5] != number and time.monotonic() < end_s:
        time.sleep(0.02)
    assert now is not None
    return {
        "magic": first[0],
        "ack": now[4],
        "done": now[5],
        "result": now[6],
        "flags": now[9],
        "beat": now[2] - first[2],
    }


def by_pymodbustcp(port: str) -> dict[str, object]:
    from pyModbusTCP.client import ModbusClient

    client = ModbusClient(host="127.0.0.1", port=int(port), unit_id=1, timeout=2.0)
    seen = ask(client.read_holding_registers, client.write_multiple_registers)
    client.read_holding_registers(32, 1)
    return seen | {"exception": client.last_except}


def by_minimalmodbus(device: str) -> dict[str, object]:
    import minimalmodbus
    import serial

    instrument = minimalmodbus.Instrument(serial.Serial(device, 19200, timeout=2.0), 1)
    seen = ask(instrument.read_registers, instrument.write_registers)
    try:
        instrument.read_register(32)
    except minimalmodbus.IllegalRequestError:
        return seen | {"exception": 2}
    return seen | {"exception": 0}


if __name__ == "__main__":
    how = {"pymodbustcp": by_pymodbustcp, "minimalmodbus": by_minimalmodbus}[sys.argv[1]]
    print(json.dumps(how(sys.argv[2])))
