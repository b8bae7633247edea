"""What the ledger costs, against a bare INSERT and a bare SELECT in the same run, and how long its proofs are.

    python tests/bench/bench_ledger.py [--entries 1000000] [--appends 2000] [--folder DIR]

Limits: a durable append takes at most 1.3 times as long (median) as a bare INSERT and commit of the same bytes with
synchronous FULL; verification goes through 50,000 entries a second on one core; a battery's page out of a million
entries takes at most 50 ms; a proof has no more hashes than the tree is high.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from delid.accounting import due_list
from delid.cli._record_source import entries_for_duties
from delid.config import load_rules
from delid.exports import find_battery
from delid.ledger import Ledger, SigningKey, Terms, export_ledger, read_export, verify_export, verify_ledger
from delid.panel.api._record_views import record_out
from ledger_kit import fill, life, new_ledger

APPEND_RATIO, VERIFY_PER_S, PAGE_MS = 1.3, 50_000, 50.0
RULES = Path(__file__).resolve().parents[2] / "cell_configs/compliance/cn.yaml"
CODE = "X37PBPCETWF2HWB19{:07d}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--appends", type=int, default=2000)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        good = [bench_append(Path(folder), args.appends), *bench_large(Path(folder), args.entries)]
    return 0 if all(good) else 1


def line(what: str, value: str, limit: str, ok: bool) -> bool:
    print(f"{what:<58} {value:>34}   limit {limit:<12} {'ok' if ok else 'MISSED'}", flush=True)
    return ok


# --- durable append ---------------------------------------------------------------------------------------------------


def bench_append(folder: Path, appends: int) -> bool:
    """Appends and bare inserts by turns, so that both meet the same disk."""
    key = SigningKey.new()
    with new_ledger(folder / "append.db", key) as ledger:
        items = [item for n in range(appends // 12 + 2) for item in life(CODE.format(n))]
        bodies = [ledger.append(said, battery).body for battery, said in items[:50]]
        bare, by_hand = bare_inserter(folder / "bare.db"), hand_inserter(folder / "hand.db")
        own_s, bare_s, hand_s = [], [], []
        for number, (battery, said) in enumerate(items[50 : 50 + appends]):
            own_s.append(timed(lambda b=battery, s=said: ledger.append(s, b)))
            bare_s.append(timed(partial(bare, bodies[number % len(bodies)])))
            hand_s.append(timed(partial(by_hand, battery, bodies[number % len(bodies)])))
    own, other, hand = (statistics.median(times_s) for times_s in (own_s, bare_s, hand_s))
    p95 = statistics.quantiles(own_s, n=20)[-1] / statistics.quantiles(bare_s, n=20)[-1]
    value = f"{own * 1e3:.3f} ms / {other * 1e3:.3f} ms = {own / other:.2f}"
    ok = line(
        "durable append, median, against a bare INSERT + commit", value, f"{APPEND_RATIO}", own / other <= APPEND_RATIO
    )
    print(f"{'the same at the 95th percentile':<58} {p95:>34.2f}")
    value = f"{hand * 1e3:.3f} ms / {other * 1e3:.3f} ms = {hand / other:.2f}"
    print(f"{'a program with the rows and the index of ours only':<58} {value:>34}")
    print(f"{'what entry, proof and checks cost on top':<58} {f'{(own - hand) * 1e6:.0f} us':>34}")
    return ok


def bare_inserter(path: Path) -> Callable[[bytes], None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def insert(body: bytes) -> None:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO entries (body) VALUES (?)", (body,))
        connection.execute("COMMIT")

    return insert


def hand_inserter(path: Path) -> Callable[[str, bytes], None]:
    """The rows and the index of the ledger by hand, nothing worked out: what no ledger can be quicker than."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE entries (seq INTEGER PRIMARY KEY, at TEXT, battery TEXT, number INTEGER, kind TEXT, body BLOB, "
        "leaf BLOB, UNIQUE (battery, number))"
    )
    numbers: dict[str, int] = {}

    def insert(battery: str, body: bytes) -> None:
        numbers[battery] = number = numbers.get(battery, -1) + 1
        row = ("2027-01-15T08:00:00.000Z", battery, number, "operation", body, body[:32])
        connection.execute("BEGIN")
        connection.execute("INSERT INTO entries (at, battery, number, kind, body, leaf) VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("COMMIT")

    return insert


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- a large ledger ---------------------------------------------------------------------------------------------------


def bench_large(folder: Path, entries: int) -> list[bool]:
    key, place = SigningKey.new(), folder / "large.db"
    with new_ledger(place, key) as ledger:
        for size in range(min(50_000, entries), entries + 1, 50_000):
            fill(ledger, size, at_once=5000)
            ledger.checkpoint(key)
        good = [*bench_pages(ledger, entries), bench_proofs(ledger, folder, key, entries)]
    return [*good, bench_verify(folder, place, key, entries)]


def bench_pages(ledger: Ledger, entries: int) -> list[bool]:
    batteries = entries // 12
    pages = [CODE.format(batteries * part // 97) for part in range(1, 97)]
    page_ms = [timed(lambda code=code: [e.payload for e in ledger.entries_of(code)]) * 1e3 for code in pages]
    assert all(len(ledger.entries_of(code)) == 12 for code in pages[:5])
    bare = sqlite3.connect(str(ledger.engine.url.database))
    query = "SELECT seq, body FROM entries WHERE battery = ? ORDER BY number"
    bare_ms = [timed(lambda code=code: bare.execute(query, (code,)).fetchall()) * 1e3 for code in pages]
    bare.close()
    worst, median, other = max(page_ms), statistics.median(page_ms), statistics.median(bare_ms)
    print(f"{'a bare SELECT of the same entries, median':<58} {f'{other:.2f} ms, ratio {median / other:.1f}':>34}")
    value = f"{worst:.1f} ms (median {median:.1f} ms)"
    shown_ms = [timed(partial(shown, ledger, code)) * 1e3 for code in pages]
    found_ms = timed(lambda: ledger.find()) * 1e3
    bench_due(ledger, batteries)
    sent = f"{max(shown_ms):.1f} ms (median {statistics.median(shown_ms):.1f} ms)"
    return [
        line("the same as the panel sends it", sent, f"{PAGE_MS:g} ms", max(shown_ms) <= PAGE_MS),
        line(f"a battery's page out of {entries} entries, worst of 96", value, f"{PAGE_MS:g} ms", worst <= PAGE_MS),
        line("the list of the 50 newest batteries", f"{found_ms:.1f} ms", f"{PAGE_MS:g} ms", found_ms <= PAGE_MS),
    ]


def shown(ledger: Ledger, battery: str) -> str:
    return record_out(find_battery(ledger, battery), ledger.site, ledger.names()).model_dump_json()


def bench_due(ledger: Ledger, batteries: int) -> None:
    """What is due by China's rules, for all batteries at once."""
    rules, found = load_rules(RULES), []
    spent_s = timed(lambda: found.extend(due_list(entries_for_duties(str(ledger.engine.url.database)), rules, 2e9)))
    value = f"{spent_s:.1f} s, {spent_s / batteries * 1e6:.0f} us each"
    print(f"{f'what is due for {batteries} batteries: {len(found)} lines':<58} {value:>34}", flush=True)


def bench_proofs(ledger: Ledger, folder: Path, key: SigningKey, entries: int) -> bool:
    """Proofs of one battery: their length in hashes, and how long they take, as the tree grows."""
    ok = True
    signed = ledger.checkpoints()
    for size in sorted({1, *(1 << power for power in range(4, entries.bit_length(), 4)), entries}):
        from delid.ledger._engine import reading
        from delid.ledger._stored_tree import StoredTree
        from delid.ledger._tree import inclusion_path

        with reading(ledger.engine) as connection:
            tree, lengths, began = StoredTree(connection), [], time.perf_counter()
            for part in range(20):
                lengths.append(len(inclusion_path(size * part // 20, size, tree.subtree)))
            spent_ms = (time.perf_counter() - began) / 20 * 1e3
        high = (size - 1).bit_length()
        ok &= line(
            f"proof of an entry of {size}",
            f"{max(lengths)} hashes, {spent_ms:.2f} ms",
            f"{high} hashes",
            max(lengths) <= high,
        )
    assert signed
    out = folder / "battery.jsonl"
    spent_ms = timed(lambda: export_ledger(ledger, out, battery=CODE.format(entries // 24), key=key)) * 1e3
    count = len(read_export(out).entries)
    check_ms = timed(lambda: verify_export(out, Terms(key.public))) * 1e3
    print(f"{f'proof of a battery: {count} entries, {out.stat().st_size} bytes':<58} "
          f"{f'{spent_ms:.0f} ms, verified in {check_ms:.0f} ms':>34}")  # fmt: skip
    return ok


def bench_verify(folder: Path, place: Path, key: SigningKey, entries: int) -> bool:
    began, cpu = time.perf_counter(), time.process_time()
    verdict = verify_ledger(place, Terms(key.public))
    spent_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    assert (verdict.ok, verdict.entries) == (True, entries), verdict
    ok = line("verification of the database", f"{entries / cpu_s:,.0f} entries/s of a core", f"{VERIFY_PER_S:,}/s",
              entries / cpu_s >= VERIFY_PER_S)  # fmt: skip
    print(f"{'the same by the clock on the wall':<58} {f'{entries / spent_s:,.0f} entries/s':>34}")
    with Ledger.open(place) as ledger:
        export_ledger(ledger, folder / "all.jsonl", key=key)
    os.unlink(place)
    cpu = time.process_time()
    assert verify_export(folder / "all.jsonl", Terms(key.public)).ok
    cpu_s = time.process_time() - cpu
    rate = entries / cpu_s
    return ok & line(
        "verification of an export", f"{rate:,.0f} entries/s of a core", f"{VERIFY_PER_S:,}/s", rate >= VERIFY_PER_S
    )


if __name__ == "__main__":
    sys.exit(main())
