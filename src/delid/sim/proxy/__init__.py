"""Proxies that stand in a wire and do to it what a shop floor does."""

from ._faults import Direction, Fault, Switched, TimedFault, parse_fault, play
from ._tcp import TcpFaults, TcpProxy

__all__ = ["Direction", "Fault", "Switched", "TcpFaults", "TcpProxy", "TimedFault", "parse_fault", "play"]
