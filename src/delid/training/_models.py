"""From a folder of rendered pictures to fitted weights, and from weights to model folders and gallery.

torch is imported by the functions, so that this module can be imported without it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from delid.core import Clock, SystemClock, UsageError

from ._closeups import CloseUpPlan, boards, load_close_up_plan
from ._data_plan import DataPlan, jobs, pack_names
from ._origin import Origin
from ._produce import PLAN_FILE, load_plan
from ._samples import Sample, of_split, read_samples
from ._sound_photos import photo_paths

if TYPE_CHECKING:
    from ._fit_fasteners import FastenerFit

PACK_WEIGHTS, FASTENER_WEIGHTS = "pack-damage.pt", "fastener-detect.pt"
COMMANDS = {
    PACK_WEIGHTS: ("pack-damage", "pack", "build/looks"),
    FASTENER_WEIGHTS: ("fastener-detect", "fastener", "build/closeups"),
}
"""Of each model: its folder, its name on the command line, and where its pictures lie by default."""
Say = Callable[[str], None]


def fit_models(
    data: Path,
    out: Path,
    say: Say,
    *,
    only: str | None = None,
    seed: int = 7,
    pack_epochs: int = 14,
    fastener_steps: int = 4200,
    photos: Path | None = None,
    threads: int = 2,
    pretrained: bool = True,
    begin: Path | None = None,
    sound: tuple[Path, ...] = (),
    pack_rate: float = 1.5e-3,
) -> None:
    """Fit one or both models on the training pictures of ``data``; weights and a note go to ``out``.

    Args:
        only: ``pack`` or ``fastener``; both without it.
        photos: folder with ``screw``, ``hole`` and ``other`` photographs that join the fastener model's training.
        pretrained: begin with weights learnt from photographs; without them only for tests of the path.
        begin: folder of an earlier fit whose pack weights this one goes on from.
        sound: folders with photographs of undamaged things that join the pack model's training.
        pack_rate: the highest learning rate of the pack model's heads.
    """
    samples = samples_of(data)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    note = {"seed": seed, "recipe_sha256": plan_of(data).sha256(), "pictures": [s.path.name for s in samples]}
    if only in (None, "fastener"):
        from ._fit_fasteners import FastenerFit

        fit = FastenerFit(seed=seed, steps=fastener_steps, photos=photos, pretrained=pretrained)
        _fit_detector(_some(of_split(samples, "train", close_ups=True), data, "close-ups"), fit, out, note, say)
    if only in (None, "pack"):
        from ._fit_pack import PackFit, fit_pack, save

        wholes = _some(of_split(samples, "train", close_ups=False), data, "pictures of packs")
        start = begin / PACK_WEIGHTS if begin else None
        pack_fit = PackFit(seed, pack_epochs, rate=pack_rate, pretrained=pretrained, begin=start, sound=sound)
        photographs = len(photo_paths(sound))
        save(fit_pack(wholes, pack_fit, say, keep=out / PACK_WEIGHTS), out / PACK_WEIGHTS)
        note |= {"epochs": pack_epochs, "rate": pack_rate, "photographs": photographs}
        _write_note(out, PACK_WEIGHTS, note | _earlier(begin))


def _earlier(begin: Path | None) -> dict[str, Any]:
    """What is known of the fit that this one went on from."""
    if begin is None:
        return {}
    note = json.loads((begin / PACK_WEIGHTS).with_suffix(".json").read_text())
    return {"begin": {key: note[key] for key in ("seed", "epochs")}}


def _fit_detector(close_ups: list[Sample], fit: FastenerFit, out: Path, note: dict[str, Any], say: Say) -> None:
    from ._fit_fasteners import count_photos, fit_fasteners
    from ._fit_pack import save

    save(fit_fasteners(close_ups, fit, say), out / FASTENER_WEIGHTS)
    _write_note(out, FASTENER_WEIGHTS, {**note, "steps": fit.steps, "photographs": count_photos(fit.photos)})


def export_fit(
    fit: Path, data: Path, models: Path, gallery: Path, say: Say, clock: Clock | None = None, *, only: str | None = None
) -> None:
    """Write ``models/pack-damage`` and ``models/fastener-detect`` with thresholds, and teach the named packs.

    Training pictures that were rendered after a model was fitted do not count; validation pictures always do.

    Args:
        only: ``pack`` or ``fastener``; both without it.
    """
    samples = samples_of(data)
    plan = plan_of(data)
    if only in (None, "pack"):
        from ._export_pack import export_pack
        from ._net import PackNet

        pack = _with_weights(PackNet(pretrained=False), fit / PACK_WEIGHTS)
        note, used = _origin(fit, PACK_WEIGHTS, plan, samples)
        taught_at_s = (clock or SystemClock()).wall_s()
        names = pack_names(load_plan(data / PLAN_FILE))
        export_pack(pack, used, names, note, models / "pack-damage", gallery, say, taught_at_s)
    if only in (None, "fastener"):
        from ._export_fasteners import NAME, export_detector
        from ._fastener_net import FastenerNet

        fastener = _with_weights(FastenerNet(pretrained=False), fit / FASTENER_WEIGHTS)
        note, used = _origin(fit, FASTENER_WEIGHTS, plan, samples)
        export_detector(fastener, used, note, models / NAME, say)


def _with_weights(net: Any, path: Path) -> Any:
    """The network with the weights of a file, ready to be asked."""
    import torch

    if not path.is_file():
        raise UsageError(f"{path} is missing.", hint="Run delid train fit first.")
    net.load_state_dict(torch.load(path, map_location="cpu"))
    return net.eval()


def samples_of(data: Path) -> list[Sample]:
    """The finished pictures of a folder; UsageError when it has none."""
    if not (data / PLAN_FILE).is_file():
        raise UsageError(f"{data} holds no {PLAN_FILE}.", hint="Run delid train render first.")
    return _some(read_samples(data), data, "pictures")


def plan_of(data: Path) -> DataPlan | CloseUpPlan:
    """What filled the folder: the plan of whole packs, or that of close-ups."""
    path = data / PLAN_FILE
    return load_close_up_plan(data) if "boards" in json.loads(path.read_text()) else load_plan(path)


def _some(samples: list[Sample], data: Path, what: str) -> list[Sample]:
    if not samples:
        raise UsageError(f"{data} holds no {what} yet.", hint="Run delid train render first.")
    return samples


def _write_note(out: Path, weights: str, note: dict[str, Any]) -> None:
    (out / weights).with_suffix(".json").write_text(json.dumps(note, indent=1) + "\n")


def _origin(
    fit: Path, weights: str, plan: DataPlan | CloseUpPlan, samples: list[Sample]
) -> tuple[Origin, list[Sample]]:
    """Where weights come from, and the samples without training pictures that they have not seen."""
    note = json.loads((fit / weights).with_suffix(".json").read_text())
    then = set(note["pictures"])
    used = [s for s in samples if s.split != "train" or s.path.name in then]
    origin = Origin(
        recipe_sha256=note["recipe_sha256"],
        plan_seed=plan.seed,
        planned=len(boards(plan) if isinstance(plan, CloseUpPlan) else jobs(plan)),
        seed=note["seed"],
        command=_command(weights, note),
        photographs=note["photographs"],
    )
    return origin, used


def _command(weights: str, note: dict[str, Any]) -> str:
    """What makes the model again, beginning with the pictures."""
    name, only, data = COMMANDS[weights]
    if only == "fastener":
        return _detector_command(note, data)
    fit = f"delid train fit --only {only} --data {data}"
    last = f"{fit} --seed {note['seed']} --pack-epochs {note['epochs']} --pack-rate {note['rate']:g}"
    if earlier := note.get("begin"):
        first = f"{fit} --seed {earlier['seed']} --pack-epochs {earlier['epochs']} --out build/first"
        last = f"{first} && {last} --begin build/first"
    if note["photographs"]:
        last += " --sound PHOTOS"
    return (
        f"delid train render --plan models/{name}/data_plan.json --out {data} && {last} && "
        f"delid train export --only {only} --data {data}"
    )


def _detector_command(note: dict[str, Any], data: Path | str) -> str:
    photos = " --photos PHOTOS/screw_hole_crops/train" if note["photographs"] else ""
    return (
        f"delid train close-ups --out {data} --hdri HDRI && "
        f"delid train fit --only fastener --data {data} --seed {note['seed']} --fastener-steps {note['steps']}"
        f"{photos} && delid train export --only fastener --data {data}"
    )
