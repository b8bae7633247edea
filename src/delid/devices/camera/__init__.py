"""Cameras: stored images, live devices. Every frame carries digest, time of exposure and running number."""

from ._camera import Camera
from ._device import Capture, DeviceCamera
from ._open import open_camera
from ._stored import FolderCamera, RecordedCamera

__all__ = ["Camera", "Capture", "DeviceCamera", "FolderCamera", "RecordedCamera", "open_camera"]
