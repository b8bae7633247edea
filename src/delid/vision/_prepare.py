"""The one way from pixels to a model's input, used by the cell, by replay and by training alike.

Pixel centres follow OpenCV: (0, 0) is the centre of the top-left pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ._manifest import CropSpec, InputSpec

Image = NDArray[np.uint8]
Tensor = NDArray[np.float32]
DISPLAY_GAMMA = 2.2
"""Cameras deliver pictures for displays: about this power of their values is linear light."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where an image came to lie in a model's input: `input = (image + 0.5) * scale - 0.5 + offset`, per axis."""

    scale_x: float
    scale_y: float
    offset_x: int
    offset_y: int
    width_px: int
    height_px: int

    def to_input(self, x: float, y: float) -> tuple[float, float]:
        """Image pixels to input pixels."""
        return (x + 0.5) * self.scale_x - 0.5 + self.offset_x, (y + 0.5) * self.scale_y - 0.5 + self.offset_y

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Input pixels to image pixels."""
        return (x - self.offset_x + 0.5) / self.scale_x - 0.5, (y - self.offset_y + 0.5) / self.scale_y - 0.5

    def cells_to_box(
        self, rows: tuple[int, int], columns: tuple[int, int], grid: tuple[int, int], spec: InputSpec
    ) -> tuple[float, float, float, float]:
        """The image box (x0, y0, x1, y1) that heat cells first..last (inclusive) of a rows x columns grid cover."""
        step_y, step_x = spec.height_px / grid[0], spec.width_px / grid[1]
        x0, y0 = self.to_image(columns[0] * step_x - 0.5, rows[0] * step_y - 0.5)
        x1, y1 = self.to_image((columns[1] + 1) * step_x - 0.5, (rows[1] + 1) * step_y - 0.5)
        right, bottom = self.width_px - 1.0, self.height_px - 1.0
        return (
            float(min(max(x0, 0.0), right)),
            float(min(max(y0, 0.0), bottom)),
            float(min(max(x1, 0.0), right)),
            float(min(max(y1, 0.0), bottom)),
        )


def letterbox_for(width_px: int, height_px: int, spec: InputSpec) -> Letterbox:
    """The place of an image of this size in the model's input."""
    if spec.resize == "stretch":
        return Letterbox(spec.width_px / width_px, spec.height_px / height_px, 0, 0, width_px, height_px)
    ratio = min(spec.width_px / width_px, spec.height_px / height_px)
    inner_w = max(1, round(width_px * ratio))
    inner_h = max(1, round(height_px * ratio))
    return Letterbox(
        inner_w / width_px,
        inner_h / height_px,
        (spec.width_px - inner_w) // 2,
        (spec.height_px - inner_h) // 2,
        width_px,
        height_px,
    )


def prepare(
    image_bgr: Image, spec: InputSpec, looks: Mapping[str, Image] | None = None, *, planes: Tensor | None = None
) -> Tensor:
    """A BGR uint8 image of H x W x 3 to float32 of 1 x channels x height x width; ValueError for any other array.

    Args:
        looks: the same view under other lamps, by name of the look, each H x W x 3 as well. Only those that the model
            has planes for are used; the plane of a missing look is zero.
        planes: what `look_planes` made of the looks, where that is known already; ``looks`` is not read then.
    """
    _check(image_bgr)
    height, width = image_bgr.shape[:2]
    colour = _normalise(_laid_in(image_bgr, letterbox_for(width, height, spec), spec)[None], spec)
    if spec.planes == ("rgb",):
        return colour
    if planes is None:
        planes = look_planes(looks or {}, image_bgr.shape, spec)
    return np.concatenate([colour, planes[None]], axis=1)


def look_planes(looks: Mapping[str, Image], shape: tuple[int, ...], spec: InputSpec) -> Tensor:
    """Every plane after rgb, planes x height x width, for an ambient picture of this shape; ValueError as `prepare`."""
    box = letterbox_for(shape[1], shape[0], spec)
    used = {name: image for name, image in looks.items() if name in spec.planes}
    for name, image in used.items():
        _check(image)
        if image.shape != shape:
            raise ValueError(f"look {name} is {image.shape}, the ambient picture is {shape}")
    return raking_planes({name: _laid_in(image, box, spec) for name, image in used.items()}, box, spec)


