"""A PLC of uModbus on a serial port. Prints 0 when it is there and serves until it is ended.

python tests/interop/umodbus_plc.py DEVICE
"""

from __future__ import annotations

import sys

from plc_program import Program
from serial import Serial
from umodbus.server.serial import get_server
from umodbus.server.serial.rtu import RTUServer

PROGRAM = Program()


def main(device: str) -> None:
    server = get_server(RTUServer, Serial(device, 19200, timeout=0.01))

    @server.route(slave_ids=[1], function_codes=[3], addresses=list(range(128)))
    def read(slave_id: int, function_code: int, address: int) -> int:
        if address == 0:
            PROGRAM.scan()
        return PROGRAM.registers[address]

    @server.route(slave_ids=[1], function_codes=[16], addresses=list(range(128)))
    def write(slave_id: int, function_code: int, address: int, value: int) -> None:
        PROGRAM.registers[address] = value

    print(0, flush=True)
    server.serve_forever(poll_interval=0.001)


if __name__ == "__main__":
    main(sys.argv[1])
