"""Codes in pictures, and battery codes in text. The battery codes are published examples."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import vision_kit as kit
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from delid.vision import decode_battery_code, read_codes

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


def test_an_unreadable_label_is_normal() -> None:
    assert read_codes(kit.picture()) == ()


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
