"""How a pack really lies: detected fasteners and outline against the pattern of the pack file.

The fixture says about where a pack lies; detections, some missing and some false, say exactly. The result places every
fastener in the robot's frame with the radius of the circle that holds it 95 times of 100, or says why it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from delid.config import PackFile
from delid.core import PointPx

from ._geometry import Points, Projection, in_frame
from ._pose import PackPose, Place, PoseStatus
from ._pose_fit import Fit, Range, Sight, assign, refine
from ._pose_places import place_fasteners
from ._pose_search import KEPT, find_starts, turned

CENTER_SIGMA_PX = 0.7
"""Standard deviation of a detected centre along each axis."""
FLATNESS_SIGMA_MM = 0.5
"""Heads of one lid stand at slightly different heights."""
PATTERN_SIGMA_MM = {"taught": 0.5, "nominal": 1.0, "approximate": 2.0}
"""How far a fastener lies from its place in the pack file, by how the file's geometry came about."""
FEWEST = 3
FEW = 4
FEW_PART = 0.3
"""Fewer good pairs than this part of the places in view make a weak pose."""
LEAD, LEAD_PART = 1.5, 0.2
"""A pose must explain so many fasteners more than the next one, and this part of its own, to be the only one."""
SAME_MM = 8.0
"""Two refined poses that place every fastener nearer together than this are one."""
WORST_RMS_MM = 5.0
WORST_OUTLINE_MM = 15.0
HEIGHT_SIGMAS = 3.0
OUTLINE_POINTS = 40


class Found(Protocol):
    """What registration wants to know of a detection."""

    @property
    def center_px(self) -> PointPx: ...


def register_pack(
    detections: Sequence[Found],
    outline_px: Sequence[PointPx] | None,
    pack: PackFile,
    projection: Projection,
    *,
    center_sigma_px: float = CENTER_SIGMA_PX,
) -> PackPose:
    """Fit shift, turn and height of a pack to its detected fasteners, and to its seen outline where there is one.

    Args:
        detections: centres in the frame's pixels, of any kind; false ones and gaps are expected.
        outline_px: the lid's outline as seen in the picture, never the projected one; None if nobody looked.
        center_sigma_px: standard deviation of a detected centre along each axis.
    """
    return _Registration(detections, outline_px, pack, projection, center_sigma_px).run()


