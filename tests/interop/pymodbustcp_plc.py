"""A PLC of pyModbusTCP. Prints its port and serves until it is ended.

python tests/interop/pymodbustcp_plc.py
"""

from __future__ import annotations

import socket

from plc_program import Program
from pyModbusTCP.server import DataBank, ModbusServer


class Bank(DataBank):  # type: ignore[misc]
    """Lets the program run before each read."""

    def __init__(self) -> None:
        super().__init__()
        self.program = Program()

    def get_holding_registers(self, address: int, number: int = 1, srv_info: object = None) -> list[int] | None:
        self.program.scan()
        values = self.program.registers[address : address + number]
        return values if len(values) == number else None

    def set_holding_registers(self, address: int, word_list: list[int], srv_info: object = None) -> bool | None:
        if address + len(word_list) > len(self.program.registers):
            return None
        self.program.registers[address : address + len(word_list)] = word_list
        return True


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    port = free_port()
    server = ModbusServer(host="127.0.0.1", port=port, no_block=True, data_bank=Bank())
    server.start()
    print(port, flush=True)
    server._serve_th.join()
