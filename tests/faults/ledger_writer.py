"""Forks writers and kills them: prints, for each kill, whether every acknowledged entry is there and all verify.

    python ledger_writer.py LEDGER KILLS SEED

A process of its own without threads, so that a fork is quick and safe.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from delid.ledger import Ledger, SigningKey, Terms, verify_ledger
from ledger_kit import life, new_ledger


def write(place: str, key: SigningKey, code: str, out: int) -> None:
    """Append without a pause, in all ways there are; each entry is told when it is acknowledged."""
    with Ledger.open(place) as ledger:
        for number in range(10_000):
            items = list(life(f"{code}{number:03d}"[-24:]))
            for battery, said in items[:4]:
                tell(out, [ledger.append(said, battery).seq])
            tell(out, [e.seq for e in ledger.append_all(items[4:], (f"run-{code}", number + 1))])
            ledger.checkpoint(key)


def tell(out: int, seqs: list[int]) -> None:
    os.write(out, b"".join(b"%d\n" % seq for seq in seqs))


def killed(place: str, key: SigningKey, chance: random.Random, number: int) -> list[int]:
    """The entries that a writer had acknowledged when it was killed at a random moment."""
    read, out = os.pipe()
    writers = []
    for part in range(2):
        if (pid := os.fork()) == 0:
            os.close(read)
            write(place, key, f"X37PBPCETWF2HWB{number:03d}{part}", out)
            os._exit(0)
        writers.append(pid)
    os.close(out)
    data = os.read(read, 4096)  # at work
    select.select([], [], [], chance.uniform(0.0, 0.08))
    for pid in writers:
        os.kill(pid, signal.SIGKILL)
    while part := os.read(read, 65536):
        data += part
    os.close(read)
    for pid in writers:
        os.waitpid(pid, 0)
    return [int(line) for line in data.split(b"\n") if line]


def main() -> None:
    place, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    key, chance, acknowledged = SigningKey.new(), random.Random(seed), set[int]()
    with new_ledger(place, key) as ledger:
        ledger.checkpoint(key)
    for number in range(kills):
        acknowledged.update(killed(place, key, chance, number))
        with Ledger.open(place) as ledger:
            size = ledger.size()
        verdict = verify_ledger(place, Terms(key.public))
        lost = sorted(seq for seq in acknowledged if seq >= size)
        said = {"kill": number, "ok": verdict.ok, "lost": lost, "size": size, "acknowledged": len(acknowledged)}
        print(json.dumps({**said, "findings": [str(f) for f in verdict.findings]}), flush=True)


if __name__ == "__main__":
    main()
