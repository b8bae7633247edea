"""The explanation picture: size, what is drawn where, words that fit, and the command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
import vision_kit as kit
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from delid.cli.inspect import inspect
from delid.core import (
    Code,
    CodeOutcome,
    CodeReading,
    Damage,
    DamageKind,
    Fastener,
    FastenerKind,
    FrameFacts,
    HazardClass,
    Inspection,
    PackCandidate,
    PackStatus,
    PackVerdict,
    Quality,
)
from delid.vision import Evidence, Inspector, explain
from delid.vision._explain import COLUMN_PX, _rows, with_heat
from delid.vision._explain_text import FONT, RED, wrapped
from delid.vision._gallery import Match
from delid.vision._prepare import Letterbox

FRAME = kit.frame_of(np.full((600, 800, 3), 100, np.uint8))
SCALE = (1920 - COLUMN_PX) / 800
TOP = (1080 - round(600 * SCALE)) // 2
FOUND = Inspection(
    "overview#7", FrameFacts(800, 600, "0" * 64), Quality(True),
    PackVerdict(
        PackStatus.KNOWN, "vw-meb-82", 0.97, (PackCandidate("vw-meb-82", 0.97), PackCandidate("byd-blade", 0.3))
    ),
    (Damage(DamageKind.LEAK, 0.91, 0.4, (100.0, 100.0, 200.0, 220.0)),),
    HazardClass.C, ("leaking liquid: electrolyte must be assumed",),
    (
        Fastener("lid.01", FastenerKind.BOLT, (400.0, 300.0), None, 0.9),
        Fastener("lid.02", FastenerKind.EMPTY, (500.0, 300.0), None, 0.3),
    ),
    (Code("X37PBPCETWF2HWB196322805", "DataMatrix", "GB/T 34014", {"product": "pack", "produced": "2021-01-09"}),),
    code_status=CodeReading(CodeOutcome.READ),
)  # fmt: skip


def evidence(match: Match | None = None) -> Evidence:
    """Heat in one cell of 6 x 8: input x 32..39, y 16..23, of 64 x 48."""
    heat = np.zeros((6, 8), np.float32)
    heat[2, 4] = 1.0
    return Evidence(heat, Letterbox(0.08, 0.08, 0, 0, 800, 600), (64, 48), match)


def words(found: Inspection, proof: Evidence | None = None, remarks: tuple[str, ...] = ()) -> str:
    return "\n".join(row.words for row in _rows(found, proof, remarks))


def test_the_picture_fits_the_panel_and_shows_damage_at_its_place() -> None:
    image = explain(FRAME, FOUND)
    assert image.shape == (1080, 1920, 3)
    x0, y1 = round(100 * SCALE), TOP + round(220 * SCALE)
    assert np.abs(image[y1 - 40, x0].astype(int) - RED).max() < 25, "the left edge of the box"
    assert (image[TOP + 40, 700] == 100).all(), "the rest of the frame is as it was"
    assert (explain(FRAME, replace(FOUND, damage=()))[y1 - 40, x0] == 100).all()


def test_fasteners_have_a_sign_for_each_kind() -> None:
    signs = []
    for kind in FastenerKind:
        found = replace(FOUND, damage=(), fasteners=(Fastener("a", kind, (400.0, 300.0), None, 0.9),))
        x, y = round(400 * SCALE), TOP + round(300 * SCALE)
        signs.append(explain(FRAME, found)[y - 14 : y + 14, x - 14 : x + 14])
    assert all((signs[a] != signs[b]).any() for a in range(4) for b in range(a))


def test_heat_lies_where_the_model_saw_it() -> None:
    plain = np.full((600, 800, 3), 100, np.uint8)
    drawn = with_heat(plain, evidence())
    changed = np.argwhere((drawn != plain).any(axis=2))
    assert changed.mean(axis=0) == pytest.approx((250, 450), abs=15), "the middle of the cell"
    assert (plain == 100).all(), "the frame itself stays as it is"


def test_the_words_tell_everything_that_was_found() -> None:
    text = words(FOUND, evidence(Match("vw-meb-82", 3, 0.985, "lid_04.jpg")), ("gas measured, nothing seen",))
    for part in (
        "Hazard class C", "leaking liquid", "gas measured, nothing seen", "Pack vw-meb-82", "lid_04.jpg of vw-meb-82",
        "0.98", "byd-blade 0.30", "leak: 0.91, severity 0.40", "1 bolt", "1 empty", "1 of them in doubt", "Codes: read",
        "X37PBPCETWF2HWB196322805", "2021-01-09", "overview#7",
    ):  # fmt: skip
        assert part in text, part
    assert text.index("Hazard") < text.index("Pack") < text.index("Damage")


def test_a_doubt_and_an_unusable_picture_are_in_words() -> None:
    verdict = PackVerdict(PackStatus.AMBIGUOUS, None, 0.5, reasons=("2 frames disagree",))
    covered = CodeReading(CodeOutcome.PARTLY_COVERED, ("parts of a code",))
    doubtful = replace(FOUND, pack=verdict, damage=(), codes=(), code_status=covered)
    text = words(doubtful, evidence(Match("x", 3, 0.4, "")))
    for part in ("Pack ambiguous", "2 frames disagree", "none found", "picture 4 of x", "Codes: partly covered"):
        assert part in text, part
    dark = replace(FOUND, quality=Quality(False, ("dark: check lamps",)))
    assert "Picture cannot be judged\ndark: check lamps" in words(dark)


def test_too_many_words_end_with_dots_inside_the_picture() -> None:
    image = explain(FRAME, replace(FOUND, hazard_reasons=tuple(f"reason {n}" for n in range(100))))
    assert (image[1070:, 1920 - COLUMN_PX :] == image[1079, 1919]).all()


@given(st.text(), st.integers(40, 600))
def test_lines_fit_their_width_and_lose_no_letter(text: str, width: int) -> None:
    lines = list(wrapped(text, 0.68, 1, width))
    assert "".join("".join(lines).split()) == "".join(text.encode("ascii", "replace").decode().split())
    assert all(cv2.getTextSize(line, FONT, 0.68, 1)[0][0] <= width for line in lines)


def test_the_evidence_of_a_frame_names_the_taught_picture(inspector: Inspector) -> None:
    image = kit.picture(kit.PACK_COLOURS["byd-blade"])
    image[0:400, 400:800] = kit.picture((230, 30, 30), (400, 400))
    proof = inspector.evidence(kit.frame_of(image))
    assert proof.match is not None
    assert (proof.match.pack, proof.match.number) == ("byd-blade", 0)
    assert np.unravel_index(proof.heat.argmax(), proof.heat.shape)[0] < 2, "in the upper third"


@pytest.fixture
def run(models: Path, gallery: Path, tmp_path: Path):  # type: ignore[no-untyped-def]
    app = typer.Typer()
    app.command()(inspect)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(kit.jpeg(kit.picture(kit.PACK_COLOURS["vw-meb-82"])))

    def call(*options: str, images: int = 1):  # type: ignore[no-untyped-def]
        given = [str(photo)] * images + ["--models", str(models), "--gallery", str(gallery), *options]
        return CliRunner().invoke(app, given)

    return call


def test_the_command_writes_the_picture(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "why.png"
    assert run("--explain", str(out)).exit_code == 0
    assert cv2.imread(str(out)).shape == (1080, 1920, 3)


@pytest.mark.parametrize(("name", "images"), [("why.png", 2), ("why.txt", 1), ("none/why.png", 1)])
def test_a_picture_that_cannot_be_written_is_wrong_use(run, tmp_path: Path, name: str, images: int) -> None:  # type: ignore[no-untyped-def]
    result = run("--explain", str(tmp_path / name), "--json", images=images)
    assert result.exit_code == 2
    assert "--explain" in result.stdout
    assert not (tmp_path / name).exists()
