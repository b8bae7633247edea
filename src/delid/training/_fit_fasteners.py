"""Fitting the fastener detector on rendered close-ups, with a share of photographs when a folder is given."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from delid.vision import FASTENER_KINDS

from ._coco import coco_crops, is_coco
from ._fastener_net import FastenerNet, detector_loss
from ._fastener_views import UNKNOWN, Picture, Source, View, board_view, photo_view, source_of, targets_of
from ._noise import stream
from ._samples import Sample

PHOTO_KINDS = {"screw": FASTENER_KINDS.index("bolt"), "hole": FASTENER_KINDS.index("empty"), "other": UNKNOWN}
"""Folder of photographed crops to what is in the middle of each; `other` holds no fastener."""
KEPT = 0.995
"""The weights that are handed back are a running mean of those of the last few hundred steps."""
MEAN, SCALE = 127.0, 128.0


@dataclass(frozen=True, slots=True)
class FastenerFit:
    """`photo_share` is the part of the views made of photographed crops."""

    seed: int = 53
    steps: int = 4200
    batch: int = 8
    rate: float = 3e-3
    photos: Path | None = None
    photo_share: float = 0.12
    pretrained: bool = True
    begin: Path | None = None
    """Weights of an earlier fit that this one goes on from."""


def count_photos(folder: Path | None) -> int:
    """How many photographs `read_photos` reads."""
    return sum(len(pictures) for pictures in read_photos(folder).values()) if folder else 0


def read_photos(folder: Path) -> dict[int, list[Picture]]:
    """Photographed crops below `folder` by what is in their middle: named folders, or labelled pictures (COCO)."""
    if is_coco(folder):
        return coco_crops(folder)
    found: dict[int, list[Picture]] = {}
    for label, kind in PHOTO_KINDS.items():
        pictures = [cv2.imread(str(path), cv2.IMREAD_COLOR) for path in sorted((folder / label).glob("*.*"))]
        found[kind] = [np.asarray(p, np.uint8) for p in pictures if p is not None]
    return {kind: pictures for kind, pictures in found.items() if pictures}


def tensors_of(views: Sequence[View]) -> tuple[Tensor, ...]:
    """Pixels as the model takes them, and the four targets of `targets_of`."""
    pixels = np.stack([v.picture[..., ::-1].transpose(2, 0, 1) for v in views]).astype(np.float32)
    rows = [targets_of(v) for v in views]
    parts = [torch.from_numpy(np.stack([row[k] for row in rows])) for k in range(4)]
    scaled = torch.from_numpy((pixels - MEAN) / SCALE).contiguous(memory_format=torch.channels_last)
    return (scaled, *parts)


def fit_fasteners(samples: Sequence[Sample], fit: FastenerFit, say: Callable[[str], None]) -> FastenerNet:
    """Train on close-ups of the split train."""
    torch.manual_seed(fit.seed)
    sources = [source_of(s) for s in samples]
    photos = read_photos(fit.photos) if fit.photos else {}
    net = FastenerNet(pretrained=fit.pretrained and fit.begin is None)
    if fit.begin is not None:
        net.load_state_dict(torch.load(fit.begin, map_location="cpu"))
    net.to(memory_format=torch.channels_last)
    net.train()
    mean_net = copy.deepcopy(net)
    optimiser, schedule = _optimiser(net, fit)
    sums, began_s = np.zeros(3), time.monotonic()
    for step, batch in enumerate(_batches(sources, photos, fit)):
        sums += _learn(net, optimiser, batch)
        schedule.step()
        _follow(mean_net, net, min(KEPT, (step + 1) / (step + 20)))
        if (step + 1) % 50 == 0:
            took_s = (time.monotonic() - began_s) / (step + 1)
            heat, offset, kind = sums / 50
            say(f"step {step + 1}/{fit.steps}: heat {heat:.3f}, offset {offset:.3f}, kind {kind:.3f}, {took_s:.2f} s")
            sums = np.zeros(3)
    mean_net.eval()
    return mean_net


def _batches(
    sources: Sequence[Source], photos: dict[int, list[Picture]], fit: FastenerFit
) -> Iterator[tuple[Tensor, ...]]:
    """The batches of a fit, each from its own seed, drawn by a second thread while the first one learns."""

    def draw(step: int) -> tuple[Tensor, ...]:
        rng = stream(fit.seed, "views", fit.steps, step)
        return tensors_of([_view(rng, sources, photos, fit.photo_share) for _ in range(fit.batch)])

    with ThreadPoolExecutor(1) as thread:
        ahead = thread.submit(draw, 0)
        for step in range(fit.steps):
            batch = ahead.result()
            if step + 1 < fit.steps:
                ahead = thread.submit(draw, step + 1)
            yield batch


def _learn(net: FastenerNet, optimiser: torch.optim.Optimizer, batch: Sequence[Tensor]) -> NDArray[np.float64]:
    """One step; its losses of heat, offset and kind."""
    pixels, *targets = batch
    parts = detector_loss(*net(pixels), *targets)
    optimiser.zero_grad()
    (parts[0] + parts[1] + parts[2]).backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimiser.step()
    return np.array([float(part.detach()) for part in parts])


def _view(
    rng: np.random.Generator,
    sources: Sequence[Source],
    photos: dict[int, list[Picture]],
    photo_share: float,
) -> View:
    draw = float(rng.random())
    if photos and draw < photo_share:
        return photo_view(rng, photos, sources)
    return board_view(rng, sources)


def _optimiser(net: FastenerNet, fit: FastenerFit) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.OneCycleLR]:
    groups = [
        {"params": net.backbone_parameters(), "lr": fit.rate * 0.4},
        {"params": net.head_parameters(), "lr": fit.rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    rates = [float(g["lr"]) for g in groups]  # type: ignore[arg-type]
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=fit.steps + 1, pct_start=0.1)


def _follow(mean_net: FastenerNet, net: FastenerNet, kept: float) -> None:
    with torch.no_grad():
        for mean, now in zip(mean_net.parameters(), net.parameters(), strict=True):
            mean.lerp_(now, 1 - kept)
        for mean, now in zip(mean_net.buffers(), net.buffers(), strict=True):
            mean.copy_(now)
