"""How well a pack is placed from imperfect detections: error in millimetres, honesty of the stated circle, time.

Run from the repository: ``python tests/bench/bench_registration.py``. Detections are synthetic: every pose in the
search range, lids up to a few millimetres off their height, some fasteners missing, some detections false.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from delid.config import PackFile, load_pack
from delid.vision import PoseStatus, register_pack

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit/vision"))
import registration_kit as kit

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Case:
    noise_px: float = 0.5
    missing: float = 0.3
    false: float = 0.2
    build_mm: float = 0.0


@dataclass(frozen=True)
class Figures:
    """Of all fasteners of all placed packs; a part is 0 to 1."""

    placed: float
    median_mm: float
    p95_mm: float
    inside: float
    cpu_ms: float


CASES = {
    "as the requirement": Case(),
    "good detector": Case(noise_px=0.3, missing=0.02, false=0.02),
    "poor detector": Case(noise_px=1.0, missing=0.5, false=0.4),
    "pack 2 mm off its file": Case(build_mm=2.0),
}


def measure(pack: PackFile, case: Case, rounds: int, seed: int = 1) -> Figures:
    """Place one pack ``rounds`` times."""
    view = kit.overview()
    rng = np.random.default_rng(seed)
    errors: list[float] = []
    inside: list[bool] = []
    placed, cpu_s = 0, 0.0
    for _ in range(rounds):
        pose = (rng.uniform(-55, 55), rng.uniform(-55, 55), rng.uniform(-4.5, 4.5))
        seen = kit.scene(
            pack, view, rng, pose, noise_px=case.noise_px, missing=case.missing, false=case.false,
            build_mm=case.build_mm, height_mm=rng.normal(0, 3),
        )  # fmt: skip
        start_s = time.process_time()
        found = register_pack(seen.spots, None, pack, view, center_sigma_px=case.noise_px)
        cpu_s += time.process_time() - start_s
        if found.status is PoseStatus.FAILED:
            continue
        placed += 1
        for name, place in found.places.items():
            errors.append(math.dist(place.center_mm, seen.truth_mm[name]))
            inside.append(errors[-1] <= place.uncertainty_mm)
    return Figures(
        placed / rounds, float(np.median(errors)), float(np.quantile(errors, 0.95)), float(np.mean(inside)),
        cpu_s / rounds * 1000,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    print(f"{'case':<24}{'pack':<18}{'placed':>8}{'median mm':>11}{'p95 mm':>8}{'in circle':>11}{'CPU ms':>8}")
    for name, case in CASES.items():
        for path in sorted((REPOSITORY / "cell_configs/packs").glob("*.yaml")):
            pack = load_pack(path)
            f = measure(pack, case, rounds)
            print(
                f"{name:<24}{pack.pack:<18}{f.placed:>8.0%}{f.median_mm:>11.2f}{f.p95_mm:>8.2f}{f.inside:>11.1%}"
                f"{f.cpu_ms:>8.1f}"
            )


if __name__ == "__main__":
    main()
