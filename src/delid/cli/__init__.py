"""The command line: one file for each command group, loaded when it is called."""

from ._main import main

__all__ = ["main"]
