"""The ledger against kill -9 and a disk that is full, with real processes and files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

from delid.ledger import Ledger, verify_ledger

WRITER = Path(__file__).with_name("ledger_writer.py")
KILLS = int(os.environ.get("DELID_LEDGER_KILLS", "6"))
"""Moments at which the writers are killed; the full size is 200."""


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Two processes append to one ledger without a pause; ``DELID_LEDGER_KILLS=200`` is the full size."""
    place = tmp_path / "ledger.db"
    seed = os.environ.get("DELID_LEDGER_SEED", "8")
    done = subprocess.run(
        [sys.executable, str(WRITER), str(place), str(KILLS), seed], capture_output=True, text=True, timeout=3600
    )
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rounds) == KILLS, done.stderr
    assert [r for r in rounds if not r["ok"] or r["lost"]] == []
    assert rounds[-1]["size"] >= rounds[-1]["acknowledged"] + 1 > KILLS


def test_a_disk_that_is_full_is_told_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """A file size limit stands for a full disk: the kernel itself cuts the write short and then refuses."""
    script = """
        import resource, signal, sys
        sys.path.insert(0, sys.argv[2])
        from ledger_kit import life, new_ledger
        from delid.core import LedgerError
        from delid.ledger import SigningKey
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        ledger, written, errors = new_ledger(sys.argv[1], SigningKey.new()), 1, []
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        for number in range(100):
            for battery, said in life(f"X37PBPCETWF2HWB19{number:07d}") if len(errors) < 5 else ():
                try:
                    ledger.append(said, battery)
                    written += 1
                except LedgerError as error:
                    errors.append(error)
        assert ledger.size() == written, (ledger.size(), written)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        ledger.append(said, battery)
        ledger.close()
        print(written + 1, errors[0].code, bool(errors[0].hint))
        """
    place = tmp_path / "ledger.db"
    command = [sys.executable, "-c", textwrap.dedent(script), str(place), str(WRITER.parent.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    written, code, hint = done.stdout.split() or ("", "", "")
    assert (code, hint) == ("ledger.write", "True"), done.stderr
    verdict = verify_ledger(place)
    assert [str(f) for f in verdict.findings] == [
        "the ledger: nothing of it is signed, so that nothing shows what it was"
    ]
    assert verdict.entries == int(written) > 15
    with Ledger.open(place) as ledger:
        assert ledger.size() == int(written)


def test_every_connection_waits_for_the_disk(tmp_path: Path) -> None:
    from sqlalchemy import text

    from delid.ledger import SigningKey
    from ledger_kit import new_ledger

    with new_ledger(tmp_path / "ledger.db", SigningKey.new()) as ledger, ledger.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
