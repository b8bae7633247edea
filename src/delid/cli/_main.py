"""The table of commands, and what an error becomes: exit 0 good, 1 the answer is no, 2 used wrongly, 3 a fault."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from typing import Annotated, Any

import structlog
import typer
from typer.core import TyperGroup

from delid.core import ConfigError, DelidError, UsageError

WRONG_USE, FAULT = 2, 3

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Watch a recorded pack being dismantled against a simulated PLC and robot."),
    "serve": ("serve", "Start and supervise a cell and its panel."),
    "cell": ("cell", "Run a cell."),
    "panel": ("panel", "Serve the operator's page."),
    "status": ("status", "Say how a running cell stands."),
    "mode": ("status:mode", "Show or choose a running cell's mode: production, maintenance, manual."),
    "health": ("health", "Tell a running cell what was measured of its pack, and where it goes."),
    "jog": ("jog", "Move a running cell's robot by hand, in the mode manual."),
    "alarms": ("alarms:alarms_app", "See, acknowledge and shelve the alarms of a running cell."),
    "inspect": ("inspect", "Say which pack an image shows and how it is damaged."),
    "plan": ("plan", "Plan from an inspection, with reasons."),
    "times": ("times:times_app", "Learn from recordings how long the acts of a cell take."),
    "recipe": ("recipe:recipe_app", "Check and show recipes."),
    "packs": ("packs:packs_app", "List and show pack files."),
    "calibrate": ("calibrate:calibrate_app", "Calibrate cameras: print a board, lens, place, hand-eye, check."),
    "config": ("config:config_app", "Check configuration files; write their JSON Schemas."),
    "replay": ("replay", "Replay recordings and compare decisions with the references."),
    "replay-report": ("replay_report", "Report on thousands of replayed recordings."),
    "coverage": ("coverage", "Show which branches of the recipes the recordings reach, and what to record next."),
    "record": ("record", "Record frames of a cell's cameras."),
    "recording": ("recording:recording_app", "Look into, repair, cut, redact, export, import and tidy recordings."),
    "account": ("account:account_app", "Energy, carbon, materials and duties, from a battery's record."),
    "ledger": ("ledger:ledger_app", "Verify, prove and export the batteries' record; its keys."),
    "battery": ("battery:battery_app", "One battery's record: certificate, exports, hold, retention; a passport read."),
    "sim": ("sim:sim_app", "Run the simulated PLC or robot alone."),
    "train": ("train:app", "Render, fit, export and evaluate the models."),
}
"""Command to ``module[:attribute]`` in this package, and its line of help."""


class LazyGroup(TyperGroup):
    """Imports a command's module only when that command is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        target, words = COMMANDS[cmd_name]
        module, _, attribute = target.partition(":")
        found = getattr(importlib.import_module(f"delid.cli.{module}"), attribute or module)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            single = typer.Typer(add_completion=False)
            single.command(cmd_name)(found)
            command = typer.main.get_command(single)
        command.name, command.short_help = cmd_name, words
        return command


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"delid {importlib.metadata.version('delid')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    """delid: a dismantling cell controller for retired traction-battery packs."""


def main() -> None:
    """Entry point of ``delid``. Messages go to stderr, so that stdout holds results only."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        app()
    except* DelidError as group:
        for error in _leaves(group):
            print(error, file=sys.stderr)
        wrong = all(isinstance(error, (ConfigError, UsageError)) for error in _leaves(group))
        raise SystemExit(WRONG_USE if wrong else FAULT) from None


def _leaves(group: BaseExceptionGroup[DelidError]) -> list[DelidError]:
    found: list[DelidError] = []
    for error in group.exceptions:
        found.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found
