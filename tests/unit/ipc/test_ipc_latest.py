"""Who gets which value, without a socket."""

from __future__ import annotations

from delid.ipc._latest import WAIT_S, Latest, Wish


def wish(tag: bytes, seen: bytes = b"", peer: bytes = b"p", topic: bytes = b"state") -> Wish:
    return Wish(peer, topic, tag, seen)


def test_a_newcomer_gets_the_present_value_at_once() -> None:
    latest = Latest("s")
    latest.put(b"state", b"old", 0.0)
    latest.put(b"state", b"new", 0.1)
    delivery = latest.want(wish(b"1"), 0.2)
    assert delivery is not None
    assert (delivery.data, delivery.version, delivery.tag) == (b"new", b"s.2", b"1")


def test_a_reader_that_is_up_to_date_waits_for_the_next_and_gets_it_once() -> None:
    latest = Latest("s")
    latest.put(b"state", b"a", 0.0)
    assert latest.want(wish(b"1", seen=b"s.1"), 0.1) is None
    assert [d.data for d in latest.put(b"state", b"b", 0.2)] == [b"b"]
    assert latest.put(b"state", b"c", 0.3) == []


def test_before_the_first_value_a_reader_waits() -> None:
    latest = Latest("s")
    assert latest.want(wish(b"1"), 0.0) is None
    assert latest.waiting == 1
    assert [d.tag for d in latest.put(b"state", b"a", 0.1)] == [b"1"]


def test_a_repeated_wish_replaces_the_first() -> None:
    latest = Latest("s")
    latest.want(wish(b"1"), 0.0)
    latest.want(wish(b"2"), 0.5)
    assert [d.tag for d in latest.put(b"state", b"a", 0.6)] == [b"2"]


def test_versions_of_an_earlier_server_count_as_unseen() -> None:
    latest = Latest("second")
    latest.put(b"state", b"a", 0.0)
    assert latest.want(wish(b"1", seen=b"first.1"), 0.1) is not None


def test_topics_and_readers_are_apart() -> None:
    latest = Latest("s")
    latest.want(wish(b"1", topic=b"frame"), 0.0)
    latest.want(wish(b"2", peer=b"q"), 0.0)
    assert [d.tag for d in latest.put(b"state", b"a", 0.1)] == [b"2"]
    assert [d.tag for d in latest.put(b"frame", b"f", 0.1)] == [b"1"]


def test_a_reader_that_went_away_is_forgotten() -> None:
    latest = Latest("s")
    latest.want(wish(b"1"), 0.0)
    latest.want(wish(b"2", peer=b"q", topic=b"frame"), WAIT_S)
    assert latest.put(b"state", b"a", WAIT_S + 0.1) == []
    assert latest.waiting == 1
