"""The gallery of taught packs, and the open-set question: which of them is this, or none?"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from delid.core import ModelError, PackCandidate, PackStatus, PackVerdict

from ._manifest import PackThreshold

MAX_CANDIDATES = 5
"""A person can weigh this many; the rest of a long gallery would only hide them."""
FORMAT_VERSION: Final = 2
"""Written today. Version 1 had free provenance and no threshold of its own; it is still read."""

Vectors = NDArray[np.float32]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnThreshold(_Strict):
    """The lowest score with which this pack is known. It can only be stricter than the model's own threshold."""

    min_score: Annotated[float, Field(ge=-1, le=1)]
    chosen: str


class TaughtPicture(_Strict):
    """Where one vector comes from. A photograph taken under several looks gives one vector for each row of looks."""

    file: str
    sha256: Sha256
    size_px: tuple[int, int]
    looks: tuple[str, ...] = ("ambient",)
    notes: tuple[str, ...] = ()


class PackFileNote(_Strict):
    file: str
    sha256: Sha256


class Provenance(_Strict):
    """Who taught the pack, when, with what. ``pictures`` stand in the order of the vectors."""

    taught_at: str
    """UTC, ISO 8601."""
    taught_by: str
    made_from: str
    model: str
    """Name and version of the model that gave the vectors."""
    pictures: tuple[TaughtPicture, ...]
    pack_file: PackFileNote | None = None
    notes: tuple[str, ...] = ()
    """What was found wrong with the set and taken all the same, and by whose word."""


class PrototypeFile(_Strict):
    """One taught pack: ``vectors`` is base64 of little-endian float32, n x dim."""

    version: Literal[1, 2] = 1
    pack: Annotated[str, Field(min_length=1)]
    model_sha256: Sha256
    dim: Annotated[int, Field(gt=0)]
    threshold: OwnThreshold | None = None
    provenance: Annotated[Provenance | str | dict[str, object], Field(union_mode="left_to_right")]
    vectors: str

    @model_validator(mode="after")
    def _version_2_is_complete(self) -> PrototypeFile:
        if self.version == FORMAT_VERSION and not isinstance(self.provenance, Provenance):
            raise ValueError(f"provenance must be complete in version {FORMAT_VERSION}")
        return self

    def matrix(self) -> Vectors:
        """The vectors, n x dim, each of length one; raises ValueError when they are none."""
        raw = base64.b64decode(self.vectors, validate=True)
        if not raw or len(raw) % (4 * self.dim):
            raise ValueError(f"{len(raw)} bytes are no whole number of vectors of {self.dim} numbers")
        matrix = np.frombuffer(raw, "<f4").reshape(-1, self.dim).astype(np.float32)
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        if not np.isfinite(matrix).all() or not (lengths > 1e-6).all():
            raise ValueError("a vector is not finite or has no length")
        if isinstance(self.provenance, Provenance) and len(self.provenance.pictures) != len(matrix):
            raise ValueError(f"{len(matrix)} vectors, but {len(self.provenance.pictures)} pictures")
        return np.asarray(matrix / lengths, np.float32)

    def picture_names(self) -> tuple[str, ...]:
        """The file behind each vector; nothing where version 1 does not say it."""
        return tuple(p.file for p in self.provenance.pictures) if isinstance(self.provenance, Provenance) else ()


def vectors_text(matrix: NDArray[np.float32]) -> str:
    """Vectors, n x dim, as a gallery file holds them."""
    return base64.b64encode(np.ascontiguousarray(matrix, "<f4").tobytes()).decode()


@dataclass(frozen=True, slots=True)
class Match:
    """The prototype that an embedding comes nearest to. ``picture`` is its file, empty where it is not known."""

    pack: str
    number: int
    score: float
    picture: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """Taught packs by name.

    Attributes:
        prototypes: n x dim with rows of length one.
        min_scores: the packs' own thresholds, for those that have one.
        pictures: the file behind each prototype, for packs whose gallery file says it.
    """

    prototypes: dict[str, Vectors]
    min_scores: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def scores(self, embedding: NDArray[np.float32], neighbours: int) -> tuple[PackCandidate, ...]:
        """Every taught pack with the mean of its highest cosine similarities, best first; equals by name."""
        vector = unit(embedding)
        found = [PackCandidate(name, score_in(matrix, vector, neighbours)) for name, matrix in self.prototypes.items()]
        return tuple(sorted(found, key=lambda c: (-c.score, c.model)))

    def judge(self, embedding: NDArray[np.float32], threshold: PackThreshold) -> PackVerdict:
        """Which pack is this, or none? With the packs' own thresholds where they are stricter."""
        return judge_pack(self.scores(embedding, threshold.neighbours), threshold, self.min_scores)

    def nearest(self, embedding: NDArray[np.float32], pack: str) -> Match | None:
        """The pack's prototype that comes nearest; None when the pack is not taught."""
        if pack not in self.prototypes:
            return None
        similarity = self.prototypes[pack] @ unit(embedding)
        number = int(similarity.argmax())
        names = self.pictures.get(pack, ())
        return Match(pack, number, float(similarity[number]), names[number] if names else "")

    def without(self, pack: str) -> Gallery:
        """The same gallery with one pack not taught."""
        return Gallery({n: m for n, m in self.prototypes.items() if n != pack}, self.min_scores, self.pictures)

    def added(self, pack: str, matrix: Vectors, min_score: float | None, pictures: tuple[str, ...] = ()) -> Gallery:
        """The same gallery with one more pack, or with a pack taught anew."""
        rest = self.without(pack)
        own = {n: s for n, s in self.min_scores.items() if n != pack}
        names = {n: p for n, p in self.pictures.items() if n != pack}
        return Gallery(
            rest.prototypes | {pack: matrix},
            own if min_score is None else own | {pack: min_score},
            names | {pack: pictures} if pictures else names,
        )


