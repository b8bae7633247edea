"""Teaching the named packs: embeddings of a few training pictures become a gallery file each."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from delid.vision import Gallery, OnnxModel, PrototypeFile

from ._predict import answers_to
from ._samples import Sample

PICTURES = 12


def chosen_to_teach(samples: Sequence[Sample], pack: str, count: int = PICTURES) -> list[Sample]:
    """Training pictures of one pack: half from the cell's camera as far as there are, sound and damaged alternating."""
    mine = [s for s in samples if s.family == pack and s.split == "train" and s.kind in ("pack", "cell")]
    cell = _alternating([s for s in mine if s.kind == "cell"])[: count // 2]
    return cell + _alternating([s for s in mine if s.kind == "pack"])[: count - len(cell)]


def _alternating(samples: Sequence[Sample]) -> list[Sample]:
    sound = [s for s in samples if not s.present().any()]
    damaged = [s for s in samples if s.present().any()]
    pairs = [s for pair in zip(sound, damaged, strict=False) for s in pair]
    return pairs + sound[len(damaged) :] + damaged[len(sound) :]


def teach(model: OnnxModel, samples: Sequence[Sample], packs: Sequence[str]) -> dict[str, PrototypeFile]:
    """One gallery file for each pack that the samples show."""
    found = {}
    for pack in packs:
        chosen = chosen_to_teach(samples, pack)
        if not chosen:
            continue
        vectors = answers_to(model, [s.picture() for s in chosen]).embedding
        found[pack] = PrototypeFile(
            pack=pack,
            model_sha256=model.manifest.sha256,
            dim=int(vectors.shape[1]),
            provenance={"made_from": "rendered training pictures", "pictures": [s.path.name for s in chosen]},
            vectors=base64.b64encode(np.ascontiguousarray(vectors, "<f4").tobytes()).decode(),
        )
    return found


def as_gallery(files: dict[str, PrototypeFile]) -> Gallery:
    return Gallery({name: file.matrix() for name, file in files.items()})


def write_gallery(files: dict[str, PrototypeFile], folder: Path) -> None:
    """``folder/PACK.json`` for each pack."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        text = json.dumps(file.model_dump(mode="json"), indent=1)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
