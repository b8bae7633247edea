"""delid: a dismantling cell controller for retired traction-battery packs."""

__version__ = "0.1.0"
