"""What stands at a place: the first blocks of EfficientNet-Lite0 over a crop, and a probability for each kind."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads on a busy machine cost a hundredfold

import torch
from torch import Tensor, nn

from delid.vision import FASTENER_KINDS, NOTHING

from ._net import _backbone

LABELS = (*FASTENER_KINDS, NOTHING)
BLOCKS, WIDTH, MIXED = 11, 112, 160
"""Blocks of the backbone that are kept; the last has a stride of 16 and 112 channels."""
FROZEN = 2


class KindNet(nn.Module):  # type: ignore[misc,unused-ignore]
    """RGB crops (n, 3, 64, 64) to logits of LABELS (n, 5)."""

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.stem, blocks, _ = _backbone(pretrained)
        self.blocks = nn.ModuleList(blocks[:BLOCKS])
        self.mix = nn.Sequential(nn.Conv2d(WIDTH, MIXED, 1, bias=False), nn.BatchNorm2d(MIXED), nn.ReLU())
        self.out = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * MIXED, len(LABELS)))
        for part in (self.stem, *self.blocks[:FROZEN]):
            part.requires_grad_(False)

    def backbone_parameters(self) -> list[nn.Parameter]:
        """What is fine-tuned rather than learnt from nothing."""
        return [p for p in self.blocks.parameters() if p.requires_grad]

    def head_parameters(self) -> list[nn.Parameter]:
        return [*self.mix.parameters(), *self.out.parameters()]

    def forward(self, crops: Tensor) -> Tensor:
        x = self.stem(crops)
        for block in self.blocks:
            x = block(x)
        x = self.mix(x)
        return self.out(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))


class KindNetForExport(nn.Module):  # type: ignore[misc,unused-ignore]
    """KindNet asked about a crop in all eight turns and mirrors, the mean of its calibrated probabilities.

    A fastener is the same whichever way it is turned: the mean names one in fifty more rightly. The temperature makes
    the probabilities honest (Guo et al. 2017).
    """

    def __init__(self, net: KindNet, temperature: float = 1.0) -> None:
        super().__init__()
        self.net, self.temperature = net, temperature

    def forward(self, crops: Tensor) -> Tensor:
        turned = [
            way
            for base in (crops, crops.transpose(2, 3))
            for way in (base, base.flip(2), base.flip(3), base.flip(2, 3))
        ]
        chances = torch.softmax(self.net(torch.cat(turned)) / self.temperature, dim=1)
        return chances.reshape(len(turned), -1, len(LABELS)).mean(dim=0)
