"""A scene to linear light and geometry, by Mitsuba 3 with denoising.

Three shapes (floor, lid, everything else) and four lights, always: the same structure lets the renderer reuse its
compiled kernels from picture to picture.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._damage import Surface
from ._fasteners import add_fastener
from ._floor import SIDE_MM, floor_texture
from ._inside import RIM_Z_MM, add_inside, bare_tray, sunk
from ._lid import Grid, LidMesh, lid_mesh, lid_surface
from ._light import LAMPS, Lamp, surroundings
from ._llvm import find_llvm
from ._mesh import Bag
from ._noise import Field, stream
from ._parts import add_body, add_clutter, add_part
from ._scene import Camera, Scene


@dataclass(frozen=True, slots=True)
class Rendered:
    """Linear colour and world position (mm) of each pixel; damage masks on the lid's texture grid.

    `rakes` (height, width, 3) is the brightness by each raking lamp alone, in the order of `RAKES`.
    """

    linear: NDArray[np.float32]
    rakes: NDArray[np.float32]
    position_mm: NDArray[np.float32]
    masks: tuple[NDArray[np.bool_], ...]
    texture: Surface
    grid: Grid
    heights: Field


@cache
def _mitsuba() -> Any:
    library = find_llvm()
    if library:
        os.environ["DRJIT_LIBLLVM_PATH"] = library
    import mitsuba as mi

    mi.set_variant("llvm_ad_rgb")
    return mi


def render(scene: Scene) -> Rendered:
    """Build, render and denoise one scene."""
    mi = _mitsuba()
    detail = scene.detail
    mesh, grid, heights = lid_mesh(scene.family, scene.damages, detail.mesh_mm)
    family = bare_tray(scene.family) if scene.lid_off else scene.family
    texture, masks = lid_surface(family, () if scene.lid_off else scene.damages, scene.wear, grid, detail.texture_mm)
    mesh = sunk(mesh, scene.family) if scene.lid_off else mesh
    bag = _small_things(scene, grid, heights)
    world = mi.load_dict(
        {
            "type": "scene",
            "sensor": _sensor(mi, scene.camera),
            "floor": _floor(mi, scene),
            "lid": _lid(mi, mesh, texture),
            "things": _things(mi, bag),
            "surroundings": _surroundings(mi, scene),
            **{f"lamp{k}": _lamp(mi, lamp) for k, lamp in enumerate(scene.light.lamps)},
        }
    )
    _hide_literals(mi, world)
    guides = _guides(mi, world, scene)
    linear = _trace(mi, world, scene, guides, depth=5)
    rakes = np.zeros_like(linear)
    if detail.rakes:
        _turn_to_rakes(mi, world, scene)
        rakes = _trace(mi, world, scene, guides, depth=3)
    return Rendered(linear, rakes, guides[2], tuple(masks), texture, grid, heights)


def _small_things(scene: Scene, grid: Grid, heights: Field) -> Bag:
    bag = Bag()
    family = scene.family
    add_body(bag, family, stream(scene.seed, "body"))
    add_clutter(bag, family, scene.floor_mm, scene.clutter, stream(scene.seed, "clutter"))
    if scene.lid_off:
        add_inside(bag, family)
    else:
        for number, part in enumerate(family.parts):
            add_part(bag, part, _height_at(grid, heights, part.at_mm), stream(scene.seed, "part", number))
    for fastener in scene.fasteners:
        z = RIM_Z_MM if scene.lid_off else _height_at(grid, heights, fastener.at_mm)
        add_fastener(bag, fastener, z)
    return bag


def _height_at(grid: Grid, heights: Field, at: tuple[float, float]) -> float:
    col = min(max(round((at[0] - grid.x0) / grid.step_mm), 0), grid.cols - 1)
    row = min(max(round((at[1] - grid.y0) / grid.step_mm), 0), grid.rows - 1)
    return float(heights[row, col])


def _sensor(mi: Any, camera: Camera) -> dict[str, Any]:
    matrix = np.eye(4)
    turn = np.array(camera.axes)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = -turn[:, 0], -turn[:, 1], turn[:, 2], camera.at_mm
    return {
        "type": "perspective",
        "fov": float(2 * np.degrees(np.arctan(camera.width_px / 2 / camera.focal_px))),
        "fov_axis": "x",
        "near_clip": 10.0,
        "far_clip": 60000.0,
        "principal_point_offset_x": (camera.cx_px + 0.5) / camera.width_px - 0.5,
        "principal_point_offset_y": (camera.cy_px + 0.5) / camera.height_px - 0.5,
        "to_world": mi.ScalarTransform4f(matrix),
        "film": {
            "type": "hdrfilm",
            "width": camera.width_px,
            "height": camera.height_px,
            "pixel_format": "rgb",
            "component_format": "float32",
            "rfilter": {"type": "box"},
        },
        "sampler": {"type": "independent"},
    }


def _bitmap(mi: Any, data: NDArray[np.float32]) -> dict[str, Any]:
    picture = data if data.ndim == 3 else data[..., None]
    return {
        "type": "bitmap",
        "bitmap": mi.Bitmap(np.ascontiguousarray(picture, np.float32)),
        "raw": True,
        "wrap_mode": "clamp",
    }


def _principled(colour: Any, rough: Any, metal: Any) -> dict[str, Any]:
    bsdf = {"type": "principled", "base_color": colour, "roughness": rough, "metallic": metal, "specular": 0.5}
    return {"type": "twosided", "bsdf": bsdf}


def _floor(mi: Any, scene: Scene) -> dict[str, Any]:
    rgb, rough = floor_texture(scene.floor_kind, scene.seed)
    place = mi.ScalarTransform4f().translate([0, 0, scene.floor_mm]).scale([SIDE_MM / 2, SIDE_MM / 2, 1])
    return {"type": "rectangle", "to_world": place, "bsdf": _principled(_bitmap(mi, rgb), _bitmap(mi, rough), 0.0)}


def _lid(mi: Any, mesh: LidMesh, texture: Surface) -> Any:
    bsdf = _principled(_bitmap(mi, texture.rgb), _bitmap(mi, texture.rough), _bitmap(mi, texture.metal))
    return _mesh_object(mi, "lid", mesh.points, mesh.faces, None, bsdf, {"vertex_texcoords": mesh.uv})


def _things(mi: Any, bag: Bag) -> Any:
    points, normals, faces, paint = bag.frozen()
    names = ("vertex_rgb", "vertex_rough", "vertex_metal")
    colour, rough, metal = ({"type": "mesh_attribute", "name": name} for name in names)
    bsdf = _principled(colour, rough, metal)
    extra = {"vertex_rgb": paint[:, :3], "vertex_rough": paint[:, 3:4], "vertex_metal": paint[:, 4:5]}
    return _mesh_object(mi, "things", points, faces, normals, bsdf, extra)


def _mesh_object(
    mi: Any, name: str, points: Any, faces: Any, normals: Any, bsdf: dict[str, Any], extra: dict[str, Any]
) -> Any:
    props = mi.Properties()
    props["bsdf"] = mi.load_dict(bsdf)
    shape = mi.Mesh(
        name,
        len(points),
        len(faces),
        has_vertex_normals=True,
        has_vertex_texcoords="vertex_texcoords" in extra,
        props=props,
    )
    for key, value in extra.items():
        if key != "vertex_texcoords":
            shape.add_attribute(key, value.shape[1], np.ascontiguousarray(value, np.float32).ravel())
    params = mi.traverse(shape)
    params["vertex_positions"] = np.ascontiguousarray(points, np.float32).ravel()
    params["faces"] = np.ascontiguousarray(faces, np.uint32).ravel()
    if "vertex_texcoords" in extra:
        params["vertex_texcoords"] = np.ascontiguousarray(extra["vertex_texcoords"], np.float32).ravel()
    params["vertex_normals"] = (
        smooth_normals(points, faces) if normals is None else np.ascontiguousarray(normals, np.float32)
    ).ravel()
    params.update()
    return shape


def smooth_normals(points: NDArray[np.float32], faces: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Corner normals as the mean of the faces around, weighted by area."""
    a, b, c = points[faces[:, 0]], points[faces[:, 1]], points[faces[:, 2]]
    flat = np.cross(b - a, c - a)
    total = np.stack(
        [sum(np.bincount(faces[:, k], flat[:, axis], len(points)) for k in range(3)) for axis in range(3)], axis=1
    )
    total /= np.linalg.norm(total, axis=1, keepdims=True) + 1e-9
    return np.ascontiguousarray(total, np.float32)


