"""Codes in pictures, and battery codes in text. The battery codes are published examples."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import vision_kit as kit
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from delid.core import Code, CodeOutcome
from delid.vision import decode_battery_code, read_codes, read_frame, read_labels
from delid.vision._codes import BUDGET_PX, conflicting
from delid.vision._label_search import count_finders, find_print, has_print

CELL_CODE = "001CB240000003B3C0221953"
FORMATS = {
    "QRCode": zxingcpp.BarcodeFormat.QRCode,
    "DataMatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "Code128": zxingcpp.BarcodeFormat.Code128,
}


def with_code(text: str, symbology: str, scale: int = 4, turned: bool = False) -> NDArray[np.uint8]:
    """A textured picture with one printed code, its corner at x 600, y 400."""
    printed = np.array(zxingcpp.create_barcode(text, FORMATS[symbology]).to_image(scale=scale, add_quiet_zones=True))
    printed = np.asarray(cv2.rotate(printed, cv2.ROTATE_90_CLOCKWISE) if turned else printed, np.uint8)
    image = kit.picture((110, 120, 130))
    height, width = printed.shape
    image[400 : 400 + height, 600 : 600 + width] = printed[..., None]
    return image


@pytest.mark.parametrize("symbology", list(FORMATS))
@pytest.mark.parametrize("turned", [False, True])
def test_each_symbology_is_found_in_the_whole_frame(symbology: str, turned: bool) -> None:
    (code,) = read_codes(with_code(CELL_CODE, symbology, scale=2 if symbology == "Code128" else 4, turned=turned))
    assert (code.text, code.symbology, code.standard) == (CELL_CODE, symbology, "GB/T 34014")
    assert code.decoded is not None
    assert code.decoded["produced"] == "2021-03-12"


def test_another_code_keeps_its_raw_text() -> None:
    (code,) = read_codes(with_code("P012007200F1367F5J01", "QRCode"))
    assert (code.text, code.standard, code.decoded) == ("P012007200F1367F5J01", None, None)


def test_with_places_only_the_places_are_read() -> None:
    image = with_code(CELL_CODE, "QRCode")
    assert [c.text for c in read_codes(image, [(560, 360, 800, 600)])] == [CELL_CODE]
    assert read_codes(image, [(0, 0, 300, 300)]) == ()
    both = [(560, 360, 800, 600), (580, 380, 780, 580)]
    assert len(read_codes(image, both)) == 1, "one code in two places is one code"


@pytest.mark.parametrize("symbology", ["QRCode", "DataMatrix"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_small_code_is_read_at_its_place_with_two_pixels_a_module(symbology: str, turned: bool) -> None:
    image = with_code(CELL_CODE, symbology, scale=2, turned=turned)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.5), np.uint8)
    assert [c.text for c in read_codes(image, [(580, 380, 720, 500)])] == [CELL_CODE]


def test_a_picture_without_a_code_is_no_error() -> None:
    assert read_codes(kit.picture()) == ()


PHOTOS = Path(__file__).resolve().parents[3] / "fixtures/photos/codes"


@pytest.mark.parametrize(
    ("name", "symbology"), [("code128-2-01", "Code128"), ("datamatrix-2-01", "DataMatrix"), ("qrcode-1-7", "QRCode")]
)
def test_photographed_codes_are_read(name: str, symbology: str) -> None:
    codes, reading = read_labels(read_frame(PHOTOS / f"{name}.jpg").image)
    assert [(c.text, c.symbology) for c in codes] == [((PHOTOS / f"{name}.txt").read_text().strip(), symbology)]
    assert reading.outcome is CodeOutcome.PART_LABEL


PACK_CODE, OTHER_PACK_CODE = "X37PBPCETWF2HWB196322805", "X4YPE8EDNR1C2EAAK3600673"
PLACE = (560, 360, 800, 560)


def label(text: str = PACK_CODE, symbology: str = "QRCode", scale: int = 4) -> NDArray[np.uint8]:
    """A plain lid with a white label, and on it the code at x 590, y 390."""
    printed = np.array(zxingcpp.create_barcode(text, FORMATS[symbology]).to_image(scale=scale, add_quiet_zones=False))
    image = np.full((1200, 1600, 3), 90, np.uint8)
    image[375:545, 575:785] = 235
    image[390 : 390 + printed.shape[0], 590 : 590 + printed.shape[1]] = printed[..., None]
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.6), np.uint8)


def outcome(image: NDArray[np.uint8], *places: tuple[int, int, int, int]) -> CodeOutcome:
    return read_labels(image, places or (PLACE,))[1].outcome


def test_a_battery_code_is_read() -> None:
    codes, reading = read_labels(label(), [PLACE])
    assert [c.text for c in codes] == [PACK_CODE]
    assert (reading.outcome, reading.reasons) == (CodeOutcome.READ, ())


def test_a_makers_part_label_is_told_apart() -> None:
    codes, reading = read_labels(label("P012007200F1367F5J01"), [PLACE])
    assert [c.standard for c in codes] == [None]
    assert reading.outcome is CodeOutcome.PART_LABEL
    assert "P012007200F1367F5J01" in reading.reasons[0]


def test_a_part_label_beside_the_battery_code_does_not_matter() -> None:
    image = label()
    image[600:800, 560:800] = label("P012007200F1367F5J01")[360:560, 560:800]
    codes, reading = read_labels(image, [PLACE, (560, 600, 800, 800)])
    assert len(codes) == 2
    assert reading.outcome is CodeOutcome.READ


def test_two_codes_that_name_different_packs_disagree() -> None:
    image = label()
    image[600:800, 560:800] = label(OTHER_PACK_CODE)[360:560, 560:800]
    for places in ([PLACE, (560, 600, 800, 800)], []):
        reading = read_labels(image, places)[1]
        assert reading.outcome is CodeOutcome.CONFLICT
        assert PACK_CODE in reading.reasons[0]
        assert OTHER_PACK_CODE in reading.reasons[0]


def test_two_codes_for_one_product_on_one_label_disagree() -> None:
    image = label(CELL_CODE)
    image[375:545, 785:980] = label("04QCB76836300JBC40000903")[375:545, 575:770]
    assert outcome(image, (560, 360, 1000, 560)) is CodeOutcome.CONFLICT


@pytest.mark.parametrize(
    ("texts", "disagree"),
    [
        ([PACK_CODE, OTHER_PACK_CODE], True),
        ([PACK_CODE, f"{PACK_CODE[:12]}\n{PACK_CODE[12:].lower()}"], False),
        ([PACK_CODE, CELL_CODE, "04QCB76836300JBC40000903"], False),
        ([PACK_CODE, "P012007200F1367F5J01"], False),
        ([PACK_CODE, "001PE24B3C0221953RM"], True),
    ],
)
def test_which_codes_cannot_belong_to_one_pack(texts: list[str], disagree: bool) -> None:
    codes = [Code(t, "QRCode", None, decode_battery_code(t)) for t in texts]
    assert bool(conflicting(codes)) is disagree


@pytest.mark.parametrize("cover", [(585, 430, 700, 500), (640, 380, 720, 440)])
def test_a_code_that_is_covered_in_part(cover: tuple[int, int, int, int]) -> None:
    image = label()
    image[cover[1] : cover[3], cover[0] : cover[2]] = 90
    assert outcome(image) is CodeOutcome.PARTLY_COVERED


def test_a_label_without_a_code_that_can_be_read() -> None:
    image = label()
    image[380:540, 580:780] = 235
    for row, words in enumerate(("LITHIUM ION BATTERY", "351 V  89 kWh", "MADE 2024")):
        cv2.putText(image, words, (590, 420 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)
    codes, reading = read_labels(image, [PLACE])
    assert (codes, reading.outcome) == ((), CodeOutcome.UNREADABLE)
    assert reading.reasons


def test_a_bare_lid_has_neither_label_nor_code() -> None:
    bare = np.full((1200, 1600, 3), 90, np.uint8)
    cv2.line(bare, (500, 450), (900, 470), (200, 200, 200), 3)
    assert outcome(bare) is CodeOutcome.NONE
    assert read_labels(bare)[1].outcome is CodeOutcome.NONE


def test_blur_is_undone_and_light_print_on_dark_is_read() -> None:
    soft = np.asarray(cv2.GaussianBlur(label(scale=2), (0, 0), 1.0), np.uint8)
    assert outcome(soft) is CodeOutcome.READ
    assert outcome(np.asarray(255 - label(), np.uint8)) is CodeOutcome.READ


def test_bars_at_an_angle_are_read() -> None:
    image = np.full((1200, 1600, 3), 90, np.uint8)
    image[350:450, 500:1000] = 235
    bars = np.array(zxingcpp.create_barcode(PACK_CODE, FORMATS["Code128"]).to_image(scale=1, add_quiet_zones=False))
    image[370 : 370 + bars.shape[0], 530 : 530 + bars.shape[1]] = bars[..., None]
    turn = cv2.getRotationMatrix2D((750, 400), 40, 1.5)
    image = np.asarray(cv2.warpAffine(image, turn, (1600, 1200), borderValue=(90, 90, 90)), np.uint8)
    assert outcome(image, (500, 150, 1000, 650)) is CodeOutcome.READ


def test_the_work_on_a_frame_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = []
    read = zxingcpp.read_barcodes

    def counted(image: NDArray[np.uint8], **options: object) -> object:
        offered.append(image.size * (2 if options["try_rotate"] else 1))
        return read(image, **options)

    monkeypatch.setattr(zxingcpp, "read_barcodes", counted)
    noise = np.random.default_rng(1).integers(0, 255, (1200, 1600, 3)).astype(np.uint8)
    assert read_labels(noise, [(n, n, n + 240, n + 110) for n in range(0, 1000, 50)])[0] == ()
    assert BUDGET_PX < sum(offered) <= 1.7 * BUDGET_PX, "the last attempt may go over, and turning adds corners"


def test_print_is_found_and_a_bolt_is_not_taken_for_it() -> None:
    grey = np.asarray(cv2.cvtColor(label(), cv2.COLOR_BGR2GRAY), np.uint8)
    boxes = find_print(grey, 4)
    assert len(boxes) == 1
    x0, y0, x1, y1 = boxes[0]
    assert x0 <= 590
    assert y0 <= 390
    assert x1 >= 590 + 100
    assert y1 >= 390 + 100
    bolts = np.full((1200, 1600), 90, np.uint8)
    cv2.circle(bolts, (700, 450), 7, 200, -1, cv2.LINE_AA)
    assert find_print(bolts, 4) == []
    assert not has_print(bolts[400:500, 650:750])


def test_the_corners_of_a_qr_code_are_counted() -> None:
    grey = np.asarray(cv2.cvtColor(label(), cv2.COLOR_BGR2GRAY), np.uint8)[360:560, 560:800]
    assert count_finders(grey) == 3
    assert count_finders(np.full((50, 50), 90, np.uint8)) == 0
    washers = np.full((200, 200), 235, np.uint8)
    cv2.circle(washers, (100, 100), 40, 20, 12)
    assert count_finders(washers) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CELL_CODE,
            {"form": "new", "maker": "001", "product": "cell", "battery_type": "B", "chemistry": "LFP",
             "specification": "24", "traceability": "0000003", "date_code": "B3C", "produced": "2021-03-12",
             "serial": "0221953"},
        ),
        (
            "04QCB76836300JBC40000903",
            {"form": "new", "maker": "04Q", "product": "cell", "battery_type": "B", "chemistry": "LFP",
             "specification": "76", "traceability": "836300J", "date_code": "BC4", "produced": "2021-12-04",
             "serial": "0000903"},
        ),
        (
            "X12MCPM27KLPCLX2M2382320",
            {"form": "new", "maker": "X12", "product": "module", "battery_type": "C", "specification": "PM",
             "traceability": "27KLPCL", "date_code": "X2M", "produced": "2039-02-21", "serial": "2382320"},
        ),
        (
            "001PE24B3C0221953RM",
            {"form": "reuse", "maker": "001", "product": "pack", "battery_type": "E", "chemistry": "ternary",
             "specification": "24", "date_code": "B3C", "produced": "2021-03-12", "serial": "0221953",
             "reused_as": "module"},
        ),
    ],
)  # fmt: skip
def test_battery_codes_that_are_valid(text: str, expected: dict[str, str]) -> None:
    assert decode_battery_code(text) == expected


def test_two_lines_spaces_and_lower_case_are_forgiven() -> None:
    assert decode_battery_code("001cb240000003\nb3c0221953 ") == decode_battery_code(CELL_CODE)


@pytest.mark.parametrize(
    "text",
    [
        "0013B111111111184F000000",  # the fourth letter names no product
        "P012007200F1367F5J01",  # a maker's own part label
        "",
        CELL_CODE[:-1],
        CELL_CODE + "0",
        "001PE24B3C0221953RX",
        "001CB240000003B3O0221953",  # O is not a day
        "001CH240000003B3C0221953",  # H is no battery type
    ],
)
def test_what_is_no_battery_code(text: str) -> None:
    assert decode_battery_code(text) is None


@pytest.mark.parametrize(
    ("letters", "date"),
    [("111", "2011-01-01"), ("9C0", "2019-12-31"), ("A1Y", "2020-01-30"), ("A2X", "2020-02-29"), ("B2X", None),
     ("I11", None), ("B40", None)],
)  # fmt: skip
def test_dates_and_what_is_no_date(letters: str, date: str | None) -> None:
    fields = decode_battery_code(f"001CB240000003{letters}0221953")
    assert fields is not None, "a code whose date cannot be told is still a code"
    assert fields.get("produced") == date
    assert fields["date_code"] == letters


@given(st.text())
def test_any_text_is_decoded_or_not_but_never_an_error(text: str) -> None:
    fields = decode_battery_code(text)
    assert fields is None or fields["form"] in ("new", "reuse")
