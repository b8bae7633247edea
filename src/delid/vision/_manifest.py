"""The strict description of a model file: what goes in, what comes out, and which thresholds belong to it.

A manifest lies beside its `model.onnx`. Whatever is not written here is refused, so that a model can never be
fed with another preprocessing than the one it was trained with.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

DAMAGE_KINDS = ("dent", "corrosion", "leak", "swelling", "burn")
FastenerLabel = Literal["bolt", "nut", "empty", "stripped"]
FASTENER_KINDS: tuple[FastenerLabel, ...] = ("bolt", "nut", "empty", "stripped")
NOTHING = "nothing"
"""What a model of kinds may say besides: neither a fastener nor a hole for one."""
CENTRE = "where"
"""Output of a model of kinds that also says where the centre is: x, y in pixels of the crop, from its middle."""

Task = Literal["pack_damage", "fastener_kind", "fastener_detect"]
FREE_SIDE_PX = 64
"""A model that takes any size is tried at this one when it is loaded."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Plane = Literal["rgb", "rake_left", "rake_right", "rake_ratio"]


class InputSpec(_Strict):
    """How pixels become the input tensor: `(x - mean) / scale` on RGB values of 0..255.

    `planes` says what the channels are: rgb counts three, every other one is grey and made of another look of the same
    camera and pose. A look that is missing leaves its plane zero. A fully convolutional model takes any `height` and
    `width`.
    """

    name: str
    shape: tuple[int | Literal["batch"], int, int | Literal["height"], int | Literal["width"]]
    planes: tuple[Plane, ...] = ("rgb",)
    layout: Literal["NCHW"]
    color: Literal["RGB"]
    resize: Literal["letterbox", "stretch"]
    pad: int = Field(ge=0, le=255)
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    dtype: Literal["float32"]

    @property
    def height_px(self) -> int:
        """Of the input; for a model that takes any size, that of the trial at loading."""
        return FREE_SIDE_PX if self.shape[2] == "height" else self.shape[2]

    @property
    def width_px(self) -> int:
        return FREE_SIDE_PX if self.shape[3] == "width" else self.shape[3]

    @model_validator(mode="after")
    def _positive(self) -> InputSpec:
        if min(self.height_px, self.width_px) < 1:
            raise ValueError("shape must have a positive height and width")
        if 0.0 in self.scale:
            raise ValueError("scale must not be zero")
        if self.planes[:1] != ("rgb",) or self.shape[1] != 2 + len(self.planes):
            raise ValueError(
                "planes must begin with rgb and fit the channels of shape: three for rgb, one for each other"
            )
        return self


class OutputSpec(_Strict):
    """One output. `pooling: max` means: the presence of a label is the highest value over all its cells."""

    name: str
    shape: tuple[int | Literal["batch", "height/4", "width/4"], ...]
    labels: tuple[str, ...] = ()
    pooling: Literal["max", "none"] = "none"


class CropSpec(_Strict):
    """A square around a fastener's nominal place: `cover_mm` wide, resampled to `size_px`."""

    size_px: int = Field(gt=0)
    cover_mm: float = Field(gt=0)


class DetectionSpec(_Strict):
    """Where the heat of a kind reaches its threshold there is a fastener; within `radius_px` there is only one."""

    stride: Literal[4]
    radius_px: float = Field(gt=0)
    thresholds: dict[FastenerLabel, float]
    source: Literal["validation"] = Field(alias="from")
    chosen: str

    @model_validator(mode="after")
    def _every_kind(self) -> DetectionSpec:
        if set(self.thresholds) != set(FASTENER_KINDS) or not all(0 < v < 1 for v in self.thresholds.values()):
            raise ValueError(f"thresholds must give each of {FASTENER_KINDS} a number between 0 and 1")
        return self


class PackThreshold(_Strict):
    """A pack is known when its score reaches `min_score` and leads the next pack by `margin`.

    The score of a pack is the mean of its `neighbours` highest cosine similarities to the taught vectors
    (all of them when the pack has fewer).
    """

    min_score: float = Field(ge=-1, le=1)
    margin: float = Field(ge=0, le=2)
    neighbours: int = Field(ge=1)
    source: Literal["validation"] = Field(alias="from")
    chosen: str