def _surroundings(mi: Any, scene: Scene) -> dict[str, Any]:
    turn = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    if scene.light.hdri is None:
        return {"type": "envmap", "bitmap": mi.Bitmap(surroundings(scene.light)), "to_world": turn}
    return {"type": "envmap", "filename": scene.light.hdri, "scale": scene.light.ambient, "to_world": turn}


def _lamp_place(mi: Any, lamp: Lamp) -> Any:
    place = mi.ScalarTransform4f().look_at(origin=list(lamp.at_mm), target=list(lamp.target_mm), up=[0, 0.01, 1])
    return place @ mi.ScalarTransform4f().scale([lamp.size_mm[0] / 2, lamp.size_mm[1] / 2, 1])


def _lamp(mi: Any, lamp: Lamp) -> dict[str, Any]:
    return {
        "type": "rectangle",
        "to_world": _lamp_place(mi, lamp),
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": [max(v, 1e-4) for v in lamp.radiance]}},
    }


def _turn_to_rakes(mi: Any, world: Any, scene: Scene) -> None:
    """Surroundings off, surfaces grey, and the three lamps moved down: one shines red, one green, one blue.

    A grey surface sends each colour back alike, so that one picture holds three.
    """
    params = mi.traverse(world)
    params["surroundings.scale"] = 0.0
    params["surroundings.sampling_weight"] = 0.0
    for name in ("floor", "lid"):
        key = f"{name}.bsdf.brdf_0.base_color.data"
        params[key] = mi.TensorXf(_grey(np.array(params[key], np.float32)))
    colours = np.array(params["things.vertex_rgb"], np.float32).reshape(-1, 3)
    params["things.vertex_rgb"] = np.ascontiguousarray(_grey(colours)).ravel()
    for k, lamp in enumerate(scene.light.rakes):
        only = [float(np.mean(lamp.radiance)) if channel == k else 1e-4 for channel in range(3)]
        params[f"lamp{k}.to_world"] = mi.AffineTransform4f(_lamp_place(mi, lamp).matrix)
        params[f"lamp{k}.emitter.radiance.value"] = mi.Color3f(only)
    params.update()
    _hide_literals(mi, world)


