"""The gallery of taught packs, and the open-set question: which of them is this, or none?"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from delid.core import ModelError, PackCandidate, PackStatus, PackVerdict

from ._manifest import PackThreshold

MAX_CANDIDATES = 5
"""A person can weigh this many; the rest of a long gallery would only hide them."""


class PrototypeFile(BaseModel):
    """One taught pack: ``vectors`` is base64 of little-endian float32, n x dim."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pack: Annotated[str, Field(min_length=1)]
    model_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    dim: Annotated[int, Field(gt=0)]
    provenance: str | dict[str, object]
    vectors: str

    def matrix(self) -> NDArray[np.float32]:
        """The vectors, n x dim, each of length one; raises ValueError when they are none."""
        raw = base64.b64decode(self.vectors, validate=True)
        if not raw or len(raw) % (4 * self.dim):
            raise ValueError(f"{len(raw)} bytes are no whole number of vectors of {self.dim} numbers")
        matrix = np.frombuffer(raw, "<f4").reshape(-1, self.dim).astype(np.float32)
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        if not np.isfinite(matrix).all() or not (lengths > 1e-6).all():
            raise ValueError("a vector is not finite or has no length")
        return np.asarray(matrix / lengths, np.float32)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Prototypes of the taught packs by name, each n x dim with rows of length one."""

    prototypes: dict[str, NDArray[np.float32]]

    def scores(self, embedding: NDArray[np.float32], neighbours: int) -> tuple[PackCandidate, ...]:
        """Every taught pack with the mean of its highest cosine similarities, best first; equals by name."""
        vector = embedding.ravel() / max(float(np.linalg.norm(embedding)), 1e-12)
        found = []
        for name, matrix in self.prototypes.items():
            similarity = np.sort(matrix @ vector)[-neighbours:]
            found.append(PackCandidate(name, float(similarity.mean())))
        return tuple(sorted(found, key=lambda c: (-c.score, c.model)))


def judge_pack(candidates: tuple[PackCandidate, ...], threshold: PackThreshold) -> PackVerdict:
    """Known when the best reaches ``min_score`` and leads by ``margin``; ``candidates`` stand best first."""
    best = candidates[0] if candidates else None
    lead = best.score - candidates[1].score if best and len(candidates) > 1 else float("inf")
    status = PackStatus.KNOWN
    if best is None or best.score < threshold.min_score:
        status = PackStatus.UNKNOWN
    elif lead < threshold.margin:
        status = PackStatus.AMBIGUOUS
    return PackVerdict(
        status=status,
        model=best.model if best and status is PackStatus.KNOWN else None,
        confidence=_unit(best.score) if best else 0.0,
        candidates=tuple(PackCandidate(c.model, _unit(c.score)) for c in candidates[:MAX_CANDIDATES]),
    )


def load_gallery(folder: Path | str, model_sha256: str, dim: int) -> Gallery:
    """All prototype files of a folder. An empty folder is a cell that has been taught nothing yet.

    Raises ModelError: ``model.gallery_missing``, ``model.gallery_broken``, or ``model.gallery_foreign`` when a file
    was made with another model, whose numbers mean something else.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(f"there is no gallery at {folder}.", code="model.gallery_missing", hint="Check the path.")
    prototypes: dict[str, NDArray[np.float32]] = {}
    for path in sorted(folder.glob("*.json")):
        name, matrix = _load_prototypes(path, model_sha256, dim)
        if name in prototypes:
            raise _broken(path, f"pack {name} is taught by two files")
        prototypes[name] = matrix
    return Gallery(prototypes)


def _load_prototypes(path: Path, model_sha256: str, dim: int) -> tuple[str, NDArray[np.float32]]:
    try:
        file = PrototypeFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise _broken(path, "it is not a gallery file") from error
    if file.model_sha256 != model_sha256:
        raise ModelError(
            f"{path} was taught with another model ({file.model_sha256[:12]}..., in use is {model_sha256[:12]}...); "
            "their numbers cannot be compared.",
            code="model.gallery_foreign",
            hint=f"Teach {file.pack} again with the model in use, or put the matching model back.",
        )
    if file.dim != dim:
        raise _broken(path, f"its vectors have {file.dim} numbers, the model gives {dim}")
    try:
        return file.pack, file.matrix()
    except (ValueError, binascii.Error) as error:
        raise _broken(path, str(error)) from error


def _broken(path: Path, words: str) -> ModelError:
    return ModelError(f"{path}: {words}.", code="model.gallery_broken", hint="Teach the pack again.")


def _unit(score: float) -> float:
    return round(min(max(score, 0.0), 1.0), 4)