class _Registration:
    def __init__(
        self,
        detections: Sequence[Found],
        outline_px: Sequence[PointPx] | None,
        pack: PackFile,
        projection: Projection,
        center_sigma_px: float,
    ) -> None:
        self._pack, self._view = pack, projection
        fixture = projection.fixture
        self._prior = Range(fixture.search_mm / 2, np.deg2rad(fixture.search_deg) / 2, fixture.height_sigma_mm)
        places = pack.fastener_places()
        self._ids, self._pattern = list(places), np.array(list(places.values()), np.float64).reshape(-1, 2)
        self._pixels = np.array([d.center_px for d in detections], np.float64).reshape(-1, 2)
        self._cast(center_sigma_px, outline_px)

    def _cast(self, center_sigma_px: float, outline_px: Sequence[PointPx] | None) -> None:
        """Detections and outline, from pixels to the nominal plane of the lid; what never meets it is left out."""
        view, lid_z_mm = self._view, self._view.lid_z_mm(self._pack)
        robot = view.px_to_robot(self._pixels, lid_z_mm)
        usable = np.isfinite(robot).all(axis=1)
        self._numbers = np.flatnonzero(usable)
        robot = robot[usable]
        found, slopes = view.robot_to_pack(robot), view.slopes(robot)
        flat_mm = FLATNESS_SIGMA_MM * np.linalg.norm(slopes, axis=1) / np.sqrt(2)
        self._center_sigma_mm = np.hypot(center_sigma_px * view.mm_per_px(robot), flat_mm)
        sigma = np.hypot(self._center_sigma_mm, self._pattern_sigma_mm)
        rim = _resampled(view.px_to_robot(outline_px or [], lid_z_mm))
        self._sight = Sight(
            self._pattern, found, slopes, sigma, view.robot_to_pack(rim), view.slopes(rim),
            np.array(self._pack.outline_mm, np.float64),
        )  # fmt: skip

    @property
    def _pattern_sigma_mm(self) -> float:
        return PATTERN_SIGMA_MM[self._pack.geometry]

    def run(self) -> PackPose:
        upright = self._fits(0.0)
        best = upright[0]
        if len(best.pairs) < FEWEST and best.outline_mm is None:
            return self._failed(f"{_count(len(best.pairs), 'fastener')} found where the pack may lie; {FEWEST} needed")
        over = self._fits(np.pi, 1)[0]
        lead = max(LEAD, LEAD_PART * best.score)
        if over.score > best.score + lead:
            return self._failed("the pack lies turned by 180 degrees", turned_over=True)
        same_both_ways = over.score > best.score - lead
        rival = next((f for f in upright[1:] if self._apart_mm(best, f) > SAME_MM and not self._worse(f, best)), None)
        if rival is not None:
            off = np.hypot(*(rival.pose[:2] - best.pose[:2]))
            return self._failed(f"another pose {off:.0f} mm away fits the detections as well", ambiguous=True)
        return self._fitted(best, None if same_both_ways else False)

    def _fits(self, about_rad: float, most: int = KEPT) -> list[Fit]:
        """Refined poses, best first; the fixture's own among them, so that there is always one."""
        sight, fixture = self._sight, self._view.fixture
        starts = find_starts(
            self._pattern, sight.found, fixture.search_mm, np.deg2rad(fixture.search_deg), about_rad=about_rad
        )
        prior = Range(self._prior.shift_mm, self._prior.turn_rad, self._prior.height_mm, about_rad)
        poses = [(*s.shift, s.turn_rad) for s in starts[:most]] or [(0.0, 0.0, about_rad)]
        if len(sight.outline):
            poses.append((0.0, 0.0, about_rad))
        fits = [f for f in (refine(sight, pose, prior) for pose in poses) if self._in_range(f, about_rad)]
        fits = fits or [refine(sight, (0.0, 0.0, about_rad), prior)]
        return sorted(fits, key=lambda f: (-f.score, f.outline_mm or 0.0, f.rms_mm))

    def _in_range(self, fit: Fit, about_rad: float) -> bool:
        fixture = self._view.fixture
        x, y, turn, _ = np.abs(fit.pose - np.array([0.0, 0.0, about_rad, 0.0]))
        return bool(max(x, y) <= 1.05 * fixture.search_mm and turn <= 1.05 * np.deg2rad(fixture.search_deg))

    def _apart_mm(self, a: Fit, b: Fit) -> float:
        return float(np.linalg.norm(a.places(self._pattern) - b.places(self._pattern), axis=1).max())

    def _worse(self, fit: Fit, best: Fit) -> bool:
        """True when the detections, or a clear word of the outline, speak against ``fit`` and for ``best``."""
        if best.score - fit.score >= max(LEAD, LEAD_PART * best.score):
            return True
        if best.outline_mm is None or fit.outline_mm is None:
            return False
        return best.outline_mm < WORST_OUTLINE_MM and fit.outline_mm > 2 * best.outline_mm

    def _fitted(self, fit: Fit, turned_over: bool | None) -> PackPose:
        places = fit.places(self._pattern)
        shown = self._in_view(places)
        faults = self._faults(fit, int(shown.sum()))
        remark = "the pattern looks the same turned by 180 degrees; the fixture's side is taken"
        x, y = turned(fit.pose[None, :2], np.deg2rad(self._view.fixture.rotation_deg))[0]
        return PackPose(
            status=PoseStatus.WEAK if faults else PoseStatus.OK,
            reason="; ".join(faults) if faults else remark if turned_over is None else "",
            shift_mm=(float(x), float(y)),
            turn_deg=float(np.rad2deg(fit.pose[2])),
            height_mm=float(fit.pose[3]),
            inliers=len(fit.pairs),
            rms_mm=fit.rms_mm,
            covariance=fit.covariance,
            ambiguous=False,
            turned=turned_over,
            places=self._places(fit, places, shown),
        )

    def _faults(self, fit: Fit, shown: int) -> list[str]:
        faults = []
        if len(fit.pairs) < FEWEST:
            faults.append(f"placed by the outline, with {_count(len(fit.pairs), 'fastener')}")
        elif len(fit.pairs) < max(FEW, FEW_PART * shown):
            faults.append(f"only {len(fit.pairs)} of {shown} fasteners in view support the pose")
        if fit.rms_mm > WORST_RMS_MM:
            faults.append(f"fasteners lie {fit.rms_mm:.1f} mm off their places")
        if abs(fit.pose[3]) > HEIGHT_SIGMAS * self._prior.height_mm:
            faults.append(f"fasteners seem {fit.pose[3]:+.0f} mm off the height of the lid, or the pattern off scale")
        if fit.outline_mm is not None and fit.outline_mm > WORST_OUTLINE_MM:
            faults.append(f"the outline lies {fit.outline_mm:.0f} mm off")
        return faults

    def _places(self, fit: Fit, centers: Points, shown: NDArray[np.bool_]) -> dict[str, Place]:
        """Detected fasteners by detection and pattern together, the others where the pose puts them."""
        placed = place_fasteners(
            self._sight, fit, self._center_sigma_mm, self._pattern_sigma_mm, self._view.calibration_sigma_mm
        )
        pixels = self._to_px(centers, fit.pose[3])
        numbers = {place: int(self._numbers[detection]) for place, detection in fit.pairs.items()}
        return self._listed(placed.centers, pixels, placed.radii_mm, numbers, shown)

    def _failed(self, reason: str, *, ambiguous: bool = False, turned_over: bool | None = None) -> PackPose:
        """Nominal places, as uncertain as the search range is wide; kinds are still read where that is harmless."""
        fixture, prior = self._view.fixture, self._prior
        shown = self._in_view(self._pattern)
        pairs = {} if ambiguous or turned_over else assign(self._sight, np.zeros(4), 15.0)
        pixels = self._to_px(self._pattern, 0.0)
        radii = fixture.search_mm + np.linalg.norm(self._pattern, axis=1) * np.deg2rad(fixture.search_deg)
        numbers = {place: int(self._numbers[detection]) for place, detection in pairs.items()}
        return PackPose(
            status=PoseStatus.FAILED,
            reason=reason,
            shift_mm=(0.0, 0.0),
            turn_deg=0.0,
            height_mm=0.0,
            inliers=0,
            rms_mm=0.0,
            covariance=np.diag(1 / np.diag(prior.information())),
            ambiguous=ambiguous,
            turned=turned_over,
            places=self._listed(self._pattern, pixels, radii, numbers, shown),
        )

    def _listed(
        self, centers: Points, pixels: Points, radii_mm: Points, numbers: Mapping[int, int], shown: NDArray[np.bool_]
    ) -> dict[str, Place]:
        robot = self._view.pack_to_robot(centers.tolist(), self._pack)
        listed = {}
        for n in np.flatnonzero(shown).tolist():
            number = numbers.get(n)
            x, y = pixels[n] if number is None else self._pixels[number]
            listed[self._ids[n]] = Place(
                center_mm=(round(float(robot[n, 0]), 2), round(float(robot[n, 1]), 2)),
                center_px=(round(float(x), 2), round(float(y), 2)),
                uncertainty_mm=round(float(radii_mm[n]), 2),
                detection=number,
            )
        return listed

    def _to_px(self, points: Points, height_mm: float) -> Points:
        robot = self._view.pack_to_robot(points, self._pack)
        return self._view.robot_to_px(robot + np.array([0.0, 0.0, height_mm]))

    def _in_view(self, points: Points) -> NDArray[np.bool_]:
        return in_frame(self._to_px(points, 0.0), self._view.size_px)


def _resampled(corners: Points) -> Points:
    """Points at even steps along a closed line through the corners, n x 3; nothing when there are too few corners."""
    corners = corners[np.isfinite(corners).all(axis=1)]
    if len(corners) < 3:
        return np.empty((0, 3))
    closed = np.vstack([corners, corners[:1]])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0.0, way[-1], OUTLINE_POINTS, endpoint=False)
    return np.column_stack([np.interp(at, way, closed[:, n]) for n in range(3)])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
