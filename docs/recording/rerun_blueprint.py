"""Opens a recording in Rerun with the views that fit it: `python docs/recording/rerun_blueprint.py RECORDING.mcap`.

Needs `pip install rerun-sdk`; delid itself does not. With `--save FILE.rbl` it only writes the blueprint, which the
viewer opens beside any recording: `rerun RECORDING.mcap FILE.rbl`.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path
from typing import Any

IMAGES = ("/camera/overview", "/camera/close")
"""Cameras of the demonstration cell; put your own here."""
CURVES = {
    "Volts and torque": {"/delid/tags": ("pack_voltage_v", "torque_nm")},
    "Temperature and gas": {"/delid/tags": ("pack_temperature_c", "gas_ppm")},
    "Where the robot stands": {"/delid/robot": ("x_mm", "y_mm", "z_mm")},
}
"""Name of each view, its channel, and the fields that it draws."""
MESSAGES = {"/delid/tags": "delid.Tags:message", "/delid/robot": "delid.Robot:message"}
"""The component that Rerun makes of each message."""
LOG = "/delid/log"
FACTS = ("/delid/inspection", "/delid/decision", "/delid/operator", "/delid/record")
STATE = "/delid/state"


def save(path: Path) -> None:
    """Write the blueprint."""
    import rerun as rr
    import rerun.blueprint as rrb

    rr.init("delid_blueprint")
    images = [rrb.Spatial2DView(origin=topic, name=topic.rsplit("/", 1)[-1]) for topic in IMAGES]
    curves = [_curves(name, drawn) for name, drawn in CURVES.items()]
    facts = [rrb.DataframeView(origin=topic, name=topic.rsplit("/", 1)[-1]) for topic in (*FACTS, STATE)]
    blueprint = rrb.Blueprint(
        rrb.Vertical(
            rrb.Horizontal(rrb.Horizontal(*images), rrb.Vertical(*curves), column_shares=[3, 2]),
            rrb.Tabs(rrb.TextLogView(origin=LOG, name="Log"), *facts),
            row_shares=[3, 2],
        ),
        rrb.TimePanel(state="collapsed"),
    )
    blueprint.save("delid", str(path))


def _curves(name: str, drawn: dict[str, tuple[str, ...]]) -> Any:
    """One view; each field of a message is a line of its own."""
    import rerun as rr
    import rerun.blueprint as rrb
    from rerun.blueprint.encodings import ComponentSourceKind, VisualizerComponentMapping

    def line(topic: str, field: str) -> Any:
        source = VisualizerComponentMapping(
            "Scalars:scalars",
            ComponentSourceKind.SourceComponent,
            source_component=MESSAGES[topic],
            selector=f".{field}",
        )
        return rr.SeriesLines(names=field).visualizer(mappings=[source])

    lines = {topic: [line(topic, field) for field in fields] for topic, fields in drawn.items()}
    return rrb.TimeSeriesView(origin="/", contents=list(lines), name=name, overrides=lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=Path, nargs="?")
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    if given.save is not None:
        save(given.save)
        return
    if given.recording is None:
        parser.error("name a recording, or --save FILE.rbl")
    with tempfile.TemporaryDirectory() as folder:
        blueprint = Path(folder) / "delid.rbl"
        save(blueprint)
        subprocess.run(["rerun", str(given.recording), str(blueprint)], check=True)


if __name__ == "__main__":
    main()
