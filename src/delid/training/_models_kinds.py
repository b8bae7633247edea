"""From folders of close-ups to a fitted model of kinds, and on to its model folder.

torch is imported by the functions, so that this module can be imported without it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from delid.vision import load_model

from ._closeups import boards, load_close_up_plan
from ._origin import PHOTOS, Origin, begun, fits_command
from ._samples import Sample, of_split, read_samples

WEIGHTS = "fastener-kind.pt"
Say = Callable[[str], None]


def fit_kind_model(
    folders: Sequence[Path],
    out: Path,
    say: Say,
    *,
    seed: int = 91,
    steps: int = 5000,
    photos: Path | None = None,
    threads: int = 2,
    pretrained: bool = True,
    begin: Path | None = None,
    rate: float | None = None,
) -> None:
    """Fit the model of kinds on the training close-ups of all ``folders``; weights and a note go to ``out``.

    The other arguments are those of ``fit_models``.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from ._fit_fasteners import count_photos
    from ._fit_kinds import KindFit, fit_kinds
    from ._fit_pack import save

    torch.set_num_threads(threads)
    train = of_split(close_ups_of(folders), "train", close_ups=True)
    start = begin / WEIGHTS if begin else None
    fit = KindFit(seed=seed, steps=steps, rate=rate or 2e-3, photos=photos, pretrained=pretrained, begin=start)
    out.mkdir(parents=True, exist_ok=True)
    save(fit_kinds(train, fit, say), out / WEIGHTS)
    note = {
        "seed": seed,
        "steps": steps,
        "recipe_sha256": recipe_of(folders),
        "pictures": [name_of(s) for s in train],
        "folders": [str(folder) for folder in folders],
        "rate": fit.rate,
        "photographs": count_photos(photos),
    } | begun(start)
    (out / WEIGHTS).with_suffix(".json").write_text(json.dumps(note, indent=1) + "\n")


def export_kind_model(fit: Path, folders: Sequence[Path], models: Path, say: Say) -> None:
    """Write ``models/fastener-kind``; its thresholds are chosen behind the detector of ``models/fastener-detect``."""
    import torch

    from ._export_kinds import NAME, export_kinds
    from ._kind_net import KindNet

    net = KindNet(pretrained=False)
    net.load_state_dict(torch.load(fit / WEIGHTS, map_location="cpu"))
    note = json.loads((fit / WEIGHTS).with_suffix(".json").read_text())
    seen = set(note["pictures"])
    samples = [s for s in close_ups_of(folders) if s.split != "train" or name_of(s) in seen]
    plans = [load_close_up_plan(folder) for folder in folders]
    origin = Origin(
        recipe_sha256=note["recipe_sha256"],
        plan_seed=plans[0].seed,
        planned=sum(len(boards(plan)) for plan in plans),
        seed=note["seed"],
        command=_command(note),
        photographs=note["photographs"],
    )
    detector = load_model(models / "fastener-detect", "fastener_detect")
    export_kinds(net.eval(), detector, samples, origin, models / NAME, say)


def close_ups_of(folders: Sequence[Path]) -> list[Sample]:
    """All finished close-ups of the folders; UsageError for a folder that `delid train close-ups` did not fill."""
    for folder in folders:
        load_close_up_plan(folder)
    return [sample for folder in folders for sample in read_samples(folder)]


def recipe_of(folders: Sequence[Path]) -> str:
    """Digest of the recipes that make the pictures again, in order."""
    recipes = " ".join(load_close_up_plan(folder).sha256() for folder in folders)
    return hashlib.sha256(recipes.encode()).hexdigest()


def name_of(sample: Sample) -> str:
    """Two folders may hold pictures of the same name."""
    return f"{sample.path.parent.name}/{sample.path.name}"


def _command(note: dict[str, Any]) -> str:
    folders = "--data build/closeups --data build/near"
    fits = fits_command("kind", "build/closeups", "steps", note, "kind-steps", PHOTOS)
    return (
        "delid train close-ups --out build/closeups --hdri HDRI && "
        "delid train close-ups --near --out build/near --hdri HDRI && "
        f"{fits} && delid train export --only kind {folders}"
    )
