"""The world outside the wire: simulated PLC, robot and camera. They speak the protocols and share no driver code."""

from ._world import PlcFacts, RobotFacts, World

__all__ = ["PlcFacts", "RobotFacts", "World"]
