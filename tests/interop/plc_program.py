"""The handshake of cell_configs/plc/delid-1.yaml by its register numbers, for servers that are written in Python."""

from __future__ import annotations

ACK, DONE, RESULT, ERROR, STOP_ACK = 4, 5, 6, 7, 8
BEAT, STOP, TORQUE, CODE, SEQ = 100, 102, 110, 114, 115


class Program:
    """Registers 0..127. ``scan`` before each read: a command is taken at one and ended at the next."""

    def __init__(self) -> None:
        self.registers = [0] * 128
        self.registers[0], self.registers[1], self.registers[20] = 0xDE11, 3, 1

    def scan(self) -> None:
        r = self.registers
        r[2] = (r[2] + 1) & 0xFFFF
        r[3], r[STOP_ACK] = r[BEAT], r[STOP]
        if r[ACK] != r[DONE]:
            seized = r[CODE] == 10 and r[TORQUE] < 1000
            r[DONE], r[RESULT], r[ERROR] = r[ACK], 3 if seized else 2, 1 if seized else 0
        elif r[SEQ] not in (0, r[ACK]):
            r[ACK], r[RESULT] = r[SEQ], 1
