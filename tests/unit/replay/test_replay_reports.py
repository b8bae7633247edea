"""JUnit XML that a server reads, and a page that needs nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import cv2
import numpy as np

from delid.core import RecordingError
from delid.replay import Difference, Mark, Picture, Result, Verdict, html_report, junit

RED = Verdict(
    "worn<1>",
    2,
    31,
    (
        Difference("decision", "lid_bolts/lid.14", "seized -> ask", "seized -> retry"),
        Difference("wire", "x", "a\x18", "b"),
    ),
    seam="decision",
    summary=("decision: bolt 14: seized -> ask; before: retry", "wire: x: a; before: b"),
    causes=("recipe/a:on_failure.seized: [ask]; before: [retry]",),
)
FAULT = RecordingError("cut.mcap is cut.", hint="Repair it.", code="recording.truncated")
ALL = [Result("clean", Verdict("clean", 3, 12), 1.25), Result("worn<1>", RED, 0.5), Result("cut", FAULT)]


def test_every_seam_is_a_case_and_a_fault_is_an_error():
    (suite,) = ElementTree.fromstring(junit(ALL))
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "time")} == {
        "tests": "7", "failures": "2", "errors": "1", "time": "1.750",
    }  # fmt: skip
    cases = {(case.get("classname"), case.get("name")): list(case) for case in suite}
    assert cases["replay.clean", "wire"] == cases["replay.worn<1>", "inspection"] == []
    (failure,) = cases["replay.worn<1>", "decision"]
    assert failure.get("message") == "bolt 14: seized -> ask; before: retry"
    assert failure.text is not None
    assert failure.text.splitlines() == [
        "cause: recipe/a:on_failure.seized: [ask]; before: [retry]",
        "decision: lid_bolts/lid.14: seized -> ask; before: seized -> retry",
    ]
    (error,) = cases["replay.cut", "replay"]
    assert error.get("type") == "recording.truncated"


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.refs: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.refs += [value for name, value in attrs if name in ("href", "src", "xlink:href") and value]


def page_of(*judged: Result) -> Links:
    found = Links()
    found.feed(html_report(judged))
    return found


def test_the_page_needs_nothing_from_elsewhere():
    found = page_of(*ALL)
    assert not [ref for ref in found.refs if not ref.startswith(("#", "data:"))]
    assert not {"script", "link", "img", "iframe"} & set(found.tags)
    assert "url(" not in html_report(ALL)


def test_a_frame_stands_in_the_page_once_and_is_shown_on_both_sides():
    data = cv2.imencode(".jpg", np.zeros((30, 40, 3), np.uint8))[1].tobytes()
    before, now = (Mark("lid.03 bolt", (1, 1, 9, 9), True),), (Mark("lid.03 empty", (1, 1, 9, 9), True),)
    picture = Picture("look.4 frame 1", data, 40, 30, before, now, ("damage: dent",), ("damage: none",))
    verdict = Verdict("worn", 1, 1, RED.differences, seam="decision", summary=RED.summary, pictures=(picture,))
    text = html_report([Result("worn", verdict)])
    assert text.count("data:image/jpeg;base64,") == 1
    left, right = re.findall(r"<figure>.*?</figure>", text, re.DOTALL)
    assert all(words in left for words in ("<image", "lid.03 bolt", "damage: dent"))
    assert all(words in right for words in ("<use", "lid.03 empty", "damage: none"))
    assert "lid.03 empty" not in left
    assert "lid.03 bolt" not in right


def test_words_of_a_recording_are_not_taken_for_markup():
    text = html_report(ALL)
    assert "worn<1>" not in text
    assert "worn&lt;1&gt;" in text
    assert "1 of 3 recordings equal" in text
