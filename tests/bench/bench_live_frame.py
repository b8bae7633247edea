"""From the camera's exposure to the canvas of the page: a stamp in the frame itself, 1280 x 720, 20 frames a second.

The time is drawn into each frame as 32 black or white squares before the frame is coded; the page's own canvas is read
back after each drawing. So coding, both lines, decoding and drawing are all in it. Run on a machine at rest:

    python tests/bench/bench_live_frame.py

The reference of the same run is the round trip of an empty call into the browser; on a busy machine both grow.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
from playwright.async_api import Page, async_playwright

from fake_cell import FakeCell, frame_meta, running_cell
from panel_rig import running_panel

WIDTH, HEIGHT, FRAMES_S, SECONDS = 1280, 720, 20, 15
SQUARE, BITS = 16, 32
LIMIT_MS = {"median": 40.0, "p95": 80.0}

READ_STAMP = f"""
window.delays_ms = [];
const drawn = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (image, ...more) {{
  drawn.call(this, image, ...more);
  if (image.width !== {WIDTH}) return;
  const row = this.getImageData(0, {SQUARE} / 2, {SQUARE * BITS}, 1).data;
  let stamp = 0;
  for (let bit = 0; bit < {BITS}; bit++)
    stamp = stamp * 2 + (row[4 * ({SQUARE} * bit + {SQUARE} / 2)] > 127 ? 1 : 0);
  const now = performance.timeOrigin + performance.now();
  window.delays_ms.push((now - stamp + 2 ** 31) % 2 ** {BITS} - 2 ** 31);
}};
"""


def stamped(background: np.ndarray) -> bytes:
    """A JPEG that shows the time of its making, in milliseconds modulo 2**32."""
    image = background.copy()
    stamp = round(time.time() * 1000) % 2**BITS
    for bit in range(BITS):
        image[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE] = 255 if stamp >> (BITS - 1 - bit) & 1 else 0
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


async def publish(cell: FakeCell) -> None:
    noise = np.random.default_rng(1).integers(60, 180, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    background = cv2.resize(noise, (WIDTH, HEIGHT))
    due_s = time.monotonic()
    for number in range(FRAMES_S * SECONDS):
        cell.server.publish_frame(stamped(background), frame_meta(number, width=WIDTH, height=HEIGHT))
        due_s += 1 / FRAMES_S
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))


async def reference_ms(page: Page) -> float:
    took = []
    for _ in range(40):
        began_s = time.perf_counter()
        await page.evaluate("0")
        took.append(1000 * (time.perf_counter() - began_s))
    return statistics.median(took)


async def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("Chromium is missing; nothing was measured")
        return 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "cell.sock"
        async with running_cell(path) as cell, running_panel(path) as address, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            await page.add_init_script(READ_STAMP)
            await page.goto(address)
            await page.get_by_test_id("seen").wait_for()
            empty_ms = await reference_ms(page)
            await publish(cell)
            await asyncio.sleep(0.5)
            delays_ms = sorted((await page.evaluate("window.delays_ms"))[FRAMES_S:])
            await browser.close()
    if not delays_ms:
        print("no frame was drawn")
        return 1
    found = {"median": statistics.median(delays_ms), "p95": delays_ms[int(0.95 * (len(delays_ms) - 1))]}
    print(f"{len(delays_ms)} of {FRAMES_S * (SECONDS - 1)} frames drawn; empty call into the browser {empty_ms:.1f} ms")
    for word, value in found.items():
        print(
            f"glass to browser, {word}: {value:.1f} ms (limit {LIMIT_MS[word]:.0f}), {value / empty_ms:.1f} x the call"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
