"""Deliberate changes on the recordings and models that ship: each must turn the replay red in its own seam.

Run from the repository: ``python tests/bench/bench_changes.py``; about four minutes. Pictures are judged once for every
recording, and anew only where the change has to do with vision. Prints for each change what the replay names as the
cause and says of it, and ends with exit code 1 where one stays green or turns red in another seam. Refactorings stand
at the end of the table: they must stay green.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/replay"))

from changes_kit import OnePerPicture, reexport, swapped_steps  # noqa: E402

import delid.engine._failures as failures  # noqa: E402
import delid.replay._run as run_module  # noqa: E402
import delid.replay._wire as wire_module  # noqa: E402
from delid.core import Reaction  # noqa: E402
from delid.replay import Verdict, Wanted, configure, judge_file  # noqa: E402
from delid.vision import Inspector  # noqa: E402

CELL = REPOSITORY / "cell_configs/cells/demo.yaml"
VW, LEAF, BURN = "vw-meb-82-damaged", "nissan-leaf-24-clean", "vw-meb-82-burn"
V, N, C, M = "recipe/vw-meb-82/standard:", "recipe/nissan-leaf-24/standard:", "cell/demo:", "map/delid-1:"
P = "model/pack-damage:thresholds."


@dataclass(frozen=True)
class Change:
    """One change, the recording it is made on, and the seam that turns red; without a seam it stays green.

    Attributes:
        made: writes files into a folder and says what of ``Wanted`` they are.
    """

    name: str
    recording: str
    seam: str
    settings: tuple[str, ...] = ()
    patch: tuple[object, str, Any] | None = None
    made: Callable[[Path], dict[str, Any]] | None = None

    @property
    def vision(self) -> bool:
        return any(setting.startswith("model/") for setting in self.settings) or self.made is _exported_again


def _rounded(to_mm: Any, feed_mm_s: float, real: Any = wire_module.motion.move_bytes) -> bytes:
    return re.sub(rb"(\.\d\d)\d(?=[YZF])", rb"\1", real(to_mm, feed_mm_s))


def _grbl() -> object:
    import delid.devices.motion._grbl_codec as codec

    return codec


def _exported_again(folder: Path) -> dict[str, Any]:
    """The same weights in another file."""
    return {"model": (reexport(REPOSITORY / "models/fastener-kind", folder / "fastener-kind"),)}


def _other_words(folder: Path) -> dict[str, Any]:
    """The recipe with its keys in another order and another title; lines that ``after`` orders change places."""
    source = REPOSITORY / "cell_configs/recipes"
    data = YAML(typ="safe").load((source / "vw-meb-82-standard.yaml").read_text(encoding="utf-8"))
    data["title"] = "The same in other words"
    shutil.copytree(source / "common", folder / "common")
    path = folder / "rewritten.yaml"
    path.write_text(json.dumps(dict(reversed(data.items()))), encoding="utf-8")
    return {"recipes": (path,)}


def _rewritten(to_mm: Any, feed_mm_s: float) -> bytes:
    """The move of the driver, put together in another way."""
    axes = "".join(f"{axis}{value:.3f}" for axis, value in zip("XYZ", to_mm, strict=True))
    return b"G21G90G94G53G1%sF%.1f\nG4P0\n" % (axes.encode(), 60 * feed_mm_s)


CHANGES = (
    Change("a threshold by 2 %: how sure a fastener has to be", LEAF, "decision",
           ("model/fastener-kind:thresholds.fasteners.min_confidence=0.9078",)),
    Change("a model that was exported again", VW, "inspection", made=_exported_again),
    Change("the least score of a dent", VW, "inspection", (f"{P}damage.dent.min_confidence=0.6",)),
    Change("the least score of a pack", VW, "inspection", (f"{P}pack.min_score=0.9",)),
    Change("the hazard class that a recipe serves", VW, "decision", (f"{V}serves.hazard=[A]",)),
    Change("the dent that a recipe serves", VW, "decision", (f"{V}serves.damage.dent.max_severity=0.2",)),
    Change("a swapped line of a recipe: reactions in another order", VW, "decision",
           (f"{V}operations.lid_bolts.on_failure.seized=[impact, retry, ask]",)),
    Change("a retry more", VW, "decision", (f"{V}operations.lid_bolts.on_failure.stripped=[retry, ask]",)),
    Change("a retry less", LEAF, "decision", (f"{N}operations.lid_bolts.on_failure.not_found=[ask]",)),
    Change("the order of the bolts", LEAF, "decision", (f"{N}operations.lid_bolts.order=criss_cross",)),
    Change("a check left out", VW, "decision", (f"{V}operations.lid_bolts.verify=[torque_released]",)),
    Change("a torque by 2 %", VW, "wire", (f"{V}parameters.lid_torque_nm.value=11.76",)),
    Change("the feed rate by 2 %", VW, "wire", (f"{C}motion.travel_feed_mm_s=490",)),
    Change("the length of a tool", VW, "wire", (f"{C}tools.vacuum.length_mm=151",)),
    Change("a place of the cell", LEAF, "wire", (f"{C}places.module_tray=[2300, 1598, -350]",)),
    Change("the scale of a torque", VW, "wire", (f"{M}command.tags.torque_nm.scale=0.1",)),
    Change("a different word order in a command", VW, "wire",
           (f"{M}command.tags.torque_nm.at=111", f"{M}command.tags.tool_number.at=110")),
    Change("the code of a command", VW, "wire", (f"{M}commands.fit_tool.code=7",)),
    Change("the rounding of a driver", VW, "wire", patch=(_grbl(), "move_bytes", _rounded)),
    Change("the numbers of commands", BURN, "wire", patch=(wire_module.plc, "next_number", lambda n: n + 2)),
    Change("a reaction of the engine", VW, "decision", patch=(failures, "_reaction", lambda *_: Reaction.ASK)),
    Change("an order of the planner", LEAF, "decision",
           patch=(run_module, "decide_as_asked", swapped_steps(run_module.decide_as_asked, 4, 5))),
    Change("green: a manifest with another note", BURN, "", ("model/pack-damage:data.note=more was written here",)),
    Change("green: a recipe in other words", VW, "", made=_other_words),
    Change("green: a driver written otherwise", VW, "", patch=(_grbl(), "move_bytes", _rewritten)),
)  # fmt: skip


class Table:
    """Judges changes; what is seen in the pictures of a recording is worked out once."""

    def __init__(self) -> None:
        self._eyes = OnePerPicture(Inspector.load(configure(Wanted(CELL), Path("unused")), threads=1))

    def judge(self, change: Change) -> Verdict:
        with tempfile.TemporaryDirectory() as folder, _patched(change):
            made = change.made(Path(folder)) if change.made else {}
            cell = configure(Wanted(CELL, settings=change.settings, **made), Path(folder) / "what-if")
            eyes = OnePerPicture(Inspector.load(cell, threads=1)) if change.vision else self._eyes
            path = REPOSITORY / "fixtures/recordings" / f"{change.recording}.mcap"
            return judge_file(path, REPOSITORY / "fixtures/reference", cell, eyes)


@contextmanager
def _patched(change: Change) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if change.patch is not None:
            patch.setattr(*change.patch)
        yield


def told(change: Change, verdict: Verdict, seconds: float) -> str:
    good = "WRONG" if verdict.seam != change.seam else "red  " if change.seam else "green"
    cause = next(iter(verdict.causes), "nothing")
    words = next(iter(verdict.summary), "green")
    return (
        f"{good} {verdict.seam or 'none':<10} {change.name} on {change.recording} ({seconds:.1f} s)\n"
        f"       {cause}\n       {words}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="changes with these words in their name")
    arguments = parser.parse_args()
    table, wrong, made = Table(), 0, 0
    for change in CHANGES:
        if arguments.only not in change.name:
            continue
        began = time.perf_counter()
        verdict = table.judge(change)
        print(told(change, verdict, time.perf_counter() - began), flush=True)
        made += 1
        wrong += verdict.seam != change.seam
    print(f"{made - wrong} of {made} are as they should be: changes red in their seam, refactorings green")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
