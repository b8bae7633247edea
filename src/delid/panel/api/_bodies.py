"""Bodies that are not JSON: which type, how much, and how the description says so."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from .._refusals import refusal

JPEG_OR_PNG: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {t: {"schema": {"type": "string", "format": "binary"}} for t in ("image/jpeg", "image/png")},
    }
}


async def body_of(request: Request, types: tuple[str, ...], most_bytes: int) -> bytes:
    """The body, of one of these types; raises PanelError before it is read where it is too large."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() not in types:
        raise refusal("panel.wrong_type", f"This takes {' or '.join(types)}.")
    if int(request.headers.get("content-length", "0")) > most_bytes:
        raise refusal("panel.too_large", f"At most {most_bytes // 2**20} MiB.")
    return await request.body()


def check_picture(content: bytes) -> None:
    """Raises PanelError ``panel.bad_upload`` for what does not begin as a JPEG or PNG file does."""
    if not content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        raise refusal(
            "panel.bad_upload", "This is no JPEG or PNG picture.", "Send the photograph as the camera made it."
        )
