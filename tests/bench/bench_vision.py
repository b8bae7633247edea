"""Inspection time over what it cannot do without: decoding the JPEG and the bare ``session.run`` of the same models.

Run from the repository: ``python tests/bench/bench_vision.py``. Both sides run turn by turn in one process on the
same bytes, so that a busy machine slows both. The figure is the median of the ratios of single turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from bare_kit import detector_feeds, session_of

from delid.config import Cell, load_cell
from delid.core import Inspection
from delid.vision import Inspector, load_model, prepare, prepare_crops, read_frame

REPOSITORY = Path(__file__).resolve().parents[2]
FULL_HD = (1920, 1080)
MM_PER_PX = 1.3
"""About what the cell's camera has; how large a crop is does not change how long the model takes."""
STAGES = ("decode", "preprocess", "infer", "postprocess", "total")


@dataclass(frozen=True)
class Figures:
    """Medians in milliseconds, and the ratio that matters."""

    rounds: int
    bare_ms: float
    inspect_ms: float
    ratio: float
    stages_ms: dict[str, float]
    pack: str | None
    fasteners: int


def measure(cell: Cell, encoded: bytes, rounds: int, pack: str | None = None, threads: int = 1) -> Figures:
    """Time ``rounds`` turns; ``pack`` gives the fasteners when the frame shows no taught pack."""
    inspector = Inspector.load(cell, threads=threads)
    warm, _ = _inspect(inspector, encoded, pack)
    bare = _bare(cell, encoded, warm, pack, threads)
    bare()
    bare_ms, inspect_ms, found = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        bare()
        bare_ms.append((time.perf_counter() - start) * 1000)
        inspection, spent_ms = _inspect(inspector, encoded, pack)
        inspect_ms.append(spent_ms)
        found.append(inspection)
    return Figures(
        rounds=rounds,
        bare_ms=statistics.median(bare_ms),
        inspect_ms=statistics.median(inspect_ms),
        ratio=statistics.median(i / b for i, b in zip(inspect_ms, bare_ms, strict=True)),
        stages_ms={s: statistics.median(f.timing_ms[s] for f in found) for s in STAGES},
        pack=warm.pack.model,
        fasteners=len(warm.fasteners),
    )


def _inspect(inspector: Inspector, encoded: bytes, pack: str | None) -> tuple[Inspection, float]:
    start = time.perf_counter()
    frame = read_frame(encoded, source="overview#1", seq=1)
    decoded = time.perf_counter()
    inspection = inspector.inspect(frame, pack, decode_ms=(decoded - start) * 1000)
    return inspection, (time.perf_counter() - start) * 1000


def _bare(cell: Cell, encoded: bytes, warm: Inspection, pack: str | None, threads: int) -> Callable[[], None]:
    """Decode and run, with the tensors made beforehand: nothing is checked, prepared or read from the answer."""
    spec = cell.spec
    folders = (cell.resolve(spec.models.pack_damage), cell.resolve(spec.models.fasteners))
    pack_model, fastener_model = load_model(folders[0], "pack_damage"), load_model(folders[1], "fastener_detect")
    image = read_frame(encoded).image
    tensor = prepare(image, pack_model.manifest.input)
    feeds = [(session_of(folders[0], threads), {pack_model.manifest.input.name: tensor})]
    feeds += detector_feeds(session_of(folders[1], threads), fastener_model.manifest, image)
    known = warm.pack.model or pack
    if spec.models.fastener_kinds is not None and known is not None and warm.fasteners:
        folder = cell.resolve(spec.models.fastener_kinds)
        manifest = load_model(folder, "fastener_kind").manifest
        assert manifest.crop is not None
        centres = [f.center_px for f in warm.fasteners]
        crops = prepare_crops(image, centres, MM_PER_PX, manifest.input, manifest.crop)
        feeds.append((session_of(folder, threads), {manifest.input.name: crops}))
    data = np.frombuffer(encoded, np.uint8)

    def run() -> None:
        cv2.imdecode(data, cv2.IMREAD_COLOR)
        for session, feed in feeds:
            session.run(None, feed)

    return run


def full_hd(cell: Cell) -> Cell:
    """The cell with a camera of 1920 x 1080 that sees the same place with 0.9 of the resolution."""
    camera = cell.spec.cameras[0]
    (fx, _, cx), (_, fy, cy), _ = camera.calibration.matrix
    width, height = camera.size_px
    scale = FULL_HD[1] / height
    shift = (FULL_HD[0] - scale * width) / 2
    matrix = (
        (fx * scale, 0.0, (cx + 0.5) * scale - 0.5 + shift),
        (0.0, fy * scale, (cy + 0.5) * scale - 0.5),
        (0, 0, 1),
    )
    calibration = camera.calibration.model_copy(update={"matrix": matrix})
    wider = camera.model_copy(update={"size_px": FULL_HD, "given_calibration": calibration})
    return replace(cell, spec=cell.spec.model_copy(update={"cameras": [wider, *cell.spec.cameras[1:]]}))


def full_hd_jpeg(image: np.ndarray) -> bytes:
    """A picture of the cell's camera as that of `full_hd`, with its sides continued by their own mirror image."""
    scale = FULL_HD[1] / image.shape[0]
    inner = cv2.resize(image, (round(image.shape[1] * scale), FULL_HD[1]), interpolation=cv2.INTER_AREA)
    left = (FULL_HD[0] - inner.shape[1]) // 2
    wide = cv2.copyMakeBorder(inner, 0, 0, left, FULL_HD[0] - inner.shape[1] - left, cv2.BORDER_REFLECT_101)
    return bytes(cv2.imencode(".jpg", wide, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])


def _encoded(image: Path | None, cell: Cell) -> bytes:
    """The image as JPEG in the camera's size; without one, the first picture of the scenes."""
    if image is None:
        found = sorted(p for kind in ("jpg", "png") for p in (REPOSITORY / "fixtures/scenes").rglob(f"*.{kind}"))
        if not found:
            raise SystemExit("there is no picture in fixtures/scenes: give one with --image")
        image = found[0]
    pixels = cv2.resize(read_frame(image).image, cell.spec.cameras[0].size_px, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", type=Path, default=REPOSITORY / "cell_configs/cells/demo.yaml")
    parser.add_argument("--image", type=Path)
    parser.add_argument("--pack", help="look for the fasteners of this pack, whatever the image shows")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--full-hd", action="store_true", help="as a frame of 1920 x 1080")
    arguments = parser.parse_args()
    cell = load_cell(arguments.cell)
    encoded = _encoded(arguments.image, cell)
    if arguments.full_hd:
        cell, encoded = full_hd(cell), full_hd_jpeg(read_frame(encoded).image)
    figures = measure(cell, encoded, arguments.rounds, arguments.pack, arguments.threads)
    print(f"pack {figures.pack}, {figures.fasteners} fasteners, {figures.rounds} rounds, {arguments.threads} thread(s)")
    print(f"decode + bare session.run  {figures.bare_ms:7.2f} ms")
    print(f"inspect                    {figures.inspect_ms:7.2f} ms")
    for stage, spent_ms in figures.stages_ms.items():
        print(f"  {stage:<24} {spent_ms:7.2f} ms")
    print(f"ratio                      {figures.ratio:7.3f}")


if __name__ == "__main__":
    main()