def _hide_literals(mi: Any, world: Any) -> None:
    """Keep the lamps' colours and places out of the compiled kernel: a kernel that holds them fits no other scene."""
    import drjit

    params = mi.traverse(world)
    for k in range(LAMPS):
        for key in (f"lamp{k}.emitter.radiance.value", f"lamp{k}.to_world"):
            value = type(params[key])(params[key])
            drjit.make_opaque(value)
            params[key] = value
    params.update()


def _grey(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """The luminance (Rec. 709) of linear colours in all three channels."""
    weight = np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.repeat((rgb @ weight)[..., None], 3, axis=-1)


Guides = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def _guides(mi: Any, world: Any, scene: Scene) -> Guides:
    """Albedo, normal and world position of each pixel."""
    guide = mi.load_dict({"type": "aov", "aovs": "albedo:albedo,normal:sh_normal,place:position"})
    seed = (scene.seed & 0xFFFF) + 1
    layers = np.array(mi.render(world, integrator=guide, spp=scene.detail.guide_samples, seed=seed), np.float32)
    layers = np.nan_to_num(layers[..., -9:])
    albedo = np.ascontiguousarray(np.clip(layers[..., :3], 0, 1))
    return albedo, np.ascontiguousarray(layers[..., 3:6]), layers[..., 6:9]


def _trace(mi: Any, world: Any, scene: Scene, guides: Guides, depth: int) -> NDArray[np.float32]:
    from mitsuba_oidn import denoise

    path = mi.load_dict({"type": "path", "max_depth": depth, "rr_depth": 4})
    seed = scene.seed & 0xFFFF
    colour = np.nan_to_num(np.array(mi.render(world, integrator=path, spp=scene.detail.samples, seed=seed), np.float32))
    colour = np.ascontiguousarray(np.clip(colour[..., :3], 0, 200))
    return np.asarray(denoise(colour, albedo=guides[0], normal=guides[1], hdr=True), np.float32)
