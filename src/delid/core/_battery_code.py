"""The traction battery code of GB/T 34014-2017, read leniently.

Twenty-four characters: maker 3, product 1, battery type 1, specification 2, traceability 7, date 3, serial 7. The
reuse form leaves out the traceability, ends in R and a product letter, and counts nineteen. There is no check
character, so that a code can fit the form and still be wrong. The patterns are those of the Catena-X aspect model
`io.catenax.traction_battery_code` 1.0.0 (CC-BY-4.0).
"""

from __future__ import annotations

import datetime as dt
import re

BATTERY_CODE_STANDARD = "GB/T 34014"
"""What an Inspection calls the standard."""

_HEAD = r"(?P<maker>[A-Z0-9]{3})(?P<product>[PMC])(?P<battery_type>[A-GZ])(?P<specification>[A-Z0-9]{2})"
_TAIL = r"(?P<date_code>[1-9A-GH-NPR-Y][1-9A-C][0-9A-GH-NPR-Y])(?P<serial>[0-9]{7})"
_NEW = re.compile(_HEAD + r"(?P<traceability>[A-Z0-9]{7})" + _TAIL)
_REUSE = re.compile(_HEAD + _TAIL + r"R(?P<reused_as>[PMC])")

_DATE_ALPHABET = "123456789ABCDEFGHJKLMNPRSTVWXY"
"""1 to 30; I, O, Q, U and Z are left out. Inferred from published codes, and public decoders disagree about it."""
_PRODUCTS = {"P": "pack", "M": "module", "C": "cell"}
_CHEMISTRIES = {"B": "LFP", "E": "ternary"}
"""The two letters that are certain; the others stay letters."""


def decode_battery_code(text: str) -> dict[str, str] | None:
    """The fields of a battery code, or None when the text is none.

    Spaces, line breaks and lower case are forgiven: codes are printed in one or two lines. ``produced`` (ISO date)
    and ``chemistry`` are given only where they can be told; ``date_code`` and ``battery_type`` always hold the letters.
    """
    code = "".join(text.split()).upper()
    match = _NEW.fullmatch(code) or _REUSE.fullmatch(code)
    if match is None:
        return None
    parts = match.groupdict()
    fields = {
        "form": "reuse" if "reused_as" in parts else "new",
        "maker": parts["maker"],
        "product": _PRODUCTS[parts["product"]],
        "battery_type": parts["battery_type"],
        "chemistry": _CHEMISTRIES.get(parts["battery_type"], ""),
        "specification": parts["specification"],
        "traceability": parts.get("traceability", ""),
        "date_code": parts["date_code"],
        "produced": _date(parts["date_code"]),
        "serial": parts["serial"],
        "reused_as": _PRODUCTS.get(parts.get("reused_as", ""), ""),
    }
    return {name: value for name, value in fields.items() if value}


def _date(code: str) -> str:
    """ISO date of year, month and day letters; empty when a letter is not in the alphabet or there is no such day."""
    year, month, day = (_DATE_ALPHABET.find(letter) + 1 for letter in code)
    if code[2] == "0":
        day = 31
    if not year or not month or not day:
        return ""
    try:
        return dt.date(2010 + year, month, day).isoformat()
    except ValueError:
        return ""
