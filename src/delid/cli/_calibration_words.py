"""Reports of ``delid calibrate`` in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from delid.config import CalibrationFile
from delid.core import to_plain
from delid.vision import HandEyeReport, LensReport, PointError, StandingReport


def plain(report: object, written: Path | None = None) -> dict[str, Any]:
    """A report as plain data, with the file that was written."""
    facts: dict[str, Any] = {
        key: value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        for key, value in to_plain(report).items()
    }
    return facts | ({"written": str(written)} if written else {})


def lens_lines(report: LensReport) -> list[str]:
    lines = [f"{report.used} views used, the board covers {report.coverage:.0%} of the picture"]
    if report.lens is None:
        return lines
    (fx, _, cx), (_, fy, cy), _ = report.lens.matrix
    lines.append(f"focal length {fx:.1f} x {fy:.1f} px, to {report.focal_sigma:.2%}; centre {cx:.1f}, {cy:.1f} px")
    lines.append("distortion " + ", ".join(f"{d:.5f}" for d in report.lens.distortion))
    lines += [f"  {image.file}: {image.rms_px:.3f} px" for image in report.lens.images]
    lines.append(f"reprojection error {report.lens.rms_px:.3f} px in all")
    return lines


def standing_lines(report: StandingReport) -> list[str]:
    if report.robot_from_camera is None:
        return []
    lines = [_point_line(p) for p in report.points]
    by_others = f"each point by the others {report.left_out_rms_mm:.2f} mm"
    lines.append(f"error {report.rms_px:.2f} px, {report.rms_mm:.2f} mm; {by_others}")
    lines.append(f"95 of 100 points lie within {report.uncertainty_mm:.2f} mm")
    return lines


def hand_eye_lines(report: HandEyeReport) -> list[str]:
    if report.tool_from_camera is None:
        return []
    lines = [f"{report.used} poses used, {report.rms_px:.3f} px"]
    lines += [f"  {m.method}: the board stands still to {m.scatter_mm:.2f} mm" for m in report.methods]
    lines.append(f"the two methods differ by {report.apart_mm:.2f} mm and {report.apart_deg:.3f} degrees")
    lines.append(f"95 of 100 points lie within {report.uncertainty_mm:.2f} mm")
    return lines


def check_lines(errors: Sequence[PointError], limit_mm: float, file: CalibrationFile, wall_s: float) -> list[str]:
    lines = [f"{file.calibration}: made {file.made:%Y-%m-%d} by {file.by}, {file.age_days(wall_s):.0f} days ago"]
    for error in errors:
        lines.append(
            f"  {error.name}: {error.error_mm:.2f} mm{'' if error.error_mm <= limit_mm else '  over the limit'}"
        )
    worst = max(error.error_mm for error in errors)
    lines.append(f"worst {worst:.2f} mm, {limit_mm:.2f} mm allowed")
    return lines


def refusal_lines(refusals: Sequence[str], remarks: Sequence[str]) -> list[str]:
    return [*(f"remark: {words}" for words in remarks), *(f"refused: {words}" for words in refusals)]


def _point_line(point: PointError) -> str:
    state = "  left out" if point.outlier else ""
    return f"  {point.name}: {point.error_mm:.2f} mm, without itself {point.left_out_mm:.2f} mm{state}"
