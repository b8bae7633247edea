"""A scene follows from its seed alone, and its truth from its geometry. No renderer is needed for either."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from delid.config import load_cell
from delid.training import DataPlan, Job, jobs, load_plan, scene_of
from delid.training import _data_plan as data_plan
from delid.training._damage import KINDS, Damage, height_change, stain
from delid.training._data_plan import cell_camera, family_of
from delid.training._family import random_family
from delid.training._labels import battery_code
from delid.training._lid import lid_height, lid_mesh, lid_surface
from delid.training._noise import stream
from delid.training._polygon import chamfered, inset_path, signed_distance
from delid.training._render import Rendered
from delid.training._scene import Camera, Scene, random_scene
from delid.training._truth import truth_of
from delid.vision import Projection, decode_battery_code

REPOSITORY = Path(__file__).resolve().parents[3]
PLAN = DataPlan(
    families=(3, 2, 2, 0),
    per_family=(2, 1, 1, 0),
    per_pack=(0, 1, 1, 1),
    from_cell=(0, 1, 1, 1),
    opened=(1, 1, 1, 0),
    packs=str(REPOSITORY / "cell_configs/packs"),
)


def text_of(scene: Scene) -> str:
    return json.dumps(scene.description(), sort_keys=True)


def scene_with(damages: tuple[Damage, ...] = ()) -> Scene:
    return random_scene("one", 11, random_family(5), (400, 300), damages)


@pytest.mark.parametrize("job", jobs(PLAN), ids=lambda j: j.name)
def test_the_same_job_gives_the_same_scene(job: Job) -> None:
    assert text_of(scene_of(job, PLAN)) == text_of(scene_of(job, PLAN))


def test_another_seed_gives_other_scenes() -> None:
    others = {text_of(scene_of(job, replace(PLAN, seed=8))) for job in jobs(replace(PLAN, seed=8))}
    assert not others & {text_of(scene_of(job, PLAN)) for job in jobs(PLAN)}


def test_fictional_families_never_cross_a_split_and_names_are_unique() -> None:
    found = jobs(PLAN)
    assert len({job.name for job in found}) == len(found)
    splits: dict[str, set[str]] = {}
    for job in found:
        if job.family.startswith("family-"):
            splits.setdefault(job.family, set()).add(job.split)
    assert {len(names) for names in splits.values()} == {1}


def test_no_named_pack_is_in_a_training_picture() -> None:
    shown = {job.family for job in jobs(PLAN) if job.split == "train"}
    assert shown
    assert all(name.startswith("family-") for name in shown)


def test_a_pack_file_more_leaves_the_scenes_of_the_others_alone() -> None:
    one, two = (data_plan._seed(31_100_000, pack, 0) for pack in ("vw-meb-82", "byd-blade"))
    assert one != two
    assert data_plan._seed(31_100_000, "vw-meb-82", 3) == one + 3


def test_the_left_lamp_stands_where_the_cameras_left_is() -> None:
    scene = scene_of(next(job for job in jobs(PLAN) if job.kind == "cell"), PLAN)
    left, right, _ = scene.light.rakes
    assert left.at_mm[0] < -500 < 500 < right.at_mm[0]


def test_scenes_of_a_named_pack_differ_between_splits() -> None:
    seeds = [(job.seed, job.kind) for job in jobs(PLAN) if job.kind in ("pack", "cell")]
    assert len(set(seeds)) == len(seeds)


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"seed": 3, "families": [4, 1, 1, 0]}))
    assert load_plan(file) == DataPlan(seed=3, families=(4, 1, 1, 0))
    assert load_plan(file).sha256() != DataPlan().sha256()


def test_the_cell_camera_sees_fasteners_where_the_cell_calibration_puts_them() -> None:
    cell = load_cell(REPOSITORY / "cell_configs/cells/demo.yaml")
    spec = cell.spec.cameras[0]
    view = Projection(spec.calibration, cell.spec.fixture, spec.size_px)
    for name, pack in cell.packs.items():
        family = family_of(name, PLAN)
        drawn = cell_camera(family.height_mm).project(np.array([(x, y, 0.0) for x, y in family.fasteners_mm]))
        assert drawn == pytest.approx(view.robot_to_px(view.pack_to_robot(family.fasteners_mm, pack)), abs=0.05), name


def test_projection_keeps_the_principal_point_and_scales_with_the_camera() -> None:
    camera = Camera(
        100, 80, 120.0, 49.5, 39.5, (0.0, 0.0, 500.0), ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
    )
    assert camera.project(np.array([[0.0, 0.0, 0.0], [25.0, 50.0, 0.0]])) == pytest.approx(
        np.array([[49.5, 39.5], [55.5, 27.5]])
    )
    assert camera.scaled(2.0).project(np.array([[25.0, 50.0, 0.0]])) == pytest.approx(np.array([[111.5, 55.5]]))
    assert camera.depth(np.array([[0.0, 300.0, 100.0]])) == pytest.approx([500.0])


def test_signed_distance_is_positive_inside() -> None:
    outline = chamfered(200.0, 100.0, 20.0)
    x, y = np.array([[0.0, 120.0, 99.0]], np.float32), np.array([[0.0, 0.0, 49.0]], np.float32)
    assert signed_distance(outline, x, y)[0] == pytest.approx([50.0, -20.0, -(18 / 2**0.5)], abs=1e-3)
    moved = inset_path(outline, 10.0)
    assert signed_distance(outline, *(moved.T[:, None].astype(np.float32)))[0] == pytest.approx(10.0, abs=0.5)


@pytest.mark.parametrize(("kind", "sign"), [("dent", -1), ("swelling", 1)])
def test_dents_go_down_and_swellings_up_and_the_more_the_worse(kind: str, sign: int) -> None:
    x, y = (axis.astype(np.float32) for axis in np.meshgrid(np.arange(-400, 401, 8.0), np.arange(-400, 401, 8.0)))
    deep = []
    for severity in (0.2, 0.8):
        change = sign * height_change(Damage(kind, severity, (0.0, 0.0), 0.0, 1.0, 3), x, y, 8.0)
        middle = float(change[50, 50])
        assert middle > 0
        assert abs(float(change[0, 0])) < 0.15 * middle
        deep.append(middle)
    assert deep[1] > 1.5 * deep[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_mask_of_a_damage_lies_around_its_place(kind: str) -> None:
    scene = scene_with()
    _, grid, _ = lid_mesh(scene.family, (), 12.0)
    surface, _ = lid_surface(scene.family, (), scene.wear, grid, 8.0)
    mask = stain(Damage(kind, 0.5, (30.0, -40.0), 0.3, 0.8, 21), surface)
    middle = float(surface.x_mm[mask].mean()), float(surface.y_mm[mask].mean())
    assert 100 < mask.sum() < 0.8 * mask.size
    assert middle == pytest.approx((30.0, -40.0), abs=160.0)


def test_the_lid_ends_on_its_outline_and_fasteners_stand_on_the_flange() -> None:
    family = random_family(5)
    mesh, _, _ = lid_mesh(family, (), 12.0)
    inside = signed_distance(np.array(family.outline_mm), mesh.points[:, 0], mesh.points[:, 1])
    assert float(inside.min()) > -0.1
    places = np.array(family.fasteners_mm, np.float32).T[:, None]
    assert np.abs(lid_height(family, (), places[0], places[1], 12.0)).max() < 1.0


def test_truth_finds_damage_in_view_and_fasteners_behind_something() -> None:
    """The renderer's part is played by the exact positions of a flat lid, one pixel of it covered."""
    scene = scene_with((Damage("burn", 0.5, (0.0, 0.0), 0.0, 1.0, 4),))
    camera = cell_camera(scene.family.height_mm).scaled(0.25)
    scene = replace(scene, camera=camera, fasteners=scene.fasteners[:6])
    _, grid, _ = lid_mesh(scene.family, (), 12.0)
    surface, masks = lid_surface(scene.family, scene.damages, scene.wear, grid, 8.0)
    shown = _flat_positions(camera)
    pixels = camera.project(np.array([(*f.at_mm, 0.0) for f in scene.fasteners]))
    column, row = (round(v) for v in pixels[2])
    shown[row, column, 2] += 60.0
    flat = np.zeros((grid.rows, grid.cols), np.float32)
    dark = np.zeros((*shown.shape[:2], 3), np.float32)
    rendered = Rendered(dark, dark, shown, tuple(masks), surface, grid, flat)
    truth = truth_of(scene, rendered, "train")
    assert [f["hidden"] for f in truth["fasteners"]] == [k == 2 for k in range(6)]
    assert [f["center_px"] for f in truth["fasteners"]] == [pytest.approx(p, abs=0.01) for p in pixels]
    x0, y0, x1, y1 = truth["damages"][0]["box_px"]
    x, y = camera.project(np.zeros((1, 3)))[0]
    assert x0 < x < x1
    assert y0 < y < y1
    assert (x1 - x0) * camera.depth(np.zeros((1, 3)))[0] / camera.focal_px < 4 * scene.damages[0].radius_mm


def _flat_positions(camera: Camera) -> np.ndarray:
    """Where each pixel's ray meets the plane of the flange."""
    y, x = np.mgrid[0 : camera.height_px, 0 : camera.width_px]
    rays = np.stack([(x - camera.cx_px) / camera.focal_px, (y - camera.cy_px) / camera.focal_px, np.ones(x.shape)], -1)
    rays = rays @ np.array(camera.axes).T
    away = -camera.at_mm[2] / rays[..., 2:]
    return np.asarray(np.array(camera.at_mm) + away * rays, np.float32)


def test_labels_carry_codes_of_the_standard() -> None:
    rng = stream(1, "codes")
    for _ in range(50):
        code = battery_code(rng)
        decoded = decode_battery_code(code)
        assert decoded is not None, code
