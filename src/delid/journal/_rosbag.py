"""Pictures of a rosbag2 folder, or of a single MCAP or SQLite file of one."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import zstandard
from google.protobuf.message import DecodeError

from delid.core import RecordingError

from ._cdr import RosImage, compressed_image
from ._mcap_in import McapIn
from ._schemas import CompressedImage

ROS_IMAGE = "sensor_msgs/msg/CompressedImage"
FOXGLOVE_IMAGE = "foxglove.CompressedImage"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
QUERY = (
    "SELECT topics.name, topics.type, messages.timestamp, messages.data FROM messages "
    "JOIN topics ON messages.topic_id = topics.id ORDER BY messages.timestamp, messages.id"
)


def bag_images(bag: Path) -> Generator[tuple[str, RosImage], None, None]:
    """Topic and picture of every compressed image, in the order of the bag.

    Raises RecordingError: ``import.foreign`` where nothing there is a bag, ``import.compressed``, ``import.message``
    where a message cannot be read.
    """
    for path in _files_of(bag):
        with closing(_of_mcap(path) if path.suffix == ".mcap" else _of_sqlite(path)) as messages:
            for topic, kind, time_ns, body in messages:
                found = _picture(path, topic, kind, time_ns, body)
                if found is not None:
                    yield topic, found


def _picture(path: Path, topic: str, kind: str, time_ns: int, body: bytes) -> RosImage | None:
    try:
        return _image(kind, body, time_ns)
    except (ValueError, struct.error, DecodeError, zstandard.ZstdError) as error:
        raise RecordingError(
            f"{path}: a picture of {topic} at {time_ns} ns cannot be read: {error}.",
            hint="Check the bag with `ros2 bag info`.",
            code="import.message",
        ) from error


def _files_of(bag: Path) -> list[Path]:
    if bag.is_file():
        found = [bag] if bag.suffix in (".mcap", ".db3") else []
    else:
        found = sorted((p for p in bag.glob("*") if p.suffix in (".mcap", ".db3")), key=lambda p: (len(p.name), p.name))
        packed = sorted(p.name for p in bag.glob("*.zstd"))
        if packed:
            raise RecordingError(
                f"{bag} holds packed files: {', '.join(packed)}.",
                hint="Unpack them with `unzstd` first.",
                code="import.compressed",
            )
    if not found:
        raise RecordingError(
            f"{bag} is no rosbag2: there is no .mcap and no .db3 file.",
            hint="Name the folder of the bag, or one file of it.",
            code="import.foreign",
        )
    return found


def _image(kind: str, body: bytes, time_ns: int) -> RosImage | None:
    """The picture, with the time of the bag where its header has none."""
    if kind == FOXGLOVE_IMAGE:
        message = CompressedImage.FromString(body)
        return RosImage(message.timestamp.ToNanoseconds() or time_ns, message.frame_id, message.format, message.data)
    if kind != ROS_IMAGE:
        return None
    if body.startswith(ZSTD_MAGIC):
        body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
    image = compressed_image(body)
    return image if image.stamp_ns > 0 else RosImage(time_ns, image.frame_id, image.format, image.data)


def _of_mcap(path: Path) -> Generator[tuple[str, str, int, bytes], None, None]:
    bag = McapIn(path)
    for channel, message in bag.messages():
        schema = bag.schemas.get(channel.schema_id)
        yield channel.topic, schema.name if schema else "", message.log_time, message.data


def _of_sqlite(path: Path) -> Generator[tuple[str, str, int, bytes], None, None]:
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            yield from connection.execute(QUERY)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise RecordingError(
            f"{path} is no rosbag2 database: {error}.", hint="Name the folder of the bag.", code="import.foreign"
        ) from error
