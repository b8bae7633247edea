"""Fitting the pack and damage model: identity by a margin loss over all families, damage per cell and per picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from delid.vision import DAMAGE_KINDS, prepare

from ._augment import moved
from ._bend import BENDS, bent
from ._examples import Example, example_of
from ._looks import developed, random_mixture
from ._net import EMBEDDING, PackNet, pooled_severity
from ._noise import stream
from ._paste import Stock, laid_over
from ._samples import Sample
from ._sensor import random_sensor, through_jpeg
from ._sound_photos import seen_again, sound_photos
from ._specs import HEAT_GRID, PACK_INPUT

Array = NDArray[np.float32]
Row = tuple[Array, Array, Array, int]
MARGIN, SHARPNESS = 0.25, 20.0
BACKBONE_RATE = 0.13
"""Of the rate of the heads. Normalisation is folded into the backbone: three times as much and its last layers die."""
STAIN_SHARE, DECOY_SHARE, BEND_SHARE = 0.35, 0.15, 0.45
SEEN_SHARE = 0.25
"""A cell counts as damaged when this share of it is."""
PHOTO_TIMES = 3
"""How often each photograph comes in an epoch, against once for a rendered scene."""
LOOKS = ("rake_left", "rake_right")
ALONE_SHARE, HALF_SHARE = 0.25, 0.07
"""How often a picture comes without raking frames, and with only one of them: a cell may have neither."""


@dataclass(frozen=True, slots=True)
class PackFit:
    """`begin` holds weights of an earlier fit to go on from; `sound` folders of photographs of undamaged things."""

    seed: int = 7
    epochs: int = 20
    batch: int = 16
    rate: float = 1.5e-3
    pretrained: bool = True
    begin: Path | None = None
    sound: tuple[Path, ...] = ()


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
    """Coverage (h, w, kinds), as wide as the input, to the share of each heat cell, (kinds, rows, columns)."""
    top = (PACK_INPUT.height_px - coverage.shape[0]) // 2
    left = (PACK_INPUT.width_px - coverage.shape[1]) // 2
    canvas = np.zeros((PACK_INPUT.height_px, PACK_INPUT.width_px, coverage.shape[2]), np.float32)
    canvas[top : top + coverage.shape[0], left : left + coverage.shape[1]] = coverage
    rows, columns = HEAT_GRID
    cells = canvas.reshape(rows, canvas.shape[0] // rows, columns, canvas.shape[1] // columns, -1).mean(axis=(1, 3))
    return np.ascontiguousarray(np.moveaxis(cells, 2, 0), np.float32)


def damage_loss(heat: Tensor, level: Tensor, presence: Tensor, target: Tensor, severity: Tensor) -> Tensor:
    """Cells (cross-entropy and overlap), presence in the picture, and severity where there is damage."""
    cells = (target > SEEN_SHARE).float()
    unsure = ((target > 0.05) & (target <= SEEN_SHARE)).float()
    weight = (1 - unsure) * (1 + 2 * cells)
    per_cell = functional.binary_cross_entropy_with_logits(heat, cells, reduction="none")
    loss = (weight * per_cell).mean() * 6
    present = (severity > 0).float()
    # a kind that is only just in view is neither asked for nor punished
    shown = (cells.flatten(2).sum(dim=2) > 0).float()
    sure = 1 - (present * (1 - shown))
    chance = torch.sigmoid(heat)
    both = (chance * cells * (1 - unsure)).flatten(2).sum(dim=2)
    either = ((chance + cells) * (1 - unsure)).flatten(2).sum(dim=2)
    overlap = 1 - (2 * both + 1) / (either + 1)
    loss = loss + (overlap * present * shown).sum() / (present.sum() + 1)
    loss = loss + (sure * functional.binary_cross_entropy_with_logits(presence, present, reduction="none")).mean() * 2.5
    wrong = (pooled_severity(chance, level) - severity).abs() * present * shown
    return loss + 1.5 * wrong.sum() / (present.sum() + 1)


def _drawn(rng: np.random.Generator, stock: Stock, example: Example, mirrored: bool) -> tuple[Array, Array, Array]:
    """Planes, heat target and severity of one scene as one camera may see it."""
    lights, coverage, severity = example.lights(), example.coverage, example.severity.copy()
    draw = rng.random()
    patch = stock.stain(rng) if draw < STAIN_SHARE else stock.decoy(rng) if draw < STAIN_SHARE + DECOY_SHARE else None
    if patch is not None and (example.family is not None or example.photo):
        lights, coverage = laid_over(rng, patch, example, lights, coverage)
        if patch.kind is not None:
            severity[patch.kind] = max(float(severity[patch.kind]), patch.severity)
    if example.photo:
        picture, coverage = seen_again(rng, lights, coverage)
        return prepare(picture, PACK_INPUT)[0], heat_target(coverage), _in_view(severity, coverage)
    if rng.random() < BEND_SHARE and example.family is not None:
        kind = BENDS[int(rng.integers(len(BENDS)))]
        lights, coverage, level = bent(rng, kind, example, lights, coverage)
        severity[DAMAGE_KINDS.index(kind)] = max(float(severity[DAMAGE_KINDS.index(kind)]), level)
    lights, coverage = moved(rng, lights, coverage, mirrored=mirrored)
    draw = rng.random()
    looks = () if draw < ALONE_SHARE else (LOOKS[int(rng.integers(2))],) if draw < ALONE_SHARE + HALF_SHARE else LOOKS
    frames = developed(lights, random_sensor(rng), random_mixture(rng), looks)
    if rng.random() < 0.4:
        quality = int(rng.integers(45, 95))
        frames = {name: through_jpeg(frame, quality) for name, frame in frames.items()}
    return prepare(frames["ambient"], PACK_INPUT, frames)[0], heat_target(coverage), severity


def _in_view(severity: Array, coverage: Array) -> Array:
    """Severity of what has not been moved out of the picture."""
    return np.asarray(np.where(coverage.max(axis=(0, 1)) > SEEN_SHARE, severity, 0), np.float32)


def _batches(
    examples: list[Example], stock: Stock, family: dict[str, int], fit: PackFit, epoch: int
) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Batches of an epoch, drawn by a second thread while the first one learns; -1 is no family."""
    rng = stream(fit.seed, "epoch", epoch)
    pairs = _in_pairs(rng, examples)
    step = fit.batch // 2
    groups = [pairs[k : k + step] for k in range(0, len(pairs), step) if len(pairs[k : k + step]) * 2 > step]

    def draw(number: int) -> list[Row]:
        own = stream(fit.seed, "batch", epoch, number)
        rows = []
        for pair in groups[number]:
            mirrored = bool(own.random() < 0.5)
            for index in pair:
                name = examples[index].family
                who = -1 if name is None else family[name]
                rows.append((*_drawn(own, stock, examples[index], mirrored), who))
        return rows

    with ThreadPoolExecutor(1) as thread:
        ahead = [thread.submit(draw, k) for k in range(min(2, len(groups)))]
        for number in range(len(groups)):
            rows = ahead.pop(0).result()
            if number + 2 < len(groups):
                ahead.append(thread.submit(draw, number + 2))
            yield (
                torch.from_numpy(np.stack([r[0] for r in rows])).contiguous(memory_format=torch.channels_last),
                torch.from_numpy(np.stack([r[1] for r in rows])),
                torch.from_numpy(np.stack([r[2] for r in rows])),
                torch.tensor([r[3] for r in rows]),
            )