def unit(embedding: NDArray[np.float32]) -> Vectors:
    """A single vector of length one."""
    vector = embedding.ravel()
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)


def score_in(matrix: Vectors, vector: Vectors, neighbours: int) -> float:
    """Mean of the ``neighbours`` highest similarities of a unit vector to the rows (of all, when there are fewer)."""
    return float(np.sort(matrix @ vector)[-neighbours:].mean())


def judge_pack(
    candidates: tuple[PackCandidate, ...], threshold: PackThreshold, own: Mapping[str, float] | None = None
) -> PackVerdict:
    """Known when the best reaches its lowest score and leads by ``margin``; ``candidates`` stand best first.

    ``own`` holds the packs' own lowest scores; one that is lower than the model's ``min_score`` has no effect.
    """
    best = candidates[0] if candidates else None
    lead = best.score - candidates[1].score if best and len(candidates) > 1 else float("inf")
    least = max(threshold.min_score, (own or {}).get(best.model, threshold.min_score)) if best else 0.0
    status = PackStatus.KNOWN
    reasons: tuple[str, ...] = ()
    if best is None:
        status, reasons = PackStatus.UNKNOWN, ("no pack is taught",)
    elif best.score < least:
        words = f"nearest is {best.model} with {best.score:.2f}, at least {least:.2f} is needed"
        status, reasons = PackStatus.UNKNOWN, (words,)
    elif lead < threshold.margin:
        words = f"{best.model} leads {candidates[1].model} by {lead:.3f} only, {threshold.margin:.3f} is needed"
        status, reasons = PackStatus.AMBIGUOUS, (words,)
    return PackVerdict(
        status=status,
        model=best.model if best and status is PackStatus.KNOWN else None,
        confidence=_bounded(best.score) if best else 0.0,
        candidates=tuple(PackCandidate(c.model, _bounded(c.score)) for c in candidates[:MAX_CANDIDATES]),
        reasons=reasons,
    )


def load_gallery(folder: Path | str, model_sha256: str, dim: int) -> Gallery:
    """All prototype files of a folder. An empty folder is a cell that has been taught nothing yet.

    Raises ModelError: ``model.gallery_missing``, ``model.gallery_broken``, or ``model.gallery_foreign`` when a file
    was made with another model, whose numbers mean something else.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(f"there is no gallery at {folder}.", code="model.gallery_missing", hint="Check the path.")
    files: dict[str, PrototypeFile] = {}
    for path in sorted(folder.glob("*.json")):
        file = _load_prototypes(path, model_sha256, dim)
        if file.pack in files:
            raise _broken(path, f"pack {file.pack} is taught by two files")
        files[file.pack] = file
    return gallery_of(files.values())


def gallery_of(files: Iterable[PrototypeFile]) -> Gallery:
    """The gallery that these files make."""
    found = Gallery({})
    for file in files:
        own = file.threshold.min_score if file.threshold else None
        found = found.added(file.pack, file.matrix(), own, file.picture_names())
    return found


def read_prototypes(path: Path) -> PrototypeFile:
    """One gallery file, whatever model it was taught with; raises ModelError ``model.gallery_broken``."""
    try:
        file = PrototypeFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise _broken(path, "it is not a gallery file") from error
    try:
        file.matrix()
    except (ValueError, binascii.Error) as error:
        raise _broken(path, str(error)) from error
    return file


def _load_prototypes(path: Path, model_sha256: str, dim: int) -> PrototypeFile:
    file = read_prototypes(path)
    if file.model_sha256 != model_sha256:
        raise ModelError(
            f"{path} was taught with another model ({file.model_sha256[:12]}..., in use is {model_sha256[:12]}...); "
            "their numbers cannot be compared.",
            code="model.gallery_foreign",
            hint=f"Teach {file.pack} again with the model in use, or put the matching model back.",
        )
    if file.dim != dim:
        raise _broken(path, f"its vectors have {file.dim} numbers, the model gives {dim}")
    return file


def _broken(path: Path, words: str) -> ModelError:
    return ModelError(f"{path}: {words}.", code="model.gallery_broken", hint="Teach the pack again.")


def _bounded(score: float) -> float:
    return round(min(max(score, 0.0), 1.0), 4)
