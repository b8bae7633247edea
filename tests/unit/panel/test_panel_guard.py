"""Which requests the guard lets in, without a socket."""

from __future__ import annotations

import pytest

from delid.panel import hosts_for
from delid.panel._guard import why_refused

LOCAL = hosts_for("127.0.0.1")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:8480"},
        {"host": "localhost:8480", "origin": "http://localhost:8480"},
        {"host": "LOCALHOST"},
        {"host": "[::1]:8480", "origin": "http://[::1]:8480"},
        {"host": "127.0.0.1:8480", "sec-fetch-site": "none"},
    ],
    ids=str,
)
def test_its_own_page_passes(headers: dict[str, str]) -> None:
    assert why_refused(headers, LOCAL) is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "the name ''"),
        ({"host": "[::1"}, "the name"),
        ({"host": "rebound.example:8480"}, "rebound.example"),
        ({"host": "192.168.1.7:8480"}, "192.168.1.7"),
        ({"host": "127.0.0.1:8480", "origin": "http://127.0.0.1:9999"}, "a page of"),
        ({"host": "127.0.0.1:8480", "origin": "null"}, "a page of 'null'"),
        ({"host": "127.0.0.1:8480", "sec-fetch-site": "cross-site"}, "another site"),
    ],
    ids=str,
)
def test_strangers_are_refused_with_a_reason(headers: dict[str, str], reason: str) -> None:
    assert reason in (why_refused(headers, LOCAL) or "")


def test_a_server_on_all_addresses_takes_any_address_but_no_strange_name() -> None:
    hosts = hosts_for("0.0.0.0")
    assert why_refused({"host": "192.168.1.7:8480", "origin": "http://192.168.1.7:8480"}, hosts) is None
    assert why_refused({"host": "rebound.example"}, hosts) is not None


def test_a_server_on_one_address_takes_that_one() -> None:
    hosts = hosts_for("192.168.1.7")
    assert why_refused({"host": "192.168.1.7:8480"}, hosts) is None
    assert why_refused({"host": "192.168.1.8:8480"}, hosts) is not None
