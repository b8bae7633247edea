"""From a folder of rendered pictures to fitted weights, and from weights to model folders and gallery.

torch is imported by the functions, so that this module can be imported without it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from delid.core import UsageError

from ._data_plan import DataPlan, jobs, pack_names
from ._produce import PLAN_FILE, load_plan
from ._samples import Sample, of_split, read_samples

PACK_WEIGHTS, FASTENER_WEIGHTS, NOTE = "pack-damage.pt", "fastener-kind.pt", "fit.json"
Say = Callable[[str], None]


def fit_models(
    data: Path,
    out: Path,
    say: Say,
    *,
    only: str | None = None,
    seed: int = 7,
    pack_epochs: int = 14,
    fastener_epochs: int = 16,
    photos: Path | None = None,
    threads: int = 2,
    pretrained: bool = True,
) -> None:
    """Fit one or both models on the training pictures of ``data``; weights and a note go to ``out``.

    Args:
        only: ``pack`` or ``fastener``; both without it.
        photos: folder with ``screw`` and ``hole`` photographs that join the fastener model's training.
        pretrained: begin with weights learnt from photographs; without them only for tests of the path.
    """
    samples, plan = samples_of(data), load_plan(data / PLAN_FILE)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from ._fit_fasteners import FastenerFit, fit_fasteners
    from ._fit_pack import PackFit, fit_pack, save

    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    if only in (None, "fastener"):
        close_ups = _some(of_split(samples, "train", close_ups=True), data, "close-ups")
        fit = FastenerFit(seed=seed, epochs=fastener_epochs, photos=photos)
        save(fit_fasteners(close_ups, fit, say), out / FASTENER_WEIGHTS)
    if only in (None, "pack"):
        wholes = _some(of_split(samples, "train", close_ups=False), data, "pictures of packs")
        save(fit_pack(wholes, PackFit(seed=seed, epochs=pack_epochs, pretrained=pretrained), say), out / PACK_WEIGHTS)
    note = {
        "seed": seed,
        "pictures": [s.path.name for s in samples],
        "photographs": _count_photos(photos),
        "plan": asdict(plan),
        "recipe_sha256": plan.sha256(),
    }
    (out / NOTE).write_text(json.dumps(note, indent=1) + "\n")


def export_fit(fit: Path, data: Path, models: Path, gallery: Path, say: Say) -> None:
    """Write ``models/pack-damage`` and ``models/fastener-kind`` with thresholds, and teach the named packs.

    Only pictures that were there when the models were fitted are used, whatever has been rendered since.
    """
    import torch

    from ._export import Origin, export_models
    from ._net import FastenerNet, PackNet

    note = _note(fit)
    plan = load_plan(data / PLAN_FILE)
    then = set(note["pictures"])
    samples = [s for s in samples_of(data) if s.path.name in then]
    pack, fastener = PackNet(pretrained=False), FastenerNet()
    for net, name in ((pack, PACK_WEIGHTS), (fastener, FASTENER_WEIGHTS)):
        if not (fit / name).is_file():
            raise UsageError(f"{fit / name} is missing.", hint="Run delid train fit first.")
        net.load_state_dict(torch.load(fit / name, map_location="cpu"))
    origin = Origin(
        recipe_sha256=note["recipe_sha256"],
        plan_seed=plan.seed,
        planned=len(jobs(plan)),
        seed=note["seed"],
        command=_command(note),
        photographs=note["photographs"],
    )
    export_models(pack.eval(), fastener.eval(), samples, pack_names(plan), origin, models, gallery, say)


def samples_of(data: Path) -> list[Sample]:
    """The finished pictures of a folder; UsageError when it has none."""
    if not (data / PLAN_FILE).is_file():
        raise UsageError(f"{data} holds no {PLAN_FILE}.", hint="Run delid train render first.")
    return _some(read_samples(data), data, "pictures")


def plan_of(data: Path) -> DataPlan:
    return load_plan(data / PLAN_FILE)


def _some(samples: list[Sample], data: Path, what: str) -> list[Sample]:
    if not samples:
        raise UsageError(f"{data} holds no {what} yet.", hint="Run delid train render first.")
    return samples


def _note(fit: Path) -> dict[str, Any]:
    if not (fit / NOTE).is_file():
        raise UsageError(f"{fit / NOTE} is missing.", hint="Run delid train fit first.")
    note: dict[str, Any] = json.loads((fit / NOTE).read_text())
    return note


def _count_photos(folder: Path | None) -> int:
    return len([*folder.glob("screw/*.*"), *folder.glob("hole/*.*")]) if folder else 0


def _command(note: dict[str, Any]) -> str:
    photos = " --photos PHOTOS/screw_hole_crops/train" if note["photographs"] else ""
    return f"delid train render && delid train fit --seed {note['seed']}{photos} && delid train export"
