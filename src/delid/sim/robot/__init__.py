"""The simulated robot: a gantry behind a grbl 1.1 / grblHAL controller on a pseudo-terminal."""

from ._logic import GrblLogic
from ._scenario import EndlessHold, Garbage, MissingOk, RaisedAlarm, Reboot, RobotScenario, Vanish
from ._server import RobotServer, run_robot
from ._travel import Machine, Travel

__all__ = [
    "EndlessHold",
    "Garbage",
    "GrblLogic",
    "Machine",
    "MissingOk",
    "RaisedAlarm",
    "Reboot",
    "RobotScenario",
    "RobotServer",
    "Travel",
    "Vanish",
    "run_robot",
]
