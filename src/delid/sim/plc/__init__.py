"""The simulated PLC: its program in plain Python, a simulated cell behind it, pymodbus's server in front of it."""

from ._logic import PlcLogic
from ._registers import block_values, flag_bits, status_registers
from ._scenario import Inputs, Scenario, Site, TimedInputs, Voltage, load_site, set_inputs
from ._server import run_plc, serve, serve_rtu

__all__ = [
    "Inputs",
    "PlcLogic",
    "Scenario",
    "Site",
    "TimedInputs",
    "Voltage",
    "block_values",
    "flag_bits",
    "load_site",
    "run_plc",
    "serve",
    "serve_rtu",
    "set_inputs",
    "status_registers",
]
