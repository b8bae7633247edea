"""Each format of one record with 300 entries against ``json.dumps`` of its entries, in the same run.

python tests/bench/bench_exports.py
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from delid.exports import FORMATS, Books, Names, Pseudonyms, Wishes, exported, find_battery, prove, read_record
from delid.ledger import SigningKey
from ledger_kit import CODES, life, new_ledger

ENTRIES = 300
WISHES = Wishes(1.8e9, names=Names("https://id.plant.example/"))


def best_ms(work: Callable[[], object], times: int = 5) -> float:
    found = []
    for _ in range(times):
        began_s = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - began_s))
    return min(found)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        key = SigningKey.new()
        ledger = new_ledger(Path(folder) / "ledger.sqlite", key)
        ledger.append_all(list(life(CODES[0], ENTRIES - 4)))
        ledger.checkpoint(key)
        found = find_battery(ledger, CODES[0])
        record = read_record(Books(ledger, key.public), CODES[0], Pseudonyms(b"k" * 32), 1.8e9)
        bare = best_ms(lambda: json.dumps([dict(e.payload) for e in found.entries]))
        print(f"json.dumps of {len(found.entries)} entries: {bare:.2f} ms")
        print(f"{'proof':>9}: {best_ms(lambda: prove(ledger, CODES[0], found.entries, key.public)):8.1f} ms")
        for name in FORMATS:
            took = best_ms(lambda name=name: exported(record, name, WISHES), 3)
            print(f"{name:>9}: {took:8.1f} ms, {took / bare:8.1f} times the reference")


if __name__ == "__main__":
    main()
