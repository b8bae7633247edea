"""How long a cell with 500 packs and 1,000 recipes takes to load, to check and to match, against named references.

    python tests/bench/bench_recipes.py [--packs 500]

References, in the same run on the same files: one pass of PyYAML's parser over the texts, which nothing that reads YAML
can beat, and the texts read by ruamel.yaml (pure Python; some of them, scaled up). Matched is one for each pack, its
recipes weighed with their reasons. Times are of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from ruamel.yaml import YAML

from delid.config import Cell, NewPack, load_cell, pack_text, read_document, recipe_texts
from delid.core import Assessment, HazardClass, PackStatus, PackVerdict
from delid.planning import check_cell
from delid.planning._match import Facts, Identity, weigh

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = {
    "nutrunner": "socket_10",
    "vacuum": "vacuum",
    "gripper": "gripper",
    "lid": "lid_rack",
    "modules": "module_tray",
}


@dataclass(frozen=True)
class Figures:
    """Seconds, and how many files."""

    packs: int
    recipes: int
    load_s: float
    check_s: float
    match_s: float
    parse_s: float
    ruamel_s: float
    findings: int

    @property
    def total_s(self) -> float:
        return self.load_s + self.check_s

    @property
    def match_one_ms(self) -> float:
        return 1000 * self.match_s / self.packs

    @property
    def by_parser(self) -> float:
        """Load and check, as a multiple of the parser alone."""
        return self.total_s / self.parse_s

    def lines(self) -> list[str]:
        return [
            f"{self.packs} packs, {self.recipes} recipes, {self.findings} findings",
            f"load              {self.load_s:6.2f} s",
            f"check             {self.check_s:6.2f} s",
            f"match             {self.match_s:6.2f} s   one for each pack, {self.match_one_ms:.2f} ms each (limit 5)",
            f"all three         {self.total_s + self.match_s:6.2f} s   (limit 5 s)",
            f"parser alone      {self.parse_s:6.2f} s   load and check take {self.by_parser:.1f} times that",
            f"ruamel.yaml alone {self.ruamel_s:6.2f} s   {self.ruamel_s / self.total_s:.1f} times load and check",
        ]


def new_pack(n: int) -> NewPack:
    """A pack unlike all others: size, pattern, modules and torque depend on ``n``."""
    return NewPack(
        name=f"pack-{n:03d}", title=f"Pack {n}", length_mm=1200 + n % 97 * 5, width_mm=900 + n % 89 * 4,
        height_mm=120 + n % 61, mass_kg=250 + n % 200, voltage_v=350, energy_kwh=50, chemistry="NMC", lid_kg=20,
        bolts_along=6 + n % 7, bolts_across=3 + n % 5, inset_mm=20 + n % 11, kind="bolt", thread="M6", socket_mm=10,
        torque_nm=8 + n % 5, modules_along=n % 5, modules_across=2, module_kg=25, disconnect_mm=(-500, n % 50),
        by="A. Engineer", on="2026-01-01", tools=TOOLS,
    )  # fmt: skip


def write_site(folder: Path, packs: int) -> Path:
    """A cell file with ``packs`` packs, each with a standard and a damaged recipe, and quarantine for any pack."""
    demo = REPOSITORY / "cell_configs"
    shutil.copytree(demo, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("gallery", "schema"))
    data = read_document(demo / "cells/demo.yaml").data
    data |= {"packs": [], "recipes": ["../recipes/common-quarantine.yaml"]}
    for n in range(packs):
        pack = new_pack(n)
        (folder / f"packs/{pack.name}.yaml").write_text(pack_text(pack), encoding="utf-8")
        data["packs"].append(f"../packs/{pack.name}.yaml")
        for file, text in list(recipe_texts(pack).items())[:2]:
            (folder / "recipes" / file).write_text(text, encoding="utf-8")
            data["recipes"].append(f"../recipes/{file}")
    target = folder / "cells/many.yaml"
    target.write_text(json.dumps(data), encoding="utf-8")
    return target


def timed(work: Callable[[], object]) -> float:
    """Seconds of this process; what else runs on the machine counts only where it shares a core."""
    start = time.process_time()
    work()
    return time.process_time() - start


def match_all(cell: Cell) -> None:
    """Weigh all recipes for one assessment of each pack; each pack must find its own standard recipe."""
    for pack in cell.packs.values():
        verdict = PackVerdict(PackStatus.KNOWN, pack.pack, 0.99)
        seen = Assessment(verdict, (), HazardClass.A, ("no damage found",))
        fits = [recipe for recipe, misses in weigh(cell.recipes, Facts(Identity(pack, "seen"), seen)) if not misses]
        if not any(pack.pack in recipe.spec.serves.packs for recipe in fits):
            raise SystemExit(f"no recipe was matched to {pack.pack}")


def measure(folder: Path, packs: int) -> tuple[Figures, Cell]:
    cell_file = write_site(folder, packs)
    loaded: list[Cell] = []
    load_s = timed(lambda: loaded.append(load_cell(cell_file)))
    findings: list[object] = []
    check_s = timed(lambda: findings.extend(check_cell(loaded[0])))
    cell = loaded[0]
    match_s = timed(lambda: match_all(cell))
    texts = [text for name, text in cell.texts.items() if Path(name).suffix == ".yaml"]
    parse_s = timed(lambda: [list(yaml.parse(text, Loader=yaml.CLoader)) for text in texts])
    few = texts[:: max(1, len(texts) // 50)]
    ruamel_s = timed(lambda: [YAML(typ="rt", pure=True).load(text) for text in few]) * len(texts) / len(few)
    return Figures(len(cell.packs), len(cell.recipes), load_s, check_s, match_s, parse_s, ruamel_s, len(findings)), cell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", type=int, default=500)
    packs = parser.parse_args().packs
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        figures, _ = measure(Path(folder), packs)
    print("\n".join(figures.lines()))


if __name__ == "__main__":
    main()
