"""JSON Schema of every configuration file, for completion in the editor."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from ._calibration import CalibrationFile
from ._cell import CellFile
from ._pack import PackFile
from ._plc import RegisterMap
from ._program import ProgramMap
from ._recipe import RecipeFile

SCHEMAS: dict[str, type[BaseModel]] = {
    "calibration": CalibrationFile,
    "cell": CellFile,
    "pack": PackFile,
    "plc": RegisterMap,
    "recipe": RecipeFile,
    "robot": ProgramMap,
}


def schema_text(name: str) -> str:
    """The JSON Schema of one kind of file, ready to write."""
    schema = SCHEMAS[name].model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> list[Path]:
    """Write all schemas into ``folder``; returns the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in SCHEMAS:
        target = folder / f"{name}.json"
        target.write_text(schema_text(name), encoding="utf-8")
        written.append(target)
    return written
