"""From linear light to a camera's JPEG: exposure, vignette, blur, noise, tone curve, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ._noise import stream


@dataclass(frozen=True, slots=True)
class Sensor:
    exposure_stops: float
    vignette: float
    blur_px: float
    noise: float
    contrast: float
    jpeg_quality: int
    seed: int


def random_sensor(rng: np.random.Generator) -> Sensor:
    return Sensor(
        exposure_stops=float(rng.normal(0, 0.33)),
        vignette=float(rng.uniform(0, 0.30)),
        blur_px=float(rng.choice([0.0, 0.45, 0.7, 1.0], p=[0.35, 0.3, 0.25, 0.1])),
        noise=float(rng.uniform(0.2, 2.2)),
        contrast=float(rng.uniform(-0.15, 0.35)),
        jpeg_quality=int(rng.integers(62, 96)),
        seed=int(rng.integers(2**31)),
    )


def auto_exposure(linear: NDArray[np.float32], sensor: Sensor) -> float:
    """The factor that a camera's automatic exposure would settle on."""
    grey = linear.mean(axis=2)
    middle = float(np.percentile(grey, 60)) + 0.25 * float(np.percentile(grey, 95))
    return float(0.36 / max(middle, 1e-4) * 2.0**sensor.exposure_stops)


def develop(linear: NDArray[np.float32], sensor: Sensor, exposure: float | None = None) -> NDArray[np.uint8]:
    """Linear RGB (H, W, 3) to an 8-bit BGR picture."""
    height, width = linear.shape[:2]
    rng = stream(sensor.seed, "sensor")
    light = linear * np.float32(auto_exposure(linear, sensor) if exposure is None else exposure)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    r2 = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) / 0.5
    light = light * (1 - sensor.vignette * r2)[..., None]
    if sensor.blur_px > 0:
        light = cv2.GaussianBlur(light, (0, 0), sensor.blur_px)
    shot = np.sqrt(np.clip(light, 0, None)) * 0.012 * sensor.noise + 0.0015 * sensor.noise
    light = light + shot * rng.standard_normal(light.shape).astype(np.float32)
    light = np.clip(light, 0, None)
    light = light * (1 + light / 6.0) / (1 + light)  # a soft shoulder instead of hard clipping
    tone = np.clip(light * 1.25, 0, 1) ** np.float32(1 / 2.2)
    tone = tone + (0.25 + sensor.contrast) * (tone - 0.5) * 4 * tone * (1 - tone)
    return np.asarray(np.clip(tone[..., ::-1] * 255 + 0.5, 0, 255), np.uint8)


def encode_jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture could not be encoded as JPEG")
    return bytes(data)
