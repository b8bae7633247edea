"""The lid: a height field with beads, pads and damage, and the texture that lies on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ._damage import Damage, Surface, height_change, stain
from ._family import Family, Feature, Finish, Label
from ._labels import battery_code, code_label, warning_label
from ._noise import Field, fbm, smoothstep, stream
from ._polygon import nearest_on_outline, signed_distance


@dataclass(frozen=True, slots=True)
class Wear:
    """How used one specimen is: dirt, scratches, dust, drawn marks (0 none .. 1 much)."""

    dirt: float
    scratches: float
    dust: float
    marks: float
    seed: int


@dataclass(frozen=True, slots=True)
class LidMesh:
    points: NDArray[np.float32]
    faces: NDArray[np.uint32]
    uv: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular grid of places: first place, step and size."""

    x0: float
    y0: float
    step_mm: float
    rows: int
    cols: int

    @property
    def axes(self) -> tuple[Field, Field]:
        x = np.float32(self.x0) + np.float32(self.step_mm) * np.arange(self.cols, dtype=np.float32)
        y = np.float32(self.y0) + np.float32(self.step_mm) * np.arange(self.rows, dtype=np.float32)
        gx, gy = np.meshgrid(x, y)
        return gx, gy


def grid_over(outline: NDArray[np.float64], step_mm: float, margin_mm: float = 0.0) -> Grid:
    """A grid that covers the outline."""
    low, high = outline.min(axis=0) - margin_mm, outline.max(axis=0) + margin_mm
    size = np.ceil((high - low) / step_mm).astype(int) + 1
    return Grid(float(low[0]), float(low[1]), step_mm, int(size[1]), int(size[0]))


def lid_height(family: Family, damages: Sequence[Damage], x: Field, y: Field, step_mm: float) -> Field:
    """Height of the lid above its flange, in millimetres, at the given places."""
    inside = signed_distance(np.array(family.outline_mm), x, y)
    plateau = smoothstep(family.flange_mm, family.flange_mm + family.ramp_mm, inside)
    height = np.asarray(family.rise_mm * plateau, np.float32)
    room = smoothstep(family.flange_mm + family.ramp_mm, family.flange_mm + family.ramp_mm + 25, inside)
    for feature in family.features:
        height += room * np.float32(feature.height_mm) * _embossing(feature, x, y)
    for damage in damages:
        height += smoothstep(2.0, 30.0, inside) * height_change(damage, x, y, step_mm)
    return height


def _embossing(feature: Feature, x: Field, y: Field) -> Field:
    c, s = np.cos(feature.angle_rad), np.sin(feature.angle_rad)
    dx, dy = x - feature.at_mm[0], y - feature.at_mm[1]
    u, v = np.asarray(c * dx + s * dy, np.float32), np.asarray(-s * dx + c * dy, np.float32)
    a, b = feature.size_mm
    if feature.kind == "line":
        over = np.maximum(np.abs(u) - a, 0)
        return smoothstep(0, -0.8 * b, np.asarray(np.hypot(over, v) - b, np.float32))
    if feature.kind == "round":
        return smoothstep(0, -14, np.asarray((np.hypot(u / a, v / b) - 1) * min(a, b), np.float32))
    if feature.kind == "ring":
        return smoothstep(14, 4, np.asarray(np.abs(np.hypot(u, v) - a), np.float32))
    qx, qy = np.abs(u) - a, np.abs(v) - b
    box = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0)
    if feature.kind == "frame":
        return smoothstep(20, 6, np.asarray(np.abs(box), np.float32))
    return smoothstep(6, -10, np.asarray(box, np.float32))


