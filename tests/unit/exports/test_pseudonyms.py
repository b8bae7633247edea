"""Names of people in exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from delid.core import UsageError
from delid.exports import Pseudonyms, open_pseudonyms

KEY, OTHER = b"k" * 32, b"o" * 32


def test_the_same_name_is_the_same_word_and_another_key_gives_another() -> None:
    words = Pseudonyms(KEY)
    assert words.of("Li Na") == words.of("Li Na") != words.of("Wang Wei")
    assert Pseudonyms(OTHER).of("Li Na") != words.of("Li Na")
    assert words.of("Li Na").startswith("person-")
    assert "Li" not in words.of("Li Na")


def test_names_are_replaced_wherever_they_stand_and_nothing_else_is() -> None:
    words = Pseudonyms(KEY)
    data = {"by": "Li Na", "items": [{"id": "leak", "by": "Li Na"}], "to": "Li Na & Co", "confirmed_by": ["A", "B"]}
    found = words.within(data)
    assert found["by"] == found["items"][0]["by"] == words.of("Li Na")
    assert found["to"] == "Li Na & Co"
    assert found["confirmed_by"] == [words.of("A"), words.of("B")]
    assert data["by"] == "Li Na"


def test_what_is_no_person_stays() -> None:
    assert Pseudonyms(KEY).of("") == ""
    assert Pseudonyms(KEY).of("local panel") == "local panel"


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "pseudonyms.key"
    assert open_pseudonyms(file).of("Li Na") == open_pseudonyms(file).of("Li Na")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["pseudonyms.key"]


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pseudonyms.key"
    for text in ("", "zz", "ab"):
        file.write_text(text, encoding="ascii")
        with pytest.raises(UsageError):
            open_pseudonyms(file)
