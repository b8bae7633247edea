"""Proxies that stand in a wire and do to it what a shop floor does."""

from ._faults import Direction, Fault, Switched, TimedFault, WireFaults, parse_fault, play
from ._serial import SerialProxy
from ._tcp import TcpProxy

__all__ = [
    "Direction",
    "Fault",
    "SerialProxy",
    "Switched",
    "TcpProxy",
    "TimedFault",
    "WireFaults",
    "parse_fault",
    "play",
]
