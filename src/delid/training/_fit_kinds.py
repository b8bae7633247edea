"""Fitting the model of kinds on crops of rendered close-ups, with a share of photographs when a folder is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from ._fastener_views import UNKNOWN, Picture
from ._fit_fasteners import MEAN, SCALE, read_photos
from ._kind_net import KindNet
from ._kind_views import NOTHING_INDEX, Stand, photo_crop, places_of
from ._noise import stream
from ._samples import Sample

KEPT = 0.998
"""The weights that are handed back are a running mean of those of the last thousand steps."""
SMOOTHING = 0.03


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


def tensor_of(crops: Sequence[Picture]) -> Tensor:
    """BGR crops as the model takes them: RGB (n, 3, 64, 64)."""
    pixels = np.stack([c[..., ::-1].transpose(2, 0, 1) for c in crops]).astype(np.float32)
    return torch.from_numpy((pixels - MEAN) / SCALE).contiguous(memory_format=torch.channels_last)


def fit_kinds(samples: Sequence[Sample], fit: KindFit, say: Callable[[str], None]) -> KindNet:
    """Train on the close-ups given; the same seed and samples give the same weights on the same machine."""
    torch.manual_seed(fit.seed)
    stand = Stand([place for sample in samples for place in places_of(sample)])
    photos = read_photos(fit.photos) if fit.photos else {}
    net = KindNet(fit.pretrained)
    net.to(memory_format=torch.channels_last)
    net.train()
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(KEPT), use_buffers=True
    )
    groups = [
        {"params": net.backbone_parameters(), "lr": fit.rate * 0.3},
        {"params": net.head_parameters(), "lr": fit.rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    rates = [float(g["lr"]) for g in optimiser.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=fit.steps + 1, pct_start=0.1)

    def draw(step: int) -> tuple[Tensor, Tensor]:
        rng = stream(fit.seed, "crops", step)
        rows = [_row(rng, stand, photos, fit.photo_share) for _ in range(fit.batch)]
        return tensor_of([r[0] for r in rows]), torch.tensor([r[1] for r in rows])

    began_s, total, right = time.monotonic(), 0.0, 0
    with ThreadPoolExecutor(1) as thread:
        ahead = thread.submit(draw, 0)
        for step in range(fit.steps):
            crops, kinds = ahead.result()
            ahead = thread.submit(draw, step + 1)
            logits = net(crops)
            loss = functional.cross_entropy(logits, kinds, label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            mean.update_parameters(net)
            total, right = total + float(loss.detach()), right + int((logits.argmax(dim=1) == kinds).sum())
            if (step + 1) % 100 == 0:
                took_s = (time.monotonic() - began_s) / (step + 1)
                share = right / (100 * fit.batch)
                say(f"step {step + 1}/{fit.steps}: loss {total / 100:.3f}, right {share:.3f}, {took_s:.2f} s")
                total, right = 0.0, 0
    settled = KindNet(pretrained=False)
    settled.load_state_dict(mean.module.state_dict())
    settled.eval()
    return settled


def _row(rng: np.random.Generator, stand: Stand, photos: dict[int, list[Picture]], share: float) -> tuple[Picture, int]:
    if photos and rng.random() < share:
        label = int(rng.choice(sorted(photos)))
        crop = photos[label][int(rng.integers(len(photos[label])))]
        return photo_crop(rng, crop), NOTHING_INDEX if label == UNKNOWN else label
    return stand.draw(rng)
