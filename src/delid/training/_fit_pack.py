"""Fitting the pack and damage model: identity by a margin loss over all families, damage per cell and per picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from delid.vision import letterbox_for, prepare

from ._augment import moved, recoloured
from ._net import EMBEDDING, PackNet, pooled_severity
from ._noise import stream
from ._paste import Stock, laid_over
from ._samples import Sample
from ._specs import HEAT_GRID, PACK_INPUT

Array = NDArray[np.float32]
MARGIN, SHARPNESS = 0.25, 20.0
STAIN_SHARE, DECOY_SHARE = 0.3, 0.15
SEEN_SHARE = 0.25
"""A cell counts as damaged when this share of it is."""


@dataclass(frozen=True, slots=True)
class PackFit:
    seed: int = 7
    epochs: int = 12
    batch: int = 16
    rate: float = 1.2e-3
    pretrained: bool = True


class Families(nn.Module):  # type: ignore[misc,unused-ignore]
    """One direction for each family; the loss wants a picture nearer to its own by a margin (CosFace)."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(count, EMBEDDING))

    def forward(self, embedding: Tensor, family: Tensor) -> Tensor:
        cosine = embedding @ functional.normalize(self.directions, dim=1).T
        cosine = cosine - MARGIN * functional.one_hot(family, cosine.shape[1])
        return functional.cross_entropy(SHARPNESS * cosine, family)


def heat_target(coverage: Array) -> Array:
    """Coverage (h, w, kinds) of a picture to the share of each heat cell, (kinds, rows, columns)."""
    height, width = coverage.shape[:2]
    box = letterbox_for(width, height, PACK_INPUT)
    size = (round(width * box.scale_x), round(height * box.scale_y))
    found = []
    for layer in np.moveaxis(coverage, 2, 0):
        inner = cv2.resize(np.ascontiguousarray(layer), size, interpolation=cv2.INTER_AREA)
        canvas = np.zeros((PACK_INPUT.height_px, PACK_INPUT.width_px), np.float32)
        canvas[box.offset_y : box.offset_y + size[1], box.offset_x : box.offset_x + size[0]] = inner
        found.append(cv2.resize(canvas, (HEAT_GRID[1], HEAT_GRID[0]), interpolation=cv2.INTER_AREA))
    return np.stack(found).astype(np.float32)


def damage_loss(heat: Tensor, level: Tensor, target: Tensor, severity: Tensor) -> Tensor:
    """Cells, presence in the picture, and severity where there is damage."""
    cells = (target > SEEN_SHARE).float()
    unsure = ((target > 0.05) & (target <= SEEN_SHARE)).float()
    weight = (1 - unsure) * (1 + 3 * cells)
    per_cell = functional.binary_cross_entropy_with_logits(heat, cells, reduction="none")
    loss = (weight * per_cell).mean() * 6
    best = heat.flatten(2).topk(3, dim=2).values.mean(dim=2)
    present = (severity > 0).float()
    # a kind that is only just in view is neither asked for nor punished
    shown = (cells.flatten(2).sum(dim=2) > 0).float()
    sure = 1 - (present * (1 - shown))
    loss = loss + (sure * functional.binary_cross_entropy_with_logits(best, present, reduction="none")).mean() * 1.5
    wrong = (pooled_severity(torch.sigmoid(heat), level) - severity).abs() * present * shown
    return loss + 2.0 * wrong.sum() / (present.sum() + 1)


def _stained(
    rng: np.random.Generator, stock: Stock, sample: Sample, picture: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], Array, Array]:
    """The picture, coverage and severity, often with a stain or a harmless patch from another picture."""
    coverage, severity = sample.coverage(), sample.severity()
    draw = rng.random()
    patch = None
    if draw < STAIN_SHARE:
        patch = stock.stain(rng)
    elif draw < STAIN_SHARE + DECOY_SHARE:
        patch = stock.decoy(rng)
    if patch is not None:
        picture, coverage = laid_over(rng, patch, sample, picture, coverage)
    if patch is not None and patch.kind is not None:
        severity[patch.kind] = max(float(severity[patch.kind]), patch.severity)
    return picture, coverage, severity


