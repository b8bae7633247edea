"""Uploads that are to do harm, one test for each way, and the refusal that it meets. On real ports."""

from __future__ import annotations

import asyncio
import io
import struct
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from fake_cell import FakeCell, frame_jpeg
from panel_rig import code_of, panel_client, raw

COMMANDS = "/api/v1/commands"
STRANGE_NAMES = ("..%2f..%2fx.jpg", "x.svg", "x.jpg.sh", ".hidden.jpg", "a%00.jpg", "x.html")


async def test_uploads_keep_to_their_folder_and_their_kind(admin: httpx.AsyncClient, tmp_path: Path) -> None:
    before = names_below(tmp_path)
    for name in STRANGE_NAMES:
        url = f"/api/v1/packs/new-pack/photos/{name}"
        reply = await admin.put(url, content=frame_jpeg(), headers={"Content-Type": "image/jpeg"})
        assert reply.status_code in (404, 413, 422), reply.text
    reply = await admin.put(
        "/api/v1/packs/..%2f..%2fx/photos/a.jpg", content=frame_jpeg(), headers={"Content-Type": "image/jpeg"}
    )
    assert reply.status_code in (404, 413, 422)
    assert not {name for name in names_below(tmp_path) - before if not name.startswith("panel.sqlite")}


def names_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


async def test_oversized_uploads(cell: FakeCell, admin: httpx.AsyncClient) -> None:
    """Too much is refused by what the head says, before a byte of it is taken; without a length too."""
    place, cookie = urlsplit(str(admin.base_url)), admin.cookies["delid_session"]
    for method, url, size in (
        ("POST", COMMANDS, 16_385),
        ("PUT", "/api/v1/packs/new-pack/photos/a.jpg", 12 * 2**20 + 1),
        ("POST", "/api/v1/packs/new-pack/photos/archive", 64 * 2**20 + 1),
        ("PUT", "/api/v1/recipes/new/draft", 2**20 + 1),
        ("POST", COMMANDS, 10**30),
    ):
        head = (f"{method} {url} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: delid_session={cookie}\r\n"
                f"Idempotency-Key: oversized-1\r\nContent-Type: image/jpeg\r\n"
                f"Content-Length: {size}\r\n\r\n")  # fmt: skip
        answer = await raw(str(admin.base_url), head.encode())
        assert answer.split(b"\r\n")[0].split(b" ")[1] in (b"413", b"400"), (url, answer[:100])

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield bytes(65_536)

    reply = await admin.put("/api/v1/packs/new-pack/photos/a.jpg", content=endless())
    assert reply.status_code == 413
    assert (await admin.get("/api/v1/packs/new-pack/photos")).json() == {"photos": []}
    async with panel_client(str(admin.base_url)) as nobody:
        reply = await nobody.put(
            "/api/v1/packs/new-pack/photos/a.jpg", content=bytes(10_000_000), headers={"Content-Type": "image/jpeg"}
        )
        assert code_of(reply) == (401, "panel.no_session")


def bomb(size: int = 200_000_000) -> bytes:
    """An archive of some hundred kilobytes that unpacks to ``size`` bytes, named as a photograph."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.jpg", "w") as file:
        file.write(b"\xff\xd8\xff")
        for _ in range(size // 1_000_000):
            file.write(bytes(1_000_000))
    return out.getvalue()


def lying(content: bytes, says: int) -> bytes:
    """The same archive with another unpacked size in both of its heads."""
    size = struct.unpack_from("<I", content, content.rindex(b"PK\x01\x02") + 24)[0]
    return content.replace(struct.pack("<I", size), struct.pack("<I", says))


def archive_of(*names: str, content: bytes = b"\xff\xd8\xff photograph") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


async def test_zip_bomb(admin: httpx.AsyncClient) -> None:
    packed = bomb()
    assert len(packed) < 300_000
    archives = {
        "a bomb": packed,
        "a bomb that says it is small": lying(packed, 500_000),
        "a way out": archive_of("../../a.jpg"),
        "an absolute way": archive_of("/tmp/a.jpg"),
        "the same name twice": archive_of("a/x.jpg", "b/x.jpg"),
        "too many": archive_of(*(f"{n}.jpg" for n in range(200))),
        "a program": archive_of("a.jpg", content=b"#!/bin/sh"),
        "another archive": archive_of("a.zip", content=packed),
        "no archive": b"PK\x03\x04 nothing more",
        "nothing": archive_of(),
    }
    for what, content in archives.items():
        reply = await admin.post(
            "/api/v1/packs/new-pack/photos/archive", content=content, headers={"Content-Type": "application/zip"}
        )
        assert code_of(reply) == (422, "panel.bad_upload"), what
    assert (await admin.get("/api/v1/packs/new-pack/photos")).json() == {"photos": []}
    good = archive_of("lid.jpg", "more/lid.left.jpg")
    reply = await admin.post(
        "/api/v1/packs/new-pack/photos/archive", content=good, headers={"Content-Type": "application/zip"}
    )
    assert [p["name"] for p in reply.json()["photos"]] == ["lid.jpg", "lid.left.jpg"]


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)


BOMBS = (
    LAUGHS,
    "[" * 5_000,
    "- " * 5_000 + "x",
    "a: &x [*x]",
    "{" * 3_000 + "}" * 3_000,
    "x: [" + "1, " * 60_000 + "1]",
)


async def test_yaml_bomb(admin: httpx.AsyncClient) -> None:
    """A text that grows when it is read is refused in no time, and so it never reaches the disk."""
    for text in BOMBS:
        began_s = asyncio.get_running_loop().time()
        reply = await admin.post("/api/v1/recipes/new/check", json={"text": text})
        assert code_of(reply) == (422, "panel.bad_yaml"), reply.text[:300]
        assert asyncio.get_running_loop().time() - began_s < 5.0
        assert code_of(await admin.put("/api/v1/recipes/new/draft", json={"text": text})) == (422, "panel.bad_yaml")
    assert (await admin.get("/api/v1/status")).status_code == 200


async def test_a_recipe_cannot_read_other_files(admin: httpx.AsyncClient) -> None:
    text = "recipe: a/b\nserves: {packs: ['*'], hazard: [A]}\noperations:\n  - {use: ../../../../../etc/hostname}\n"
    found = (await admin.post("/api/v1/recipes/new/check", json={"text": text})).json()["findings"]
    assert found
    assert not [f for f in found if "unknown_fragment" in f["code"]], "the name itself is refused; nothing is opened"
