"""The fastener detector: first blocks of EfficientNet-Lite0, a light way back to stride 4, heat of the kinds, offset.

Fully convolutional: any picture whose sides are multiples of 32.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads on a busy machine cost a hundredfold

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from delid.vision import FASTENER_KINDS

from ._net import _backbone

BLOCKS = 8
"""Blocks of the backbone that are kept: the last has a stride of 16 and 80 channels."""
AT_4, AT_8 = 2, 4
"""The last blocks with a stride of 4 (24 channels) and of 8 (40 channels)."""
STRIDE = 4
FROZEN = 3
"""Stem and first blocks stay as photographs taught them: edges are edges, and these layers cost the most to train."""


def _joint(inside: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inside, out, 1, bias=False), nn.BatchNorm2d(out))


def _apart(inside: int, out: int) -> nn.Sequential:
    """A 3 x 3 convolution of each channel by itself, then one across the channels."""
    own = nn.Conv2d(inside, inside, 3, padding=1, groups=inside, bias=False)
    return nn.Sequential(own, nn.BatchNorm2d(inside), nn.ReLU(), _joint(inside, out), nn.ReLU())


class FastenerNet(nn.Module):  # type: ignore[misc,unused-ignore]
    """RGB (n, 3, h, w) to logits of the kinds (n, 4, h/4, w/4) and the centre's offset from its cell, in cells."""

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.stem, blocks, _ = _backbone(pretrained)
        self.blocks = nn.ModuleList(blocks[:BLOCKS])
        self.from_16, self.from_8, self.from_4 = _joint(80, 64), _joint(40, 64), _joint(24, 48)
        self.mix_8 = nn.Sequential(nn.ReLU(), _apart(64, 64), _apart(64, 64), _joint(64, 48))
        self.mix_4 = nn.Sequential(nn.ReLU(), _apart(48, 48), _apart(48, 48))
        self.heat = nn.Conv2d(48, len(FASTENER_KINDS), 1)
        self.offset = nn.Conv2d(48, 2, 1)
        nn.init.constant_(self.heat.bias, -4.0)
        for part in (self.stem, *self.blocks[:FROZEN]):
            part.requires_grad_(False)

    def backbone_parameters(self) -> list[nn.Parameter]:
        """What is fine-tuned rather than learnt from nothing."""
        return [p for p in self.blocks.parameters() if p.requires_grad]

    def head_parameters(self) -> list[nn.Parameter]:
        parts = (self.from_16, self.from_8, self.mix_8, self.from_4, self.mix_4, self.heat, self.offset)
        return [p for part in parts for p in part.parameters()]

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(pixels)
        kept = {}
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in (AT_4, AT_8):
                kept[index] = x
        up_8 = functional.interpolate(self.from_16(x), scale_factor=2.0, mode="nearest")
        x = self.mix_8(self.from_8(kept[AT_8]) + up_8)
        x = self.mix_4(self.from_4(kept[AT_4]) + functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.heat(x), self.offset(x)


class FastenerNetForExport(nn.Module):  # type: ignore[misc,unused-ignore]
    """FastenerNet with calibrated probabilities: a logit of each kind is divided by `temperature`, then shifted."""

    def __init__(self, net: FastenerNet, temperature: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.net, self.temperature, self.shift = net, temperature, shift

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        heat, offset = self.net(pixels)
        return torch.sigmoid(heat / self.temperature + self.shift), offset


def detector_loss(
    heat: Tensor, offset: Tensor, target: Tensor, place: Tensor, at: Tensor, counted: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Focal loss of the heat, loss of the offset, and cross entropy between the kinds at the centres.

    Every view of the batch counts alike, however many fasteners it shows: far views show many, whose kinds can hardly
    be told apart, and near ones few, whose kinds can.

    Args:
        target: heat wanted (n, 4, h, w), 1 at a centre's cell.
        place: offset wanted (n, 2, h, w).
        at: where the offset counts (n, 1, h, w).
        counted: 0 where nothing is known (n, 1, h, w).
    """
    log_yes, log_no = functional.logsigmoid(heat), functional.logsigmoid(-heat)
    yes = torch.sigmoid(heat)
    centre = (target > 0.999).float()
    near = -(centre * (1 - yes) ** 2 * log_yes)
    far = -((1 - centre) * (1 - target) ** 4 * yes**2 * log_no)
    every = (1, 2, 3)
    count = (centre * counted).sum(dim=every).clamp(min=3.0)
    focal = (((near + far) * counted).sum(dim=every) / count).mean()
    off = functional.smooth_l1_loss(offset, place, reduction="none", beta=0.1).sum(dim=1, keepdim=True)
    offset_loss = ((off * at * counted).sum(dim=every) / (at * counted).sum(dim=every).clamp(min=9.0)).mean()
    told = functional.log_softmax(heat, dim=1)
    kind_loss = -((told * centre * counted).sum(dim=every) / count).mean()
    return focal, offset_loss, kind_loss
