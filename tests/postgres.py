"""A PostgreSQL of Debian's, private to the tests: a cluster in a temporary folder, reached by a Unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "20",
    "shared_buffers": "16MB",
    "autovacuum": "off",
}
"""Quick: what these tests look at is what the ledger does, not what PostgreSQL's disk does."""


def binaries() -> Path | None:
    """Where initdb and postgres are; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(os.path.realpath(on_path)).parent if on_path else None


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of a database server that ends with the block; ``{name}`` in it stands for the database."""
    bin_dir = binaries()
    assert bin_dir is not None
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder = Path(name)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        data = folder / "data"
        make = [bin_dir / "initdb", "-D", data, "-A", "trust", "-U", "delid", "--no-sync", "--locale=C", "-E", "UTF8"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **owner)
        options = " ".join(f"-c {word}='{value}'" for word, value in SETTINGS.items())
        control = [bin_dir / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", folder / "log"]
        started = [*control, "-o", f"{options} -k {folder}", "start"]
        subprocess.run(started, check=True, capture_output=True, cwd=folder, **owner)
        try:
            yield f"postgresql+psycopg://delid@/{{name}}?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder, **owner)