def raking_planes(looks: Mapping[str, Image], box: Letterbox, spec: InputSpec) -> Tensor:
    """Every plane after rgb, planes x height x width, from looks that already lie in the model's input.

    `rake_ratio` is the logarithm of left over right without its slow part: paint cancels out of it, slopes remain.
    """
    inside = (_span(box.offset_y, box.height_px * box.scale_y), _span(box.offset_x, box.width_px * box.scale_x))
    grey = {name: np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.float32) for name, image in looks.items()}
    out = np.zeros((len(spec.planes) - 1, spec.height_px, spec.width_px), np.float32)
    for plane, name in zip(out, spec.planes[1:], strict=True):
        if name in grey:
            plane[inside] = (grey[name][inside] - np.float32(spec.mean[0])) / np.float32(spec.scale[0])
        elif name == "rake_ratio" and {"rake_left", "rake_right"} <= set(grey):
            plane[inside] = _log_ratio(grey["rake_left"][inside], grey["rake_right"][inside])
    return out


def _span(first: int, length: float) -> slice:
    return slice(first, first + round(length))


def _log_ratio(left: Tensor, right: Tensor) -> Tensor:
    """Where the surface leans: log of linear left over right, less its mean over a sixth of the width, within -1..1."""
    darkest = np.float32(0.004)
    linear = [(value / np.float32(255)) ** np.float32(DISPLAY_GAMMA) + darkest for value in (left, right)]
    ratio = np.log(linear[0] / linear[1])
    height, width = ratio.shape
    small = cv2.resize(ratio, (max(2, width // 8), max(2, height // 8)), interpolation=cv2.INTER_AREA)
    slow = cv2.resize(cv2.GaussianBlur(small, (0, 0), width / 48), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip((ratio - slow) / 2, -1, 1), np.float32)


def _laid_in(image: Image, box: Letterbox, spec: InputSpec) -> Image:
    """The image, resized, on the padded canvas of the model's input."""
    height, width = image.shape[:2]
    inner_w, inner_h = round(width * box.scale_x), round(height * box.scale_y)
    shrinks = box.scale_x < 1.0 or box.scale_y < 1.0
    inner = cv2.resize(image, (inner_w, inner_h), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    canvas = np.full((spec.height_px, spec.width_px, 3), spec.pad, np.uint8)
    canvas[box.offset_y : box.offset_y + inner_h, box.offset_x : box.offset_x + inner_w] = inner
    return canvas


def prepare_crops(
    image_bgr: Image,
    centers_px: Sequence[tuple[float, float]] | NDArray[np.float64],
    mm_per_px: float | Sequence[float] | NDArray[np.float64],
    spec: InputSpec,
    crop: CropSpec,
) -> Tensor:
    """Squares of `crop.cover_mm` around each centre to float32 of N x 3 x size x size.

    `mm_per_px` is the ground resolution at each centre, or one figure for all. What lies outside the image
    takes the colour of the nearest edge pixel.
    """
    _check(image_bgr)
    centers = np.asarray(centers_px, np.float64).reshape(-1, 2)
    scales = np.broadcast_to(np.asarray(mm_per_px, np.float64), (len(centers),))
    crops = np.empty((len(centers), crop.size_px, crop.size_px, 3), np.uint8)
    for index, ((x, y), scale) in enumerate(zip(centers, scales, strict=True)):
        crops[index] = _crop(image_bgr, float(x), float(y), float(crop.cover_mm / scale), crop.size_px)
    return _normalise(crops, spec)


def _crop(image: Image, x: float, y: float, side_px: float, size_px: int) -> Image:
    step = side_px / size_px
    source = image
    if step > 1.0:  # a finer image than the model's: average first, or small parts would alias
        reach = int(side_px / 2 + 3 * step) + 2
        x_first, y_first = max(0, int(x) - reach), max(0, int(y) - reach)
        region = image[y_first : max(0, int(y) + reach + 1), x_first : max(0, int(x) + reach + 1)]
        if region.size == 0:
            return np.zeros((size_px, size_px, 3), np.uint8)
        source = np.asarray(cv2.GaussianBlur(region, (0, 0), 0.45 * step), np.uint8)
        x, y = x - x_first, y - y_first
    half = (size_px - 1) / 2
    matrix = np.array([[step, 0.0, x - half * step], [0.0, step, y - half * step]])
    warped = cv2.warpAffine(
        source,
        matrix,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, np.uint8)


def _normalise(images_bgr: NDArray[np.uint8], spec: InputSpec) -> Tensor:
    count, height, width, _ = images_bgr.shape
    out = np.empty((count, 3, height, width), np.float32)
    for c in range(3):  # plane by plane: seven times faster than turning the axes of the whole
        np.subtract(images_bgr[..., 2 - c], np.float32(spec.mean[c]), out=out[:, c], dtype=np.float32)
        out[:, c] /= np.float32(spec.scale[c])
    return out


def _check(image: Image) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"expected a BGR uint8 image of H x W x 3, got {image.dtype} {image.shape}")
