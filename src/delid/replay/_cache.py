"""Inspections kept by what they depend on: the frame's bytes, the models, the settings, the code of vision."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delid.core import RecordingError

FORMAT = 1


class InspectionCache:
    """A folder of small files, one for each key, safe to share between processes and machines.

    Each file begins with the digest of the rest, so that one that was cut or changed counts as missing. A folder that
    cannot be written is no fault of a recording: raises RecordingError ``recording.cache`` at once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Any | None:
        """The data kept under ``key``, or None."""
        try:
            content = self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unusable(error) from error
        digest, _, body = content.partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        return json.loads(body)

    def put(self, key: str, data: Any) -> None:
        """Keep ``data`` whole or not at all; of two that write the same key the later one counts."""
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        path = self._path(key)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            os.replace(part, path)
        except OSError as error:
            raise self._unusable(error) from error

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key[2:]}.json"

    def _unusable(self, error: OSError) -> RecordingError:
        return RecordingError(
            f"the cache of inspections {self.folder} cannot be used: {error.strerror or error}.",
            hint="Give --cache a folder that can be read and written.",
            code="recording.cache",
        )


@dataclass(slots=True)
class CacheUse:
    """How often the cache had the answer."""

    hits: int = 0
    misses: int = 0


class Twice:
    """Keeps what was inferred once until it was inferred again and is the same; only then it goes into the cache.

    A cache that is filled from one inference would hide that the models do not answer twice alike.
    """

    def __init__(self, cache: InspectionCache) -> None:
        self._cache, self._once = cache, dict[str, Any]()
        self.use = CacheUse()

    def ask(self, key: str, infer: Callable[[], Any]) -> Any:
        """The kept data of ``key``, or what ``infer`` gives."""
        kept = self._cache.get(key)
        if kept is not None:
            self.use.hits += 1
            return kept
        self.use.misses += 1
        found = infer()
        if key in self._once and self._once.pop(key) == found:
            self._cache.put(key, found)
        else:
            self._once[key] = found
        return found

    def forget(self) -> None:
        """Another recording begins; what was seen once only is not kept."""
        self._once.clear()
