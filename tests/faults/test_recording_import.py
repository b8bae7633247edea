"""Pictures of other programs: a folder with a table, and rosbag2 files that another program's library wrote."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from recording_kit import jpeg_frame
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from delid.core import RecordingError, TagsRead
from delid.journal import RecordingHeader, import_bag, import_folder, read_recording

HEADER = RecordingHeader("import.test")
IMAGE = "sensor_msgs/msg/CompressedImage"
STORE = get_typestore(Stores.ROS2_HUMBLE)
STAMP_S = 1_700_000_000


def images(folder: Path, count: int = 3) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(jpeg_frame(number).encoded)
    return folder


def table(folder: Path, text: str) -> Path:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return folder / "table.csv"


def test_a_folder_with_a_table(tmp_path):
    folder = images(tmp_path / "images")
    rows = table(
        tmp_path,
        "file,time_s,camera,look,pack_voltage_v,guard_closed\n"
        "1.jpg,10.5,overview,ambient,12.5,true\n"
        "0.jpg,10.0,overview,rake_left,,\n"
        "2.jpg,11.0,side camera,,13,false\n",
    )
    report = import_folder(folder, rows, tmp_path / "a.mcap", HEADER)
    assert (report.frames, report.readings, report.duration_s) == (3, 2, 1.0)
    found = read_recording(tmp_path / "a.mcap")
    frames = found.frames["import.overview"]
    assert [(f.encoded, f.look, f.captured_s) for f in frames] == [
        (jpeg_frame(0).encoded, "rake_left", 0.0),
        (jpeg_frame(1).encoded, "ambient", 0.5),
    ]
    assert found.frames["import.side_camera"][0].sha256 == jpeg_frame(2).sha256
    assert [e.values for e in found.events if isinstance(e, TagsRead)] == [
        {"pack_voltage_v": 12.5, "guard_closed": True},
        {"pack_voltage_v": 13.0, "guard_closed": False},
    ]


def test_a_time_may_be_written_out(tmp_path):
    folder = images(tmp_path / "images", 2)
    rows = table(tmp_path, "file,time\n0.jpg,2027-03-01T08:00:00Z\n1.jpg,2027-03-01T09:00:01.5+01:00\n")
    report = import_folder(folder, rows, tmp_path / "a.mcap", HEADER)
    assert (report.duration_s, report.cameras) == (1.5, ("camera",))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("time_s\n1\n", 2, "names no file"),
        ("file,time_s\n0.jpg,1\nx.jpg,2\n", 3, "names 'x.jpg', which is not in"),
        ("file,time_s\n0.jpg,soon\n", 2, "has no time"),
        ("file,time\n0.jpg,2027-03-01T08:00:00\n", 2, "has no time"),
        ("file,time_s\n0.jpg\n", 2, "another number of cells"),
        ("file,time_s\n0.jpg,1,2\n", 2, "another number of cells"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_its_line(tmp_path, text, line, words):
    folder = images(tmp_path / "images")
    rows = table(tmp_path, text)
    with pytest.raises(RecordingError) as caught:
        import_folder(folder, rows, tmp_path / "a.mcap", HEADER)
    assert caught.value.code == "import.table"
    assert f"table.csv:{line}: the line" in str(caught.value)
    assert words in str(caught.value)
    assert not (tmp_path / "a.mcap").exists()


def test_a_file_that_is_no_picture_leaves_no_recording(tmp_path):
    folder = images(tmp_path / "images")
    (folder / "1.jpg").write_text("no picture")
    rows = table(tmp_path, "file,time_s\n0.jpg,1\n1.jpg,2\n")
    with pytest.raises(RecordingError) as caught:
        import_folder(folder, rows, tmp_path / "a.mcap", HEADER)
    assert caught.value.code == "import.picture"
    assert not (tmp_path / "a.mcap").exists()


# --- rosbag2 --------------------------------------------------------------------------------------------------------


def write_bag(folder: Path, plugin: StoragePlugin, count: int = 3, stamped: bool = True) -> Path:
    """Compressed images, and a topic of another kind between them, as the library rosbags writes them."""
    header, time = STORE.types["std_msgs/msg/Header"], STORE.types["builtin_interfaces/msg/Time"]
    picture, text = STORE.types[IMAGE], STORE.types["std_msgs/msg/String"]
    with Writer(folder, version=9, storage_plugin=plugin) as bag:
        camera = bag.add_connection("/cell/overview/image_raw/compressed", IMAGE, typestore=STORE)
        other = bag.add_connection("/chatter", "std_msgs/msg/String", typestore=STORE)
        for number in range(count):
            stamp = time(STAMP_S + number if stamped else 0, 500_000_000 if stamped else 0)
            data = np.frombuffer(jpeg_frame(number).encoded, np.uint8)
            message = picture(header(stamp, "lens"), "bgr8; jpeg compressed bgr8", data)
            at_ns = (STAMP_S + 100 + number) * 1_000_000_000
            bag.write(camera, at_ns, STORE.serialize_cdr(message, IMAGE))
            bag.write(other, at_ns + 1, STORE.serialize_cdr(text("hello"), "std_msgs/msg/String"))
    return folder


@pytest.mark.parametrize("plugin", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_a_rosbag2_of_another_library(tmp_path, plugin):
    bag = write_bag(tmp_path / "bag", plugin)
    report = import_bag(bag, tmp_path / "a.mcap", HEADER)
    assert (report.frames, report.cameras, report.duration_s) == (3, ("cell_overview",), 2.0)
    frames = read_recording(tmp_path / "a.mcap").frames["import.cell_overview"]
    assert [f.encoded for f in frames] == [jpeg_frame(n).encoded for n in range(3)]
    assert [(f.captured_s, f.width, f.format) for f in frames] == [(n, 96, "jpeg") for n in (0.0, 1.0, 2.0)]


def test_one_file_of_a_bag_is_enough_and_the_bag_tells_the_time_where_the_picture_does_not(tmp_path):
    bag = write_bag(tmp_path / "bag", StoragePlugin.MCAP, stamped=False)
    (file,) = bag.glob("*.mcap")
    assert import_bag(file, tmp_path / "a.mcap", HEADER).duration_s == 2.0


def test_a_recording_of_foxglove_images_is_taken_in_as_well(tmp_path):
    folder = images(tmp_path / "images")
    rows = table(tmp_path, "file,time_s,camera\n0.jpg,1,left\n1.jpg,2,left\n")
    import_folder(folder, rows, tmp_path / "a.mcap", HEADER)
    report = import_bag(tmp_path / "a.mcap", tmp_path / "b.mcap", HEADER)
    assert (report.frames, report.cameras) == (2, ("camera_left",))


def test_only_the_topics_that_are_named(tmp_path):
    bag = write_bag(tmp_path / "bag", StoragePlugin.MCAP)
    with pytest.raises(RecordingError) as caught:
        import_bag(bag, tmp_path / "a.mcap", HEADER, ("/other",))
    assert caught.value.code == "import.empty"
    assert not (tmp_path / "a.mcap").exists()


def test_a_picture_that_is_cut_off_names_its_topic(tmp_path):
    bag = write_bag(tmp_path / "bag", StoragePlugin.SQLITE3)
    (file,) = bag.glob("*.db3")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE messages SET data = substr(data, 1, 60) WHERE id = 3")
    connection.close()
    with pytest.raises(RecordingError) as caught:
        import_bag(bag, tmp_path / "a.mcap", HEADER)
    assert caught.value.code == "import.message"
    assert "/cell/overview/image_raw/compressed" in str(caught.value)
    assert not (tmp_path / "a.mcap").exists()


@pytest.mark.parametrize(("name", "code"), [("x.txt", "import.foreign"), ("x.db3.zstd", "import.compressed")])
def test_what_is_no_bag_is_refused(tmp_path, name, code):
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / name).write_text("nothing")
    with pytest.raises(RecordingError) as caught:
        import_bag(tmp_path / "bag", tmp_path / "a.mcap", HEADER)
    assert caught.value.code == code


def test_a_database_of_something_else_is_refused(tmp_path):
    (tmp_path / "x.db3").write_text("no database, but long enough to be looked at as one")
    with pytest.raises(RecordingError) as caught:
        import_bag(tmp_path / "x.db3", tmp_path / "a.mcap", HEADER)
    assert caught.value.code == "import.foreign"