def lid_mesh(family: Family, damages: Sequence[Damage], step_mm: float) -> tuple[LidMesh, Grid, Field]:
    """The lid as triangles cut cleanly along its outline; also its grid and heights for the ground truth."""
    outline = np.array(family.outline_mm)
    grid = grid_over(outline, step_mm, step_mm)
    x, y = grid.axes
    height = lid_height(family, damages, x, y, step_mm)
    inside = signed_distance(outline, x, y) >= 0
    index = np.arange(grid.rows * grid.cols).reshape(grid.rows, grid.cols)
    touched = inside[:-1, :-1] | inside[:-1, 1:] | inside[1:, :-1] | inside[1:, 1:]
    a, b, c, d = index[:-1, :-1][touched], index[:-1, 1:][touched], index[1:, :-1][touched], index[1:, 1:][touched]
    faces = np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)])
    places = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
    used = np.unique(faces)
    outer = used[~inside.ravel()[used]]
    places[outer] = nearest_on_outline(outline, places[outer])
    z = height.ravel().copy()
    z[outer] = 0.0
    uv = np.stack(
        [(x.ravel() - grid.x0) / (step_mm * (grid.cols - 1)), (y.ravel() - grid.y0) / (step_mm * (grid.rows - 1))],
        axis=1,
    )
    points = np.column_stack([places, z])
    renumber = np.zeros(len(points), np.uint32)
    renumber[used] = np.arange(len(used), dtype=np.uint32)
    mesh = LidMesh(points[used].astype(np.float32), renumber[faces], uv[used].astype(np.float32))
    return mesh, grid, height


def lid_surface(
    family: Family, damages: Sequence[Damage], wear: Wear, grid: Grid, px_mm: float
) -> tuple[Surface, list[NDArray[np.bool_]]]:
    """The texture over the mesh's grid, with each damage's mask on the texture's own pixels."""
    wide, tall = grid.step_mm * (grid.cols - 1), grid.step_mm * (grid.rows - 1)
    cols, rows = max(2, round(wide / px_mm)), max(2, round(tall / px_mm))
    fine = Grid(grid.x0 + px_mm / 2, grid.y0 + px_mm / 2, px_mm, rows, cols)
    x, y = fine.axes
    surface = Surface(
        x,
        y,
        np.empty((rows, cols, 3), np.float32),
        np.empty((rows, cols), np.float32),
        np.empty((rows, cols), np.float32),
        px_mm,
    )
    _base(surface, family.finish, wear)
    for number, label in enumerate(family.labels):
        _lay_label(surface, fine, label, wear, number)
    height = lid_height(family, (), x, y, px_mm)
    _weather(surface, height, wear)
    masks = [stain(damage, surface) for damage in damages]
    np.clip(surface.rgb, 0.002, 0.95, out=surface.rgb)
    np.clip(surface.rough, 0.04, 1.0, out=surface.rough)
    np.clip(surface.metal, 0.0, 1.0, out=surface.metal)
    return surface, masks


def _base(surface: Surface, finish: Finish, wear: Wear) -> None:
    rng = stream(wear.seed, "base")
    shape = surface.rough.shape
    cloud = fbm(rng, shape, 260 / surface.mm_per_px, 5)
    shift = np.float32(1.0 + rng.normal(0, 0.06))
    surface.rgb[...] = np.array(finish.rgb, np.float32) * (shift * (1 + finish.cloud * cloud))[..., None]
    grain = fbm(rng, shape, 5 / surface.mm_per_px + 1, 2)
    surface.rough[...] = finish.roughness + 0.06 * cloud + 0.03 * grain
    surface.metal[...] = finish.metallic


def _lay_label(surface: Surface, grid: Grid, label: Label, wear: Wear, number: int) -> None:
    rng = stream(wear.seed, "label", number)
    size = (max(12, round(label.size_mm[0] / grid.step_mm)), max(8, round(label.size_mm[1] / grid.step_mm)))
    picture = code_label(rng, size, battery_code(rng)) if label.style == "code" else warning_label(rng, size)
    linear = (picture[..., ::-1].astype(np.float32) / 255) ** np.float32(2.2)
    left = round((label.at_mm[0] - grid.x0) / grid.step_mm - size[0] / 2)
    top = round((label.at_mm[1] - grid.y0) / grid.step_mm - size[1] / 2)
    rows, cols = surface.rough.shape
    if left < 0 or top < 0 or left + size[0] > cols or top + size[1] > rows:
        return
    window = (slice(top, top + size[1]), slice(left, left + size[0]))
    torn = smoothstep(1.9, 2.2, fbm(rng, (size[1], size[0]), size[1] / 2, 4) + np.float32(0.5 * wear.dirt))[..., None]
    # row 0 of the texture is the smallest y, so the picture is laid upside down to read upright from above
    surface.rgb[window] = linear[::-1] * 0.85 * (1 - torn) + surface.rgb[window] * torn
    surface.rough[window] = 0.35 + 0.3 * wear.dirt
    surface.metal[window] *= torn[..., 0]


