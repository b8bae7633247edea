"""delid: a dismantling cell controller for retired traction-battery packs."""

import os

__version__ = "0.1.0"

# From 1.29 on onnxruntime sends what it runs, and a number of the machine, to its maker unless this is set before its
# first import. Nothing leaves the machine of a cell.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
