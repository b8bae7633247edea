"""Fitting the model of kinds and centres on crops of rendered close-ups, with photographs when a folder is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor

from delid.core import PointPx

from ._fastener_views import UNKNOWN, Picture
from ._fit_fasteners import MEAN, SCALE, read_photos
from ._kind_net import KindNet
from ._kind_views import NOTHING_INDEX, Stand, photo_crop, places_of
from ._noise import stream
from ._samples import Sample

KEPT = 0.998
"""The weights that are handed back are a running mean of those of the last thousand steps."""
SMOOTHING = 0.03
CENTRE_WEIGHT, CENTRE_PX = 0.25, 0.5
"""Share of the centre in the loss; errors of a centre below so many pixels count by their square."""
NO_CENTRE = (float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class KindFit:
    """`photo_share` is the part of the crops that are photographs."""

    seed: int = 91
    steps: int = 5000
    batch: int = 64
    rate: float = 2e-3
    photos: Path | None = None
    photo_share: float = 0.1
    pretrained: bool = True
    begin: Path | None = None
    """Weights of an earlier fit that this one goes on from."""


Batch = tuple[Tensor, Tensor, Tensor]
"""Crops, kinds, and centres in pixels from the middle, NaN for what has none."""


def tensor_of(crops: Sequence[Picture]) -> Tensor:
    """BGR crops as the model takes them: RGB (n, 3, 64, 64)."""
    pixels = np.stack([c[..., ::-1].transpose(2, 0, 1) for c in crops]).astype(np.float32)
    return torch.from_numpy((pixels - MEAN) / SCALE).contiguous(memory_format=torch.channels_last)


def fit_kinds(samples: Sequence[Sample], fit: KindFit, say: Callable[[str], None]) -> KindNet:
    """Train on the close-ups given; the same seed and samples give the same weights on the same machine."""
    torch.manual_seed(fit.seed)
    net = KindNet(fit.pretrained and fit.begin is None)
    if fit.begin is not None:  # heads that the earlier fit did not have begin anew
        net.load_state_dict(torch.load(fit.begin, map_location="cpu"), strict=False)
    net.to(memory_format=torch.channels_last)
    net.train()
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(KEPT), use_buffers=True
    )
    optimiser, schedule = _optimiser(net, fit)
    began_s, told = time.monotonic(), np.zeros(3)
    for step, batch in enumerate(_batches(samples, fit)):
        told += _learn(net, optimiser, batch)
        schedule.step()
        mean.update_parameters(net)
        if (step + 1) % 100 == 0:
            took_s, (loss, right, off_px) = (time.monotonic() - began_s) / (step + 1), told / 100
            say(f"step {step + 1}/{fit.steps}: loss {loss:.3f}, right {right:.3f}, off {off_px:.2f} px, {took_s:.2f} s")
            told = np.zeros(3)
    settled = KindNet(pretrained=False)
    settled.load_state_dict(mean.module.state_dict())
    settled.eval()
    return settled


def _optimiser(net: KindNet, fit: KindFit) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.OneCycleLR]:
    groups = [
        {"params": net.backbone_parameters(), "lr": fit.rate * 0.3},
        {"params": net.head_parameters(), "lr": fit.rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    rates = [float(g["lr"]) for g in optimiser.param_groups]
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=fit.steps + 1, pct_start=0.1)


def _batches(samples: Sequence[Sample], fit: KindFit) -> Iterator[Batch]:
    """The batches of a fit, each from its own seed, drawn by a second thread while the first one learns."""
    stand = Stand([place for sample in samples for place in places_of(sample)])
    photos = read_photos(fit.photos) if fit.photos else {}

    def draw(step: int) -> Batch:
        rng = stream(fit.seed, "crops", step)
        crops, kinds, centres = zip(*(_row(rng, stand, photos, fit.photo_share) for _ in range(fit.batch)), strict=True)
        return tensor_of(crops), torch.tensor(kinds), torch.tensor(centres)

    with ThreadPoolExecutor(1) as thread:
        ahead = thread.submit(draw, 0)
        for step in range(fit.steps):
            batch = ahead.result()
            ahead = thread.submit(draw, step + 1)
            yield batch


def _learn(net: KindNet, optimiser: torch.optim.Optimizer, batch: Batch) -> NDArray[np.float64]:
    """One step; its loss, the share of kinds named rightly, and how far the centres are off."""
    crops, kinds, centres = batch
    logits, where = net(crops)
    known = ~centres.isnan().any(dim=1)
    off = functional.smooth_l1_loss(where[known], centres[known], beta=CENTRE_PX)
    loss = functional.cross_entropy(logits, kinds, label_smoothing=SMOOTHING) + CENTRE_WEIGHT * off
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimiser.step()
    right = (logits.argmax(dim=1) == kinds).float().mean()
    away = (where[known] - centres[known]).detach().norm(dim=1).mean()
    return np.array([float(loss.detach()), float(right), float(away)])


def _row(
    rng: np.random.Generator, stand: Stand, photos: dict[int, list[Picture]], share: float
) -> tuple[Picture, int, PointPx]:
    if photos and rng.random() < share:
        label = int(rng.choice(sorted(photos)))
        crop = photos[label][int(rng.integers(len(photos[label])))]
        return photo_crop(rng, crop), NOTHING_INDEX if label == UNKNOWN else label, NO_CENTRE
    crop, kind, centre_px = stand.draw(rng)
    return crop, kind, NO_CENTRE if kind == NOTHING_INDEX else centre_px