class DamageThreshold(_Strict):
    """A kind of damage is there when its presence reaches `min_confidence`; it lies where its heat reaches `region`.

    Without `region` that is where the heat reaches `min_confidence`. A presence from `rule_out` on, and under
    `min_confidence`, is neither: the damage is unclear. Without `rule_out` what is not found counts as ruled out.
    """

    min_confidence: float = Field(ge=0, le=1)
    region: float | None = Field(default=None, ge=0, le=1)
    rule_out: float | None = Field(default=None, ge=0, le=1)
    source: Literal["validation"] = Field(alias="from")
    chosen: str

    @model_validator(mode="after")
    def _ruled_out_before_found(self) -> DamageThreshold:
        if self.rule_out is not None and self.rule_out > self.min_confidence:
            raise ValueError("rule_out must not be over min_confidence")
        return self


class FastenerThreshold(_Strict):
    """A fastener's kind counts when its probability reaches `min_confidence`.

    What a model of kinds takes for nothing with a probability of `nothing` or more is no fastener. `ask_from`: where it
    has the last word, it is asked about everything that the detector finds with so high a probability.
    """

    min_confidence: float = Field(ge=0, le=1)
    ask_from: float | None = Field(default=None, gt=0, le=1)
    nothing: float | None = Field(default=None, gt=0, le=1)
    source: Literal["validation"] = Field(alias="from")
    chosen: str


DamageThresholds = dict[Literal["dent", "corrosion", "leak", "swelling", "burn"], DamageThreshold]


class Thresholds(_Strict):
    """`damage_single` counts for a frame that comes without its raking looks; without it `damage` does."""

    pack: PackThreshold | None = None
    damage: DamageThresholds | None = None
    damage_single: DamageThresholds | None = None
    fasteners: FastenerThreshold | None = None


class DataNote(_Strict):
    """What the model was trained on, in numbers, with the checksum of the recipe that makes the data again."""

    images: int = Field(ge=0)
    families: int = Field(ge=0)
    crops: int = Field(default=0, ge=0)
    photographs: int = Field(default=0, ge=0)
    seeds: tuple[int, ...]
    recipe_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    note: str


class MadeBy(_Strict):
    command: str
    seed: int


class Manifest(_Strict):
    model: str
    version: str
    task: Task
    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    trained_on: Literal["rendered", "rendered and photographs"]
    data: DataNote
    made_by: MadeBy
    input: InputSpec
    outputs: tuple[OutputSpec, ...]
    thresholds: Thresholds
    crop: CropSpec | None = None
    detection: DetectionSpec | None = None

    def output(self, name: str) -> OutputSpec:
        """The output called `name`; KeyError when the model has none."""
        for spec in self.outputs:
            if spec.name == name:
                return spec
        raise KeyError(name)

    @model_validator(mode="after")
    def _complete_for_task(self) -> Manifest:
        names = {spec.name for spec in self.outputs}
        if self.task == "pack_damage":
            _require(
                names >= {"embedding", "damage_heat", "severity"}, "outputs must be embedding, damage_heat, severity"
            )
            _require(self.thresholds.pack is not None, "thresholds.pack is missing")
            damage = self.thresholds.damage
            _require(damage is not None and set(damage) == set(DAMAGE_KINDS), "thresholds.damage must name every kind")
            _require(self.output("damage_heat").labels == DAMAGE_KINDS, f"damage_heat.labels must be {DAMAGE_KINDS}")
        elif self.task == "fastener_detect":
            _require(names >= {"heat", "offset"}, "outputs must be heat, offset")
            _require(self.output("heat").labels == FASTENER_KINDS, f"heat.labels must be {FASTENER_KINDS}")
            _require(self.input.shape == (1, 3, "height", "width"), "input.shape must be [1, 3, height, width]")
            _require(self.thresholds.fasteners is not None, "thresholds.fasteners is missing")
            _require(self.detection is not None, "detection is missing")
        else:
            _require("kind" in names, "outputs must hold kind")
            good = (FASTENER_KINDS, (*FASTENER_KINDS, NOTHING))
            _require(self.output("kind").labels in good, f"kind.labels must be {good[0]} or {good[1]}")
            _require(self.thresholds.fasteners is not None, "thresholds.fasteners is missing")
            _require(self.crop is not None, "crop is missing")
            where = CENTRE not in names or self.output(CENTRE).shape == ("batch", 2)
            _require(where, f"{CENTRE}.shape must be [batch, 2]")
        return self


def _require(good: bool, message: str) -> None:
    if not good:
        raise ValueError(message)
