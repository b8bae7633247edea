"""The world outside the wire: simulated PLC, robot and camera. They speak the protocols and share no driver code."""

from ._world import PackFacts, PlcFacts, RobotFacts, World

__all__ = ["PackFacts", "PlcFacts", "RobotFacts", "World"]
