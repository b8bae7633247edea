"""From a folder of rendered pictures to fitted weights, and from weights to model folders and gallery.

torch is imported by the functions, so that this module can be imported without it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from delid.core import Clock, SystemClock, UsageError

from ._closeups import CloseUpPlan, boards, load_close_up_plan
from ._data_plan import DataPlan, jobs, pack_names
from ._models_kinds import close_ups_of, name_of, recipe_of
from ._origin import PHOTOS, Origin, begun, fits_command
from ._produce import PLAN_FILE, load_plan
from ._samples import Sample, of_split, read_samples
from ._sound_photos import photo_paths

if TYPE_CHECKING:
    from ._fit_fasteners import FastenerFit
    from ._fit_pack import PackFit

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
    rate: float | None = None,
    more: Sequence[Path] = (),
) -> None:
    """Fit one or both models on the training pictures of ``data``; weights and a note go to ``out``.

    Args:
        only: ``pack`` or ``fastener``; both without it.
        photos: folder with ``screw``, ``hole`` and ``other`` photographs that join the fastener model's training.
        pretrained: begin with weights learnt from photographs; without them only for tests of the path.
        begin: folder of an earlier fit whose weights this one goes on from.
        sound: folders with photographs of undamaged things that join the pack model's training.
        rate: the highest learning rate of the heads; the one that suits each model without it.
        more: further folders of close-ups that join the fastener model's training.
    """
    samples = samples_of(data)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    if only in (None, "fastener"):
        from ._fit_fasteners import FastenerFit

        start = begin / FASTENER_WEIGHTS if begin else None
        fit = FastenerFit(seed, fastener_steps, rate=rate or 3e-3, photos=photos, pretrained=pretrained, begin=start)
        _fit_detector([data, *more], fit, out, say)
    if only in (None, "pack"):
        from ._fit_pack import PackFit

        start = begin / PACK_WEIGHTS if begin else None
        pack_fit = PackFit(seed, pack_epochs, rate=rate or 1.5e-3, pretrained=pretrained, begin=start, sound=sound)
        _fit_packs(data, samples, pack_fit, out, say)


def _fit_packs(data: Path, samples: list[Sample], fit: PackFit, out: Path, say: Say) -> None:
    from ._fit_pack import fit_pack, save

    wholes = _some(of_split(samples, "train", close_ups=False), data, "pictures of packs")
    save(fit_pack(wholes, fit, say, keep=out / PACK_WEIGHTS), out / PACK_WEIGHTS)
    note = {"seed": fit.seed, "recipe_sha256": plan_of(data).sha256(), "pictures": [s.path.name for s in samples],
            "epochs": fit.epochs, "rate": fit.rate, "photographs": len(photo_paths(fit.sound))}  # fmt: skip
    _write_note(out, PACK_WEIGHTS, note | begun(fit.begin))


def _fit_detector(folders: Sequence[Path], fit: FastenerFit, out: Path, say: Say) -> None:
    from ._fit_fasteners import count_photos, fit_fasteners
    from ._fit_pack import save

    train = of_split(close_ups_of(folders), "train", close_ups=True)
    save(fit_fasteners(_some(train, folders[0], "close-ups"), fit, say), out / FASTENER_WEIGHTS)
    note = {"seed": fit.seed, "recipe_sha256": recipe_of(folders), "pictures": [name_of(s) for s in train],
            "folders": [str(folder) for folder in folders], "steps": fit.steps, "rate": fit.rate,
            "photographs": count_photos(fit.photos)}  # fmt: skip
    _write_note(out, FASTENER_WEIGHTS, note | begun(fit.begin))


def export_fit(
    fit: Path,
    data: Path,
    models: Path,
    gallery: Path,
    say: Say,
    clock: Clock | None = None,
    *,
    only: str | None = None,
    more: Sequence[Path] = (),
) -> None:
    """Write ``models/pack-damage`` and ``models/fastener-detect`` with thresholds, and teach the named packs.

    Training pictures that were rendered after a model was fitted do not count; validation pictures always do.

    Args:
        only: ``pack`` or ``fastener``; both without it.
        more: further folders of close-ups for the detector.
    """
    samples = samples_of(data)
    plan = plan_of(data)
    if only in (None, "pack"):
        from ._export_pack import export_pack
        from ._net import PackNet

        pack = _with_weights(PackNet(pretrained=False), fit / PACK_WEIGHTS)
        note, used = _origin(fit, PACK_WEIGHTS, [plan], samples)
        taught_at_s = (clock or SystemClock()).wall_s()
        names = pack_names(load_plan(data / PLAN_FILE))
        export_pack(pack, used, names, note, models / "pack-damage", gallery, say, taught_at_s)
    if only in (None, "fastener"):
        from ._export_fasteners import NAME, export_detector
        from ._fastener_net import FastenerNet

        fastener = _with_weights(FastenerNet(pretrained=False), fit / FASTENER_WEIGHTS)
        every = [*samples, *(s for folder in more for s in samples_of(folder))]
        note, used = _origin(fit, FASTENER_WEIGHTS, [plan, *map(plan_of, more)], every)
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
    fit: Path, weights: str, plans: Sequence[DataPlan | CloseUpPlan], samples: list[Sample]
) -> tuple[Origin, list[Sample]]:
    """Where weights come from, and the samples without training pictures that they have not seen."""
    note = json.loads((fit / weights).with_suffix(".json").read_text())
    then = set(note["pictures"])
    used = [s for s in samples if s.split != "train" or s.path.name in then or name_of(s) in then]
    origin = Origin(
        recipe_sha256=note["recipe_sha256"],
        plan_seed=plans[0].seed,
        planned=sum(len(boards(plan) if isinstance(plan, CloseUpPlan) else jobs(plan)) for plan in plans),
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
    fits = fits_command("pack", data, "epochs", note, "pack-epochs", "--sound PHOTOS")
    return (
        f"delid train render --plan models/{name}/data_plan.json --out {data} && {fits} && "
        f"delid train export --only {only} --data {data}"
    )


def _detector_command(note: dict[str, Any], data: str) -> str:
    near = len(note.get("folders", ())) > 1
    folders = f"--data {data}" + (" --data build/near" if near else "")
    render = f"delid train close-ups --out {data} --hdri HDRI && "
    if near:
        render += "delid train close-ups --near --out build/near --hdri HDRI && "
    fits = fits_command("fastener", data, "steps", note, "fastener-steps", PHOTOS)
    return f"{render}{fits} && delid train export --only fastener {folders}"
