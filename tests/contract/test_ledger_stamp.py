"""Time stamps by an authority of our own: OpenSSL behind an HTTP server on this machine."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from delid.cli._main import app
from delid.ledger import Ledger, SigningKey, Terms, export_ledger, read_roots, verify_export, verify_ledger
from ledger_kit import CODES, life, new_ledger

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
KEY = SigningKey.new()
CONFIG = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ordering = no
ess_cert_id_chain = no
[ext]
extendedKeyUsage = critical,timeStamping
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
keyUsage = critical,digitalSignature
"""


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", "-x509", *ec, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=root", "-days", "30")
    openssl(folder, "req", *ec, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa")
    openssl(folder, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
            "-out", "tsa.pem", "-days", "20", "-extfile", "tsa.cnf", "-extensions", "ext")  # fmt: skip
    return folder


@pytest.fixture
def address(authority: Path) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (authority / "asked.tsq").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            openssl(authority, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked.tsq", "-out", "said.tsr")
            body = (authority / "said.tsr").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_checkpoint_is_stamped_and_the_stamp_checked(authority: Path, address: str, tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"
    with new_ledger(place, KEY) as ledger:
        ledger.append_all(list(life(CODES[0])))
        ledger.checkpoint(KEY)
    words = ["ledger", "stamp", str(place), "--url", address, "--tsa", str(authority / "root.pem")]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.stdout.startswith("13 entries were there at ")
    roots = read_roots(authority / "root.pem")
    with Ledger.open(place) as ledger:
        export_ledger(ledger, tmp_path / "all.jsonl")
    for verdict in (
        verify_ledger(place, Terms(KEY.public, stamp_roots=roots)),
        verify_export(tmp_path / "all.jsonl", Terms(KEY.public, stamp_roots=roots)),
    ):
        assert verdict.ok, verdict.findings
        assert any(note.startswith("13 entries were there at ") for note in verdict.notes)
    assert any("were not checked" in note for note in verify_ledger(place, Terms(KEY.public)).notes)
    strange = read_roots(_another_root(tmp_path))
    assert "time stamp of" in verify_ledger(place, Terms(KEY.public, stamp_roots=strange)).findings[0].where


def test_a_stamp_of_something_else_is_refused(authority: Path, address: str, tmp_path: Path) -> None:
    from urllib.request import Request, urlopen

    from delid.core import LedgerError
    from delid.ledger import add_stamp, stamp_request

    with new_ledger(tmp_path / "ledger.db", KEY) as ledger:
        first = ledger.checkpoint(KEY)
        ledger.append_all(list(life(CODES[0])))
        second = ledger.checkpoint(KEY)
        with urlopen(Request(address, stamp_request(first)), timeout=10) as answer:
            token = answer.read()
        with pytest.raises(LedgerError, match="not good"):
            add_stamp(ledger, second, address, token, read_roots(authority / "root.pem"))
        with pytest.raises(LedgerError, match="not good"):
            add_stamp(ledger, first, address, token[:-3], read_roots(authority / "root.pem"))
        add_stamp(ledger, first, address, token, read_roots(authority / "root.pem"))


def _another_root(folder: Path) -> Path:
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", "-x509", *ec, "-keyout", "o.key", "-out", "o.pem", "-subj", "/CN=other", "-days", "30")
    return folder / "o.pem"
