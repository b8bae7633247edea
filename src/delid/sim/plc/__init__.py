"""The simulated PLC: its program in plain Python, a simulated cell behind it, pymodbus's server in front of it."""

from ._commands import COMMANDS, Running
from ._logic import PlcLogic
from ._machine import Machine
from ._registers import block_values, flag_bits, status_registers
from ._scenario import Inputs, Scenario, Site, TimedInputs, Voltage, load_site, set_inputs, site_of
from ._server import run_plc, serve, serve_rtu

__all__ = [
    "COMMANDS",
    "Inputs",
    "Machine",
    "PlcLogic",
    "Running",
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
    "site_of",
    "status_registers",
]
