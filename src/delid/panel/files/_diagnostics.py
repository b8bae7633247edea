"""What somebody who helps from afar needs to know, and nothing that is secret."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import platform
import re
import zipfile
from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from delid.config import Cell, read_document
from delid.core import ConfigError

PACKAGES = ("delid", "numpy", "opencv-python", "onnxruntime", "pydantic", "pymodbus", "pyserial", "pyzmq", "fastapi",
            "starlette", "uvicorn", "websockets", "mcap", "ortools", "cryptography", "argon2-cffi")  # fmt: skip
SECRET_KEY = (
    r"(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|private[_-]?key|credential|cookie|setup"
    r"|(?<![a-z])(?:auth|authorization|pin)(?![a-z]))"
)
SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 REMOVED"),
    (re.compile(rf"(?im)([\"']?\b[\w.-]*{SECRET_KEY}[\w.-]*[\"']?\s*[:=]\s*)(\"[^\"\n]*\"|'[^'\n]*'|[^\s,}}\]#]+)"),
     r"\1REMOVED"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s:@]+(:[^/\s@]*)?@"), r"\1REMOVED@"),
    (re.compile(r"\bdelid_[0-9a-f]{12}_[\w-]{20,}"), "REMOVED"),
    (re.compile(r"#setup=[\w-]+"), "#setup=REMOVED"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S), "REMOVED"),
)  # fmt: skip
"""What a secret looks like, and what stands in its place."""
LOG_FILES = ("cell.log", "panel.log")
MOST_LOG_BYTES = 2_000_000


def without_secrets(text: str) -> str:
    """``text`` with everything replaced that looks like a secret."""
    for pattern, replacement in SECRETS:
        text = pattern.sub(replacement, text)
    return text


def versions() -> dict[str, str]:
    """delid, Python, the machine and the packages that matter."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.release()}",
             "machine": platform.machine()}  # fmt: skip
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def model_facts(cell: Cell) -> list[dict[str, Any]]:
    """The models of a cell: the digest of each file, and whether it is what its manifest says."""
    spec = cell.spec.models
    folders = {name: getattr(spec, name) for name in type(spec).model_fields if name != "gallery"}
    return [_model(name, cell.resolve(folder)) for name, folder in folders.items() if isinstance(folder, Path)]


def _model(name: str, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "folder": str(folder), "sha256": None, "matches": False, "facts": {}}
    try:
        manifest = read_document(folder / "manifest.yaml").data
    except ConfigError as error:
        return found | {"facts": {"problem": str(error)}}
    facts = {key: manifest[key] for key in ("model", "version", "task", "trained_on") if key in manifest}
    path = folder / str(manifest.get("file", "model.onnx"))
    if path.is_file():
        stat = path.stat()
        found["sha256"] = _digest(path, stat.st_mtime_ns, stat.st_size)
    return found | {"facts": facts, "matches": found["sha256"] == manifest.get("sha256")}


@lru_cache(maxsize=32)
def _digest(path: Path, changed_ns: int, size: int) -> str:
    """SHA-256 of a file; told apart by its time and size, so that it is not read again and again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def log_tail(folder: Path, count: int) -> list[str]:
    """The last lines of the logs in a folder, without secrets."""
    lines: deque[str] = deque(maxlen=count)
    for name in LOG_FILES:
        lines.extend(_tail(folder / name))
    return [without_secrets(line) for line in lines]


def support_bundle(parts: Mapping[str, Any], texts: Mapping[str, str], log_folder: Path) -> bytes:
    """A zip archive of plain data, configuration texts and logs, without secrets."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, value in parts.items():
            text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
            bundle.writestr(name, without_secrets(text))
        for name, text in texts.items():
            bundle.writestr(f"config/{Path(name).parent.name}/{Path(name).name}", without_secrets(text))
        for name in LOG_FILES:
            if lines := _tail(log_folder / name):
                bundle.writestr(f"log/{name}", without_secrets("\n".join(lines)))
    return out.getvalue()


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - MOST_LOG_BYTES))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
