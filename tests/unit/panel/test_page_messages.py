"""The words of the page: both languages say the same things."""

from __future__ import annotations

import json
import re
from pathlib import Path


def test_both_languages_have_the_same_messages_with_the_same_places(repository: Path) -> None:
    folder = repository / "src/delid/panel/web/messages"
    english, chinese = (json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh"))
    assert english.keys() == chinese.keys()
    places = {key: (_places(english[key]), _places(chinese[key])) for key in english}
    assert {key: pair for key, pair in places.items() if pair[0] != pair[1]} == {}
    assert [key for key, words in chinese.items() if not words.strip()] == []


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))