def _weather(surface: Surface, height: Field, wear: Wear) -> None:
    rng = stream(wear.seed, "weather")
    shape, px = surface.rough.shape, surface.mm_per_px
    blurred = cv2.GaussianBlur(height, (0, 0), 14 / px)
    hollow = smoothstep(0.3, 3.0, np.asarray(blurred - height, np.float32))
    grime = smoothstep(0.9 - 1.2 * wear.dirt, 2.6 - 1.2 * wear.dirt, fbm(rng, shape, 220 / px, 6) + 1.2 * hollow)
    _tone(surface, np.asarray(0.55 * wear.dirt * grime, np.float32), (0.075, 0.062, 0.048), 0.85)
    dust = smoothstep(-1.5, 2.0, fbm(rng, shape, 400 / px, 5)) * np.float32(0.30 * wear.dust)
    _tone(surface, np.asarray(dust, np.float32), (0.30, 0.275, 0.24), 0.9)
    _scratch(surface, rng, wear)
    _handle(surface, rng, wear)


def _tone(surface: Surface, amount: Field, rgb: tuple[float, float, float], rough: float) -> None:
    surface.rgb[...] = surface.rgb * (1 - amount[..., None]) + np.array(rgb, np.float32) * amount[..., None]
    surface.rough[...] = surface.rough * (1 - amount) + rough * amount
    surface.metal[...] *= 1 - amount


def _scratch(surface: Surface, rng: np.random.Generator, wear: Wear) -> None:
    rows, cols = surface.rough.shape
    lines = np.zeros((rows, cols), np.float32)
    for _ in range(int(60 * wear.scratches)):
        start = rng.uniform((0, 0), (cols, rows))
        turn, length = rng.uniform(0, 2 * np.pi), rng.exponential(70) / surface.mm_per_px
        bend = rng.normal(0, 0.12)
        t = np.linspace(0, 1, 8)
        path = start + length * np.stack([t * np.cos(turn + bend * t), t * np.sin(turn + bend * t)], axis=1)
        cv2.polylines(
            lines, [np.round(path * 8).astype(np.int32)], False, float(rng.uniform(0.2, 0.9)), 1, cv2.LINE_AA, 3
        )
    bright = np.clip(surface.rgb * 1.5 + 0.10, 0, 0.7)
    surface.rgb[...] = surface.rgb * (1 - 0.6 * lines[..., None]) + bright * 0.6 * lines[..., None]


def _handle(surface: Surface, rng: np.random.Generator, wear: Wear) -> None:
    """Traces of hands and pens: smears, chalk or marker strokes; harmless, and there to be learnt as harmless."""
    rows, cols = surface.rough.shape
    for _ in range(int(rng.poisson(2.5 * wear.marks))):
        smear = np.zeros((rows, cols), np.float32)
        at, turn = rng.uniform((0, 0), (cols, rows)), float(rng.uniform(0, 180))
        size = (int(rng.uniform(20, 110) / surface.mm_per_px) + 1, int(rng.uniform(6, 30) / surface.mm_per_px) + 1)
        cv2.ellipse(smear, (int(at[0]), int(at[1])), size, turn, 0, 360, 1.0, -1, cv2.LINE_AA)
        smear = cv2.GaussianBlur(smear, (0, 0), 6 / surface.mm_per_px) * np.float32(rng.uniform(0.2, 0.6))
        surface.rough[...] = surface.rough * (1 - smear) + (surface.rough * 0.55) * smear
        surface.rgb[...] *= 1 - 0.25 * smear[..., None]
    for _ in range(int(rng.poisson(1.2 * wear.marks))):
        ink = np.array([[0.8, 0.8, 0.78], [0.7, 0.05, 0.04], [0.8, 0.7, 0.1], [0.02, 0.02, 0.05]], np.float32)[
            int(rng.integers(4))
        ]
        at = rng.uniform((0.1 * cols, 0.1 * rows), (0.9 * cols, 0.9 * rows))
        walk = at + np.cumsum(rng.normal(0, 14 / surface.mm_per_px, (int(rng.integers(4, 14)), 2)), axis=0)
        stroke = np.zeros((rows, cols), np.float32)
        thick = max(1, round(float(rng.uniform(3, 9)) / surface.mm_per_px))
        cv2.polylines(stroke, [np.round(walk).astype(np.int32)], False, 0.85, thick, cv2.LINE_AA)
        surface.rgb[...] = surface.rgb * (1 - stroke[..., None]) + ink * stroke[..., None]
