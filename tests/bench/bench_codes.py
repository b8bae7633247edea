"""What is read of photographed codes, when they are as small, turned and dirty as a cell's camera sees them.

    python tests/bench/bench_codes.py --photos DIR

DIR holds photographs of Data Matrix, QR and Code 128 (for example the test samples of zxing-cpp, Apache-2.0). Each is
read as it is; then each is laid as a label into a rendered frame, small, turned, with blur and noise: once whole, once
with a quarter of the code covered. The same places without a label are the control.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from delid.vision import read_labels

Grey = NDArray[np.uint8]
ROOM = Path(__file__).resolve().parents[2] / "fixtures/scenes/vw-meb-82-clean/bolts.jpg"
FORMATS = zxingcpp.BarcodeFormats(
    (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128)
)
SIDES_PX = (34, 43, 58, 77, 108)
"""Longer side of a code in the frame; a code of 24 x 24 modules has 1.4 to 4.5 pixels a module then."""
ANGLES_DEG = (0, 0, 0, 90, 5, 15, 30, 45, 60)


@dataclass(frozen=True, slots=True)
class Photo:
    name: str
    grey: Grey
    corners: NDArray[np.float64]
    text: str
    symbology: str

    @property
    def side_px(self) -> float:
        sides = [float(np.linalg.norm(self.corners[k] - self.corners[k - 1])) for k in range(4)]
        return max(sides)


def photos(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp") and "micro" not in path.parent.name:
            yield path


def single_code(path: Path) -> Photo | None:
    """The photograph with the place of its code, where there is just one and a slow search finds it."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return None
    found = zxingcpp.read_barcodes(grey, formats=FORMATS)
    if len(found) != 1:
        return None
    at = found[0].position
    corners = [(p.x, p.y) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)]
    name = f"{path.parent.name}/{path.name}"
    return Photo(name, np.asarray(grey, np.uint8), np.array(corners, float), found[0].text, found[0].format.name)


def as_label(photo: Photo, room: Grey, rng: np.random.Generator, covered: bool) -> tuple[Grey, Grey, int]:
    """A label's place in the room with the code in it, the same place without, and the code's longer side."""
    side_px = int(rng.choice(SIDES_PX)) * (2 if photo.symbology == "Code128" else 1)
    scale, size = side_px / photo.side_px, int(side_px * 1.8) + 24
    turn = cv2.getRotationMatrix2D((0, 0), float(rng.choice(ANGLES_DEG)), scale)
    turn[:, 2] += size / 2 - turn[:, :2] @ photo.corners.mean(axis=0)
    y, x = int(rng.integers(300, 700)), int(rng.integers(300, 900))
    bare = room[y : y + size, x : x + size].copy()
    source = photo.grey if scale >= 1 else cv2.GaussianBlur(photo.grey, (0, 0), 0.45 / scale)
    label = cv2.warpAffine(source, turn, (size, size), dst=bare.copy(), borderMode=cv2.BORDER_TRANSPARENT)
    if covered:
        inside = np.vstack([photo.corners.T, np.ones(4)])
        corner = (turn @ inside).T[int(rng.integers(4))]
        reach = photo.side_px * scale * 0.5
        low, high = np.clip(corner - reach, 0, size).astype(int), np.clip(corner + reach, 0, size).astype(int)
        label[low[1] : high[1], low[0] : high[0]] = bare[low[1] : high[1], low[0] : high[0]]
    return _camera(label, rng), _camera(bare, rng), side_px


def _camera(grey: NDArray[np.generic], rng: np.random.Generator) -> Grey:
    soft = cv2.GaussianBlur(np.asarray(grey, np.float32), (0, 0), 0.6)
    return np.clip(soft + rng.normal(0, 2, soft.shape), 0, 255).astype(np.uint8)


def look(grey: Grey, whole_frame: bool = False) -> tuple[set[str], str]:
    places = () if whole_frame else [(0, 0, grey.shape[1], grey.shape[0])]
    codes, reading = read_labels(np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8), places)
    return {c.text for c in codes}, reading.outcome.value


def measure(folder: Path, seed: int, rounds: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    room = np.asarray(cv2.imread(str(ROOM), cv2.IMREAD_GRAYSCALE), np.uint8)
    paths = list(photos(folder))
    as_they_are = Counter(look(np.asarray(cv2.imread(str(p), 0), np.uint8), True)[1] for p in paths)
    usable = [photo for path in paths if (photo := single_code(path))]
    outcomes: dict[str, Counter[str]] = {"whole": Counter(), "covered": Counter(), "bare": Counter()}
    by_side: dict[str, list[int]] = {}
    wrong, spent_s = 0, 0.0
    for photo in usable * rounds:
        whole, bare, side_px = as_label(photo, room, rng, covered=False)
        covered, _, _ = as_label(photo, room, rng, covered=True)
        start_s = time.process_time()
        texts, outcome = look(whole)
        spent_s += time.process_time() - start_s
        hits = by_side.setdefault(f"{photo.symbology} {side_px:3d} px", [0, 0])
        hits[0], hits[1] = hits[0] + (photo.text in texts), hits[1] + 1
        outcomes["whole"][outcome] += 1
        covered_texts, outcome = look(covered)
        outcomes["covered"][outcome] += 1
        outcomes["bare"][look(bare)[1]] += 1
        wrong += bool((texts | covered_texts) - {photo.text})
    return {
        "photographs": len(paths),
        "as_they_are": dict(as_they_are),
        "with_one_code": len(usable),
        "labels": {name: dict(counter) for name, counter in outcomes.items()},
        "read_of": {name: f"{a} of {b}" for name, (a, b) in sorted(by_side.items())},
        "wrong_texts": wrong,
        "mean_ms_for_a_label": round(spent_s / (len(usable) * rounds) * 1000, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    print(json.dumps(measure(given.photos, given.seed, given.rounds), indent=1))


if __name__ == "__main__":
    main()
