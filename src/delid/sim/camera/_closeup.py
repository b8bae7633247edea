"""The simulated camera at the tool: close-ups of fasteners, seen from where the simulated robot's flange stands.

A close-up picture is 0.3 mm to a pixel with the fastener in its middle, seen from straight above. It is laid onto a
plain lid at the place where the simulated PLC says that the fastener really is. Lens distortion is not simulated.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.config import Camera
from delid.core import Clock, Frame, ImageBgr

from .._world import PackFacts, PlcFacts, World
from ._draw import Sensor, picture, scene_error
from ._drawn import DrawnCamera

XyzMm = tuple[float, float, float]
MM_PER_PX = 0.3
LID_GREY = 128
"""Where there is no picture to take the lid's colour from."""
REACH_MM = 32.0
"""A fastener's picture counts so far from its middle, and not beyond halfway to the next fastener."""
SOFT_MM = 6.0
"""Over which it fades into the lid."""
EMPTY = "empty"


class CloseupCamera(DrawnCamera):
    """Composes each frame from the close-ups of ``folder`` (bolt-1.jpg, nut-1.jpg, empty-1.jpg ...) and the world.

    Raises CameraError where the folder has no picture, and on ``grab`` where a kind has none.
    """

    def __init__(self, folder: Path, world: World, spec: Camera, clock: Clock, noise_seed: int) -> None:
        super().__init__(spec.id, clock)
        self._world = world
        self._matrix = np.array(spec.calibration.matrix, np.float64)
        self._tool_from_camera = np.array(spec.calibration.tool_from_camera, np.float64)
        self._size_px = spec.size_px
        self._pictures: dict[str, list[ImageBgr]] = {}
        for path in sorted(folder.glob("*-*.jpg")):
            self._pictures.setdefault(path.stem.rpartition("-")[0], []).append(picture(path, spec.id))
        if not self._pictures:
            raise scene_error(f"there are no close-ups in {folder}.", spec.id)
        width, height = spec.size_px
        self._sensor = Sensor((height, width), noise_seed, spec.id)
        self._seq = 0

    def draw(self) -> Frame:
        """The next frame."""
        self._seq += 1
        captured_s = self._clock.now_s()
        return self._sensor.frame(self._compose(), self._seq, captured_s)

    def _compose(self) -> ImageBgr:
        robot, pack = self._world.read_robot(), self._world.read_pack() or PackFacts()
        plc = self._world.read_plc() or PlcFacts()
        width, height = self._size_px
        image = np.full((height, width, 3), self._lid_colour(), np.uint8)
        for name, at_mm in pack.fasteners.items() if robot is not None and plc.lid_on else ():
            assert robot is not None
            kind = EMPTY if name in plc.removed else pack.kinds.get(name, "bolt")
            others = [math.dist(at_mm, other) for key, other in pack.fasteners.items() if key != name]
            reach_mm = min([REACH_MM, *(apart / 2 + SOFT_MM / 2 for apart in others)])
            self._lay(image, self._picture_of(name, kind), self._onto_px(at_mm, robot.flange_mm), reach_mm)
        return image

    def _lid_colour(self) -> NDArray[np.uint8]:
        """The colour at the rim of the first picture, so that no edge shows."""
        first = next(iter(self._pictures.values()))[0]
        rim = np.concatenate([first[0], first[-1], first[:, 0], first[:, -1]])
        return np.asarray(np.median(rim, axis=0), np.uint8)

    def _picture_of(self, name: str, kind: str) -> ImageBgr:
        """One of the kind's pictures, the same for a fastener every time."""
        some = self._pictures.get(kind)
        if not some:
            raise scene_error(f"there is no close-up of the kind {kind}.", self._name)
        return some[zlib.crc32(name.encode()) % len(some)]

    def _lay(self, onto: ImageBgr, source: ImageBgr, onto_px: NDArray[np.float64] | None, reach_mm: float) -> None:
        """Draw a fastener where the camera sees it, if it does."""
        size = (onto.shape[1], onto.shape[0])
        if onto_px is None or not _near(onto_px, size):
            return
        middle_y, middle_x = (source.shape[0] - 1) / 2, (source.shape[1] - 1) / 2
        rows, columns = np.mgrid[0 : source.shape[0], 0 : source.shape[1]]
        off_mm = np.hypot(columns - middle_x, rows - middle_y) * MM_PER_PX
        share = np.clip((reach_mm - off_mm) / SOFT_MM, 0.0, 1.0).astype(np.float32)
        onto_px = onto_px @ np.array([[1, 0, -middle_x], [0, 1, -middle_y], [0, 0, 1]])
        weight = cv2.warpPerspective(share, onto_px, size)[..., None]
        if weight.max() <= 0:
            return
        seen = cv2.warpPerspective(source, onto_px, size, borderMode=cv2.BORDER_REPLICATE)
        onto[:] = np.rint(seen * weight + onto * (1 - weight)).astype(np.uint8)

    def _onto_px(self, at_mm: XyzMm, flange_mm: XyzMm) -> NDArray[np.float64] | None:
        """From a close-up's pixels, counted from its middle, to the camera's; None where the camera looks away."""
        robot_from_camera = self._tool_from_camera.copy()
        robot_from_camera[:3, 3] += flange_mm
        camera_from_robot = np.linalg.inv(robot_from_camera)
        eye = camera_from_robot @ np.array([*at_mm, 1.0])
        if eye[2] <= 0:
            return None
        # a pixel to the right lies to +x, a pixel down to -y, on the plane through the fastener
        plane = np.array(
            [
                [MM_PER_PX, 0, at_mm[0]],
                [0, -MM_PER_PX, at_mm[1]],
                [0, 0, at_mm[2]],
                [0, 0, 1],
            ]
        )
        return np.asarray(self._matrix @ camera_from_robot[:3] @ plane)


def _near(onto_px: NDArray[np.float64], size: tuple[int, int]) -> bool:
    """False where the fastener is so far outside of the picture that nothing of it is seen."""
    x, y = onto_px[:2, 2] / onto_px[2, 2]
    return bool(-size[0] <= x <= 2 * size[0] and -size[1] <= y <= 2 * size[1])
