"""What stands at a place, and where its centre is: the first blocks of EfficientNet-Lite0 over a crop."""

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
FINE_BLOCKS, FINE_WIDTH = 5, 40
"""The centre is also worked out from features of a stride of 8."""
FINE_KEPT, COARSE_KEPT, HIDDEN = 16, 24, 128
FROZEN = 2


class KindNet(nn.Module):  # type: ignore[misc,unused-ignore]
    """RGB crops (n, 3, 64, 64) to logits of LABELS (n, 5), and the centre, in pixels from the crop's middle (n, 2)."""

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.stem, blocks, _ = _backbone(pretrained)
        self.blocks = nn.ModuleList(blocks[:BLOCKS])
        self.mix = nn.Sequential(nn.Conv2d(WIDTH, MIXED, 1, bias=False), nn.BatchNorm2d(MIXED), nn.ReLU())
        self.out = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * MIXED, len(LABELS)))
        self.fine = nn.Sequential(nn.Conv2d(FINE_WIDTH, FINE_KEPT, 1), nn.ReLU(), nn.Flatten())
        self.coarse = nn.Sequential(nn.Conv2d(WIDTH, COARSE_KEPT, 1), nn.ReLU(), nn.Flatten())
        cells = FINE_KEPT * 8 * 8 + COARSE_KEPT * 4 * 4
        self.where = nn.Sequential(nn.Linear(cells, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))
        for part in (self.stem, *self.blocks[:FROZEN]):
            part.requires_grad_(False)

    def backbone_parameters(self) -> list[nn.Parameter]:
        """What is fine-tuned rather than learnt from nothing."""
        return [p for p in self.blocks.parameters() if p.requires_grad]

    def head_parameters(self) -> list[nn.Parameter]:
        heads = (self.mix, self.out, self.fine, self.coarse, self.where)
        return [parameter for head in heads for parameter in head.parameters()]

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.stem(crops)
        for block in self.blocks[:FINE_BLOCKS]:
            fine = block(fine)
        x = fine
        for block in self.blocks[FINE_BLOCKS:]:
            x = block(x)
        where = self.where(torch.cat([self.fine(fine), self.coarse(x)], dim=1))
        x = self.mix(x)
        return self.out(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)), where


BACK = ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))
"""What x and y are multiplied by to undo the mirroring of each way."""


class KindNetForExport(nn.Module):  # type: ignore[misc,unused-ignore]
    """KindNet asked about a crop in all eight turns and mirrors: means of its calibrated probabilities and centres.

    A fastener is the same whichever way it is turned: the mean names one in fifty more rightly. The temperature makes
    the probabilities honest (Guo et al. 2017).
    """

    def __init__(self, net: KindNet, temperature: float = 1.0) -> None:
        super().__init__()
        self.net, self.temperature = net, temperature

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        turned = [
            way
            for base in (crops, crops.transpose(2, 3))
            for way in (base, base.flip(2), base.flip(3), base.flip(2, 3))
        ]
        logits, where = self.net(torch.cat(turned))
        chances = torch.softmax(logits / self.temperature, dim=1)
        back = where.reshape(2, 4, -1, 2) * where.new_tensor(BACK).reshape(1, 4, 1, 2)
        where = torch.cat([back[0], back[1].flip(2)])
        return chances.reshape(len(turned), -1, len(LABELS)).mean(dim=0), where.mean(dim=0)
