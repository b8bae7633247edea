"""Fitting the fastener model on rendered close-ups, with a share of photographs when a folder is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from delid.vision import FASTENER_KINDS

from ._crops import jittered, photo_crops, places_of, read_photos, turned
from ._net import FastenerNet
from ._noise import stream
from ._samples import Sample

EMPTY = FASTENER_KINDS.index("empty")


@dataclass(frozen=True, slots=True)
class FastenerFit:
    seed: int = 7
    epochs: int = 14
    crops_per_epoch: int = 6000
    batch: int = 64
    rate: float = 2e-3
    photos: Path | None = None
    photos_per_batch: int = 12
    pretrained: bool = True


def there_loss(logits: Tensor, there: Tensor) -> Tensor:
    """For a photograph only one thing is known: whether a fastener is there."""
    empty = functional.log_softmax(logits, dim=1)[:, EMPTY]
    gone = torch.log1p(-torch.exp(empty).clamp(max=1 - 1e-6))
    return -torch.where(there, gone, empty).mean()


class _Photos:
    """Endless photographs in the model's input, at varying size."""

    def __init__(self, folder: Path, rng: np.random.Generator) -> None:
        self._pictures, self._there = read_photos(folder)
        self._rng = rng

    def some(self, count: int) -> tuple[Tensor, Tensor]:
        chosen = self._rng.integers(len(self._pictures), size=count)
        crops = photo_crops([self._pictures[k] for k in chosen], float(self._rng.uniform(0.45, 1.0)))
        crops = np.stack([turned(self._rng, crop) for crop in crops])
        crops = crops * float(np.exp(self._rng.normal(0, 0.2))) + float(self._rng.normal(0, 0.15))
        return torch.from_numpy(crops.astype(np.float32)), torch.from_numpy(self._there[chosen])


def fit_fasteners(samples: list[Sample], fit: FastenerFit, say: Callable[[str], None]) -> FastenerNet:
    """Train on the close-ups among the samples."""
    torch.manual_seed(fit.seed)
    pictures = [sample.picture() for sample in samples]
    places = places_of(samples)
    net = FastenerNet(fit.pretrained)
    net.to(memory_format=torch.channels_last)
    groups = [
        {"params": net.backbone_parameters(), "lr": fit.rate * 0.3},
        {"params": net.head_parameters(), "lr": fit.rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    each = min(len(places), fit.crops_per_epoch)
    per_epoch = -(-each // fit.batch)
    rates = [float(g["lr"]) for g in optimiser.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=per_epoch * fit.epochs + 1)
    photos = _Photos(fit.photos, stream(fit.seed, "photos")) if fit.photos else None
    for epoch in range(fit.epochs):
        began_s, total, count = time.monotonic(), 0.0, 0
        net.train()
        source = islice(jittered(stream(fit.seed, "crops", epoch), pictures, places), each)
        while rows := list(islice(source, fit.batch)):
            crops = torch.from_numpy(np.stack([r[0] for r in rows])).contiguous(memory_format=torch.channels_last)
            kinds = torch.tensor([r[1] for r in rows])
            logits = net(crops)
            # what decides whether a hole counts as seen empty is learnt a second time, by itself
            loss = functional.cross_entropy(logits, kinds, label_smoothing=0.01) + there_loss(logits, kinds != EMPTY)
            if photos is not None:
                seen, there = photos.some(fit.photos_per_batch)
                loss = loss + 0.25 * there_loss(net(seen), there)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total, count = total + float(loss.detach()), count + 1
        took_s = time.monotonic() - began_s
        say(f"fasteners epoch {epoch + 1}/{fit.epochs}: loss {total / max(1, count):.3f} in {took_s:.0f} s")
    net.eval()
    return net
