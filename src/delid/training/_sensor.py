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
    grey = linear[::3, ::3].mean(axis=2)
    middle = float(np.percentile(grey, 60)) + 0.25 * float(np.percentile(grey, 95))
    return float(0.36 / max(middle, 1e-4) * 2.0**sensor.exposure_stops)


def develop(linear: NDArray[np.float32], sensor: Sensor, exposure: float | None = None) -> NDArray[np.uint8]:
    """Linear RGB (H, W, 3) to an 8-bit BGR picture; linear grey (H, W, 1) to a grey one."""
    height, width = linear.shape[:2]
    rng = stream(sensor.seed, "sensor")
    light = linear * np.float32(auto_exposure(linear, sensor) if exposure is None else exposure)
    y = ((np.arange(height, dtype=np.float32) / height - 0.5) ** 2)[:, None]
    x = ((np.arange(width, dtype=np.float32) / width - 0.5) ** 2)[None, :]
    light *= (1 - np.float32(2 * sensor.vignette) * (x + y))[..., None]
    if sensor.blur_px > 0:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), sensor.blur_px), np.float32).reshape(light.shape)
    shot = np.sqrt(np.maximum(light, 0)) * np.float32(0.012 * sensor.noise) + np.float32(0.0015 * sensor.noise)
    light += shot * rng.standard_normal(light.shape, np.float32)
    step = np.sqrt(np.clip(light, 0, BRIGHTEST)) * np.float32((CURVE_STEPS - 1) / np.sqrt(BRIGHTEST))
    return np.ascontiguousarray(_tone_curve(sensor.contrast)[step.astype(np.uint16)][..., ::-1])


BRIGHTEST = 16.0
CURVE_STEPS = 8192


def _tone_curve(contrast: float) -> NDArray[np.uint8]:
    """From the root of the light, 0 .. root of BRIGHTEST in CURVE_STEPS, to 8 bits: a soft shoulder and an S."""
    light = np.linspace(0, np.sqrt(BRIGHTEST), CURVE_STEPS) ** 2
    soft = light * (1 + light / 6.0) / (1 + light)
    tone = np.clip(soft * 1.25, 0, 1) ** (1 / 2.2)
    tone = tone + (0.25 + contrast) * (tone - 0.5) * 4 * tone * (1 - tone)
    return np.asarray(np.clip(tone * 255 + 0.5, 0, 255), np.uint8)


def encode_jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture could not be encoded as JPEG")
    return bytes(data)


def through_jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The picture as it comes out of a JPEG file."""
    data = np.frombuffer(encode_jpeg(picture, quality), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
