"""One process of `delid train render`: FOLDER NUMBER PROCESSES."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ._produce import work

if __name__ == "__main__":
    os.nice(10)  # rendering fills every core and must not starve a running cell
    work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
