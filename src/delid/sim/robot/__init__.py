"""The simulated robots: a gantry behind grbl or Klipper on a pseudo-terminal, an arm on Modbus."""

from ._arm import ArmLogic
from ._arm_server import ArmServer, run_arm
from ._klipper import KlipperLogic
from ._logic import GrblLogic
from ._scenario import EndlessHold, Garbage, MissingOk, RaisedAlarm, Reboot, RobotScenario, Vanish
from ._server import RobotServer, run_robot
from ._travel import Machine, Travel

__all__ = [
    "ArmLogic",
    "ArmServer",
    "EndlessHold",
    "Garbage",
    "GrblLogic",
    "KlipperLogic",
    "Machine",
    "MissingOk",
    "RaisedAlarm",
    "Reboot",
    "RobotScenario",
    "RobotServer",
    "Travel",
    "Vanish",
    "run_arm",
    "run_robot",
]
