"""One fault of a configuration file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConfigFinding:
    """Where (file, 1-based line, key), which kind (a stable code), what, and what to do."""

    path: Path
    line: int
    code: str
    message: str
    hint: str = ""
    key: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.key + ': ' if self.key else ''}{self.message}"