def _batches(
    samples: list[Sample],
    pictures: list[NDArray[np.uint8]],
    stock: Stock,
    family: dict[str, int],
    fit: PackFit,
    epoch: int,
) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    rng = stream(fit.seed, "epoch", epoch)
    order = _in_pairs(rng, samples)
    for first in range(0, max(1, len(order) - fit.batch // 2), fit.batch):
        rows = []
        for index in order[first : first + fit.batch]:
            sample = samples[index]
            picture, coverage, severity = _stained(rng, stock, sample, pictures[index])
            picture, coverage = moved(rng, picture, coverage)
            pixels = prepare(recoloured(rng, picture), PACK_INPUT)[0]
            rows.append((pixels, heat_target(coverage), severity, family[sample.family]))
        yield (
            torch.from_numpy(np.stack([r[0] for r in rows])).contiguous(memory_format=torch.channels_last),
            torch.from_numpy(np.stack([r[1] for r in rows])),
            torch.from_numpy(np.stack([r[2] for r in rows])),
            torch.tensor([r[3] for r in rows]),
        )


def _in_pairs(rng: np.random.Generator, samples: list[Sample]) -> list[int]:
    """All samples in random order, two pictures of one family always side by side; a single one comes twice."""
    members: dict[str, list[int]] = {}
    for index in rng.permutation(len(samples)):
        members.setdefault(samples[index].family, []).append(int(index))
    pairs = []
    for indices in members.values():
        whole = indices if len(indices) % 2 == 0 else [*indices, indices[0]]
        pairs += [(whole[k], whole[k + 1]) for k in range(0, len(whole), 2)]
    return [index for k in rng.permutation(len(pairs)) for index in pairs[k]]


def likeness_loss(embedding: Tensor, family: Tensor) -> Tensor:
    """Pictures of one family in a batch are nearer to each other than to the rest (supervised contrastive)."""
    alike = embedding @ embedding.T / 0.1
    itself = torch.eye(len(family), dtype=torch.bool)
    same = (family[:, None] == family[None, :]) & ~itself
    chance = alike.masked_fill(itself, -1e4).log_softmax(dim=1)
    return -(chance * same).sum() / same.sum().clamp(min=1)


def fit_pack(samples: list[Sample], fit: PackFit, say: Callable[[str], None]) -> PackNet:
    """Train on the given samples; the same seed and samples give the same weights on the same machine."""
    torch.manual_seed(fit.seed)
    family = {name: k for k, name in enumerate(sorted({s.family for s in samples}))}
    pictures, stock = [sample.picture() for sample in samples], Stock(samples)
    net = PackNet(fit.pretrained)
    net.to(memory_format=torch.channels_last)
    proxies = Families(len(family))
    groups = [
        {"params": net.backbone_parameters(), "lr": fit.rate * 0.3},
        {"params": net.head_parameters(), "lr": fit.rate},
        {"params": proxies.parameters(), "lr": fit.rate * 8},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    steps = fit.epochs * (len(_in_pairs(stream(fit.seed, "count"), samples)) // fit.batch + 1)
    peaks = [float(g["lr"]) for g in optimiser.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peaks, total_steps=steps + 1, pct_start=0.15)
    for epoch in range(fit.epochs):
        began_s, sums, count = time.monotonic(), np.zeros(2), 0
        net.train()
        for pixels, target, severity, who in _batches(samples, pictures, stock, family, fit, epoch):
            embedding, heat, level = net(pixels)
            identity = proxies(embedding, who) + 0.5 * likeness_loss(embedding, who)
            harm = damage_loss(heat, level, target, severity)
            optimiser.zero_grad()
            (0.35 * identity + harm).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 4.0)
            optimiser.step()
            schedule.step()
            sums += (float(identity.detach()), float(harm.detach()))
            count += 1
        mean = sums / max(1, count)
        took_s = time.monotonic() - began_s
        say(f"pack epoch {epoch + 1}/{fit.epochs}: identity {mean[0]:.3f} damage {mean[1]:.3f} in {took_s:.0f} s")
    net.eval()
    return net


def save(net: nn.Module, path: Path) -> None:
    """Weights to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), path)