def _in_pairs(rng: np.random.Generator, examples: list[Example]) -> list[tuple[int, int]]:
    """All examples in random order, two of one family always together; a single one comes twice."""
    members: dict[str | None, list[int]] = {}
    for index in rng.permutation(len(examples)):
        members.setdefault(examples[index].family, []).append(int(index))
    pairs = []
    for indices in members.values():
        whole = indices if len(indices) % 2 == 0 else [*indices, indices[0]]
        pairs += [(whole[k], whole[k + 1]) for k in range(0, len(whole), 2)]
    return [pairs[k] for k in rng.permutation(len(pairs))]


def likeness_loss(embedding: Tensor, family: Tensor) -> Tensor:
    """Pictures of one family in a batch are nearer to each other than to the rest (supervised contrastive)."""
    alike = embedding @ embedding.T / 0.1
    itself = torch.eye(len(family), dtype=torch.bool)
    same = (family[:, None] == family[None, :]) & ~itself
    chance = alike.masked_fill(itself, -1e4).log_softmax(dim=1)
    return -(chance * same).sum() / same.sum().clamp(min=1)


def fit_pack(samples: list[Sample], fit: PackFit, say: Callable[[str], None], keep: Path | None = None) -> PackNet:
    """Train on the given samples; the same seed and samples give the same weights on the same machine.

    With ``keep`` the averaged weights are written there after every epoch.
    """
    torch.manual_seed(fit.seed)
    examples = [example_of(sample) for sample in samples] + PHOTO_TIMES * sound_photos(fit.sound)
    family = {name: k for k, name in enumerate(sorted({e.family for e in examples if e.family is not None}))}
    stock = Stock(examples)
    net = PackNet(fit.pretrained and fit.begin is None)
    if fit.begin is not None:
        net.load_state_dict(torch.load(fit.begin, map_location="cpu"))
    net.to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))
    proxies = Families(len(family))
    if fit.begin is not None:
        _point_at(proxies, net, examples, family, fit.seed)
    steps = fit.epochs * (2 * len(_in_pairs(stream(fit.seed, "count"), examples)) // fit.batch + 1)
    optimiser, schedule = _optimiser(net, proxies, fit, steps)
    for epoch in range(fit.epochs):
        began_s, sums, count = time.monotonic(), np.zeros(2), 0
        net.train()
        for planes, target, severity, who in _batches(examples, stock, family, fit, epoch):
            identity, harm = _losses(net, proxies, planes, target, severity, who)
            optimiser.zero_grad()
            (0.35 * identity + harm).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            mean.update_parameters(net)
            sums += (float(identity.detach()), float(harm.detach()))
            count += 1
        took_s = time.monotonic() - began_s
        sums /= max(1, count)
        say(f"pack epoch {epoch + 1}/{fit.epochs}: identity {sums[0]:.3f} damage {sums[1]:.3f} in {took_s:.0f} s")
        settled = _settled(net, mean)
        if keep is not None:
            save(settled, keep)
    return settled


def _point_at(proxies: Families, net: PackNet, examples: list[Example], family: dict[str, int], seed: int) -> None:
    """Let each family's direction begin where the network sees its pictures, or the first steps would undo much."""
    net.eval()
    towards = torch.zeros_like(proxies.directions)
    nothing = Stock([])
    for number, example in enumerate(examples):
        if example.family is None:
            continue
        planes = _drawn(stream(seed, "begin", number), nothing, example, False)[0]
        with torch.no_grad():
            towards[family[example.family]] += net(torch.from_numpy(planes[None]))[0][0]
    proxies.directions.data = functional.normalize(towards, dim=1) * EMBEDDING**0.5


def _optimiser(
    net: PackNet, proxies: Families, fit: PackFit, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    groups = [
        {"params": net.backbone_parameters(), "lr": fit.rate * BACKBONE_RATE},
        {"params": net.head_parameters(), "lr": fit.rate},
        {"params": proxies.parameters(), "lr": fit.rate * 8},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    peaks = [float(group["lr"]) for group in optimiser.param_groups]
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, peaks, total_steps=steps + 1, pct_start=0.15)


def _losses(
    net: PackNet, proxies: Families, planes: Tensor, target: Tensor, severity: Tensor, who: Tensor
) -> tuple[Tensor, Tensor]:
    embedding, heat, level, presence = net(planes)
    named = who >= 0
    identity = proxies(embedding[named], who[named]) + 0.5 * likeness_loss(embedding[named], who[named])
    return identity, damage_loss(heat, level, presence, target, severity)


def _settled(net: PackNet, mean: nn.Module) -> PackNet:
    """The running mean of the weights, with the normalisation's statistics of the net itself."""
    settled = PackNet(pretrained=False)
    settled.load_state_dict(net.state_dict())
    averaged = dict(mean.module.named_parameters())  # type: ignore[union-attr,operator,unused-ignore]
    for name, parameter in settled.named_parameters():
        parameter.data.copy_(averaged[name].data)
    settled.eval()
    return settled


def save(net: nn.Module, path: Path) -> None:
    """Weights to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), path)
