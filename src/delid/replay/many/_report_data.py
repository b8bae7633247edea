"""The report as plain data, and the pictures of its worst cases."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np

from delid.core import DelidError, to_plain
from delid.journal import read_recording

from ._drift import Series
from ._report import Case, Report
from ._setup import MAX_BYTES
from ._sources import Source, local_copy

PICTURE_SIDE_PX = 360
PICTURE_QUALITY = 70


def report_data(report: Report) -> dict[str, Any]:
    """Everything in the report, for other programs."""
    return {
        "format": 1,
        "recordings": report.recordings,
        "equal": report.equal,
        "differ": report.differ,
        "aside": sum(report.aside_codes.values()),
        "frames": report.frames,
        "from": iso(report.first_s),
        "to": iso(report.last_s),
        "span_s": report.width_s,
        "aside_codes": dict(report.aside_codes.most_common()),
        "set_aside": [{"source": s, "code": code, "message": words} for s, code, words in report.aside],
        "differences": dict(report.differences.most_common()),
        "series": [_series_data(series) for series in report.sorted_series()],
        "worst": [to_plain(case) for case in report.worst],
    }


def _series_data(series: Series) -> dict[str, Any]:
    drift = series.verdict()
    return {
        "camera": series.key.camera,
        "score": series.key.score,
        "model": series.key.model,
        "verdict": drift.word,
        "stability_index": round(drift.index, 4),
        "before": {"frames": drift.before.count, "mean": round(drift.before.mean, 4)},
        "now": {"frames": drift.now.count, "mean": round(drift.now.mean, 4)},
        "spans": [
            {"from": iso(start), "frames": one.count, "mean": round(one.mean, 4), "spread": round(one.spread, 4)}
            for start, one in sorted(series.bins.items())
        ],
    }


def iso(at_s: float | None) -> str | None:
    """Seconds since 1970 as people write it, UTC."""
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")


def pictures_of(cases: Sequence[Case]) -> dict[str, str]:
    """Digest of the frame to a small JPEG as a ``data:`` address; what cannot be read any more is left out."""
    found: dict[str, str] = {}
    for source in dict.fromkeys(case.source for case in cases):
        wanted = {case.sha256 for case in cases if case.source == source}
        try:
            with local_copy(Source(source), MAX_BYTES) as path:
                frames = {frame.sha256: frame.encoded for frame in read_recording(path).all_frames()}
        except DelidError:
            continue
        found.update((digest, _small(frames[digest])) for digest in wanted if digest in frames)
    return {digest: picture for digest, picture in found.items() if picture}


def _small(encoded: bytes) -> str:
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return ""
    scale = PICTURE_SIDE_PX / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, PICTURE_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
