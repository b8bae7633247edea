"""The simulated PLC: its program in plain Python, a simulated cell behind it, pymodbus's server in front of it."""

from ._logic import PlcLogic
from ._scenario import Inputs, Scenario, Site, TimedInputs, Voltage, load_site, set_inputs
from ._server import run_plc, serve

__all__ = [
    "Inputs",
    "PlcLogic",
    "Scenario",
    "Site",
    "TimedInputs",
    "Voltage",
    "load_site",
    "run_plc",
    "serve",
    "set_inputs",
]
