"""The report: complete, self-contained, and safe with any words."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from delid.training._reliability import reliability
from delid.training._report_html import FIRST_LINE, WORST, shown, write_report

KINDS = ["bolt", "nut", "empty", "stripped"]


def figures(folder: Path, worst: int = 3) -> dict[str, Any]:
    """A small example with every part."""
    rng = np.random.default_rng(2)
    claimed = rng.uniform(0.3, 1.0, 400)
    trust = reliability(claimed, rng.uniform(0, 1, 400) < claimed**1.6).as_dict()
    image = folder / "picture.jpg"
    drawn = np.full((300, 400, 3), 110, np.uint8)
    cv2.circle(drawn, (220, 150), 60, (60, 90, 160), -1)
    cv2.imwrite(str(image), drawn)
    return {
        "title": "Evaluation of the test split",
        "provenance": {
            "models": {"pack-damage": "sha256:aa11", "fastener-detect": "sha256:bb22"},
            "split": "test",
            "command": "delid train evaluate --out report.json --html report.html",
        },
        "thresholds": {
            "pack.min_score": {"value": 0.62, "chosen": "as few known packs refused as strangers accepted"},
            "damage.dent": 0.41,
        },
        "rendered": {
            "Pack identity": {
                "summary": {"known pictures": 210, "top-1 of accepted": 0.9952, "open-set AUROC": 0.984},
                "tables": {"By pack": {"vw-meb-82": {"pictures": 70, "right": 1.0}, "byd-blade": {"pictures": 70}}},
            },
            "Damage": {
                "note": "With the full light program.",
                "summary": {"macro F1": 0.913, "sound called damaged": None},
                "by_class": {
                    "dent": {"present": 40, "precision": 0.9, "recall": 0.85, "f1": 0.874},
                    "burn <b>": {"present": 31, "precision": 1.0, "recall": 0.97, "f1": 0.984},
                },
                "reliability": {"Damage, all kinds": trust},
            },
            "Fasteners": {
                "confusion": {
                    "labels": KINDS,
                    "counts": [[981, 3, 2, 14], [4, 402, 0, 1], [1, 0, 290, 3], [22, 0, 1, 110]],
                },
            },
        },
        "photographs": {"Screws and holes": {"summary": {"screws": 120, "holes called present": 0.31}}},
        "worst": [
            {"image": str(image), "score": 0.02, "truth": "dent", "said": "none", "why": "soft light"},
            {"image": str(folder / "gone.jpg"), "name": "gone & lost.jpg", "truth": "leak"},
            *({"image": None, "name": f"more-{n}"} for n in range(worst - 2)),
        ],
    }


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)
        self.links.extend(value or "" for name, value in attrs if name in ("src", "href"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def outline(path: Path) -> _Outline:
    parser = _Outline()
    parser.feed(path.read_text(encoding="utf-8"))
    assert parser.open == [], "every element is closed"
    return parser


def test_the_report_has_every_part_and_needs_no_network(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    write_report(figures(tmp_path), out)
    found = outline(out)
    texts = [t for t in found.texts if t.strip()]
    assert texts[2] == FIRST_LINE, "after title and style"
    for words in (
        "sha256:aa11",
        "0.620",
        "0.995",
        "0.913",
        "burn <b>",
        "981",
        "Screws and holes",
        "0.310",
        "gone & lost.jpg",
    ):
        assert any(words in t for t in texts), words
    assert "–" in texts
    assert len(found.links) == 1, "one picture could be read"
    assert found.links[0].startswith("data:image/jpeg;base64,")
    content = out.read_text(encoding="utf-8")
    assert content.count("<svg") == 1
    assert "http" not in content.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_rendered_and_real_stand_apart_in_this_order(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    write_report(figures(tmp_path), out)
    content = out.read_text(encoding="utf-8")
    places = [
        content.index(f"<h2>{h}</h2>") for h in ("Thresholds", "Rendered pictures", "Photographs", "Worst pictures")
    ]
    assert places == sorted(places)
    assert places[1] < content.index("macro F1") < places[2] < content.index("holes called present") < places[3]


def test_what_was_not_evaluated_is_said(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    write_report({}, out)
    assert outline(out).texts.count("Not evaluated.") == 2


def test_only_the_worst_twenty_are_shown(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    write_report(figures(tmp_path, worst=30), out)
    content = out.read_text(encoding="utf-8")
    assert content.count("<figure>") == WORST
    assert "20 of 30, the worst first." in content


@pytest.mark.parametrize(
    ("value", "words"), [(None, "–"), (0.5, "0.500"), (1234.56, "1234.6"), (7, "7"), (True, "yes"), ("x", "x")]
)
def test_figures_for_people(value: object, words: str) -> None:
    assert shown(value) == words
