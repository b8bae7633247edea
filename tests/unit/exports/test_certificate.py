"""The certificate: its words, its QR code read back, Chinese text in the PDF, and what is never in it."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from delid.core import UsageError
from delid.exports import LANGUAGES, certificate, hash_name, html_of, pdf_of, qr_modules
from exported import BEGAN_S, CODE, RECORD, UNPROVEN

NOW_S = BEGAN_S + 3600
WQY = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_says_what_the_record_says_and_loads_nothing(language: str) -> None:
    html = html_of(certificate(RECORD, language, NOW_S))  # type: ignore[arg-type]
    for text in (CODE, "外壳干燥，无漏液", "vw-meb-82/standard", "copper recycler", "0.84", RECORD.proof.record_sha256):
        assert text in html
    assert "<script" not in html
    assert "default-src 'none'" in html
    assert not re.findall(r'(?:src|href)="', html)


def test_text_of_the_record_is_never_markup() -> None:
    html = html_of(certificate(RECORD, "en", NOW_S))
    assert "=HYPERLINK(&quot;http://x&quot;)" in html
    pdf_of(certificate(RECORD, "en", NOW_S))


def test_what_is_not_proven_says_so_first() -> None:
    page = certificate(UNPROVEN, "en", NOW_S)
    assert page.lead == "This record is NOT proven: entry 5 was changed"
    assert "proven to stand" not in html_of(page)


def test_qr_code_leads_to_the_hash_of_the_record() -> None:
    """Read back by a decoder, from the modules that both HTML and PDF draw."""
    page = certificate(RECORD, "en", NOW_S)
    modules = np.pad(qr_modules(page.code), 4)
    picture = cv2.resize(np.where(modules, 0, 255).astype(np.uint8), None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST)
    found = zxingcpp.read_barcode(picture)
    assert found is not None
    assert found.text == hash_name(RECORD.proof.record_sha256) == page.code


def test_name_of_a_hash_is_that_of_rfc_6920() -> None:
    """The example of section 8.1: the hash of "Hello World!"."""
    digest = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"
    name = "f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"
    assert hash_name(digest) == f"ni:///sha-256;{name}"
    assert hash_name(digest, "http://example.com/") == f"http://example.com/.well-known/ni/sha-256/{name}"


@pytest.mark.skipif(not WQY.is_file(), reason="needs Debian's fonts-wqy-microhei")
def test_pdf_holds_its_chinese_letters_in_a_font_of_its_own() -> None:
    """The font is embedded, and its table of Unicode letters has those of the text: the text can be read and found."""
    pdf = pdf_of(certificate(RECORD, "zh", NOW_S))
    streams = [_unpacked(m) for m in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S)]
    letters = {chr(int(code, 16)) for s in streams for code in re.findall(rb"<([0-9A-Fa-f]{4})>", s)}
    assert pdf.startswith(b"%PDF-")
    assert b"/FontFile2" in pdf
    assert set("动力电池拆解档案证明外壳干燥无漏液") <= letters


def test_same_record_gives_the_same_pdf() -> None:
    page = certificate(RECORD, "en", NOW_S)
    assert pdf_of(page) == pdf_of(page)


def test_a_file_that_is_no_font_is_refused_with_advice(tmp_path: Path) -> None:
    file = tmp_path / "font.ttf"
    file.write_bytes(b"no font")
    with pytest.raises(UsageError, match="no TrueType font") as caught:
        pdf_of(certificate(RECORD, "zh", NOW_S), file)
    assert "fonts-wqy-microhei" in caught.value.hint


def _unpacked(stream: bytes) -> bytes:
    import base64

    text = stream.strip()
    if text.endswith(b"~>"):
        text = base64.a85decode(text.removesuffix(b"~>"))
    try:
        return zlib.decompress(text)
    except zlib.error:
        return text
