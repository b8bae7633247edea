"""``delid calibrate`` from the printed board to a cell that uses the result."""

from __future__ import annotations

import json
from pathlib import Path

import calibration_kit as kit
import cv2
import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from delid.cli.calibrate import calibrate_app
from delid.config import Lens, load_calibration
from delid.vision._calibration_hand_eye import robot_from_flange
from delid.vision._calibration_plane import standing_projection

BOARD = ["--squares", "9x7", "--square-mm", "20"]
STANDING = robot_from_flange((500.0, 420.0, 900.0), (175.0, 0.0, 0.0))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(calibrate_app, [str(a) for a in arguments])


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    return [save(frame.image, folder / frame.source) for frame in kit.good_set()]


@pytest.fixture(scope="session")
def lens(pictures: list[Path]) -> Path:
    """A calibration file with the lens only; copy it."""
    out = pictures[0].parent / "overview.yaml"
    result = run("camera", *pictures, "--out", out, *BOARD, "--by", "A. Engineer")
    assert result.exit_code == 0, result.output
    return out


def save(image: np.ndarray, path: Path) -> Path:
    cv2.imwrite(str(path), image)
    return path


def touched(path: Path, flange: tuple[float, float, float] | None = None, *, off_mm: float = 0.0) -> Path:
    """A CSV file of nine points, as a person writes it."""
    placed = STANDING.copy()
    placed[:3, 3] += flange or (0, 0, 0)
    camera = standing_projection(load_lens(), placed)
    rows = ["name,u_px,v_px,x_mm,y_mm,z_mm"]
    for n, (u, v) in enumerate((x, y) for x in (40, 320, 600) for y in (40, 240, 440)):
        z_mm = 40.0 * (n % 2)
        x, y, _ = camera.px_to_robot([(u, v)], z_mm)[0]
        rows.append(f"pin {n},{u},{v},{x + off_mm:.3f},{y:.3f},{z_mm}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def load_lens() -> Lens:
    return Lens(
        matrix=kit.MATRIX.tolist(), distortion=kit.LENS.tolist(), rms_px=0.1, coverage=1, board=kit.BOARD, images=[]
    )


@pytest.mark.parametrize("name", ["board.pdf", "board.svg", "board.png"])
def test_board_for_the_printer(tmp_path: Path, name: str) -> None:
    result = run("board", tmp_path / name)
    assert result.exit_code == 0
    assert "11x8 squares of 30 mm" in result.stdout
    assert (tmp_path / name).stat().st_size > 1000


@pytest.mark.parametrize(
    "arguments",
    [["board", "board.gif"], ["board", "b.pdf", "--squares", "3x3"], ["board", "b.pdf", "--squares", "many"],
     ["board", "b.pdf", "--dictionary", "DICT_7X7_50"], ["check", "none.csv", "--calibration", "none.yaml"]],
)  # fmt: skip
def test_wrong_use(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments).exit_code == 2


def test_the_lens_file_says_what_it_rests_on(lens: Path, pictures: list[Path]) -> None:
    text = lens.read_text()
    assert text.startswith("# Written by delid calibrate.")
    file = load_calibration(lens)
    assert (file.calibration, file.by, file.size_px) == ("overview", "A. Engineer", kit.SIZE)
    assert [i.file for i in file.lens.images] == [p.name for p in pictures]
    assert len({i.sha256 for i in file.lens.images}) == len(pictures)
    assert file.lens.board == kit.BOARD
    assert file.standing is None


def test_refused_pictures_write_nothing_and_say_what_to_add(pictures: list[Path], tmp_path: Path) -> None:
    result = run("camera", *pictures[:3], "--out", tmp_path / "o.yaml", *BOARD)
    assert result.exit_code == 1
    assert "refused: 3 usable views, 8 needed" in result.stdout
    assert not (tmp_path / "o.yaml").exists()
    plain = json.loads(run("camera", *pictures[:3], "--out", tmp_path / "o.yaml", *BOARD, "--json").stdout)
    assert plain["lens"] is None
    assert "written" not in plain
    (tmp_path / "no.png").write_bytes(b"")
    assert run("camera", tmp_path / "no.png", "--out", tmp_path / "o.yaml").exit_code == 1


def test_plane_then_check(lens: Path, tmp_path: Path) -> None:
    pairs, out = touched(tmp_path / "pins.csv"), tmp_path / "overview.yaml"
    early = run("check", pairs, "--calibration", lens)
    assert early.exit_code == 2
    assert "only the lens" in early.output
    result = run("plane", pairs, "--calibration", lens, "--out", out, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["written"] == str(out)
    standing = load_calibration(out).standing
    assert standing is not None
    assert np.array(standing.robot_from_camera) == pytest.approx(STANDING, abs=2.0)
    assert (standing.method, standing.points) == ("plane", 9)
    good = run("check", pairs, "--calibration", out, "--limit-mm", "1.5")
    assert good.exit_code == 0, good.output
    assert "worst" in good.stdout
    moved = run("check", touched(tmp_path / "later.csv", off_mm=6.0), "--calibration", out, "--json")
    assert moved.exit_code == 1
    found = json.loads(moved.stdout)
    assert found["good"] is False
    assert [p["error_mm"] for p in found["points"]] == pytest.approx([6.0] * 9, abs=1.5)
    assert "over the limit" in run("check", tmp_path / "later.csv", "--calibration", out).stdout


def test_a_camera_at_the_tool_by_touched_points(lens: Path, tmp_path: Path) -> None:
    pairs, out = touched(tmp_path / "pins.csv", (700.0, 300.0, -50.0)), tmp_path / "tool.yaml"
    assert run("plane", pairs, "--calibration", lens, "--flange", "700,300,-50", "--out", out).exit_code == 0
    standing = load_calibration(out).standing
    assert standing is not None
    assert np.array(standing.tool_from_camera) == pytest.approx(STANDING, abs=2.0)
    assert run("check", pairs, "--calibration", out, "--flange", "700,300,-50", "--limit-mm", "1.5").exit_code == 0
    assert run("check", pairs, "--calibration", out).exit_code == 2
    assert run("check", pairs, "--calibration", out, "--flange", "here").exit_code == 2


def test_hand_eye_from_a_table_of_poses(lens: Path, tmp_path: Path) -> None:
    on_flange = robot_from_flange((60.0, -25.0, 40.0), (3.0, -5.0, 80.0))
    rows = ["image;x_mm;y_mm;z_mm;rx_deg;ry_deg;rz_deg"]
    for n, tilts in enumerate([(0, 0, 0), (25, 0, 20), (-25, 0, -20), (0, 25, 40), (0, -25, 10), (20, 20, -30)]):
        seen = kit.pose(*tilts, (4.0 * n - 10, 5.0), 260)
        save(kit.picture(seen, "", n).image, tmp_path / f"{n}.png")
        flange = np.linalg.inv(on_flange @ seen)
        ry = np.arcsin(-flange[2, 0])
        turns = np.rad2deg([np.arctan2(flange[2, 1], flange[2, 2]), ry, np.arctan2(flange[1, 0], flange[0, 0])])
        figures = ";".join(f"{x:.4f}" for x in [*flange[:3, 3], *turns]).replace(".", ",")
        rows.append(f"{n}.png;{figures}")
    poses, out = tmp_path / "poses.csv", tmp_path / "arm.yaml"
    poses.write_text("\n".join(rows), encoding="utf-8")
    result = run("hand-eye", poses, "--calibration", lens, "--out", out)
    assert result.exit_code == 0, result.output
    assert "park: the board stands still to" in result.stdout
    standing = load_calibration(out).standing
    assert standing is not None
    assert np.array(standing.tool_from_camera)[:3, 3] == pytest.approx(on_flange[:3, 3], abs=1.0)
    assert len(standing.evidence_sha256) == 7
    poses.write_text("\n".join(rows[:4]), encoding="utf-8")
    few = run("hand-eye", poses, "--calibration", lens, "--out", tmp_path / "none.yaml")
    assert few.exit_code == 1
    assert "refused: 3 usable poses" in few.stdout


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("p.csv", "u_px,v_px,x_mm,y_mm,z_mm\n1,2,3,4,five\n", "p.csv:2: z_mm"),
        ("p.csv", "u,v\n1,2\n", "p.csv:2: u_px"),
        ("p.csv", "", "no rows"),
        ("p.yaml", "pairs: [{u_px: 1, v_px: 2, x_mm: 3, y_mm: 4}]\n", "p.yaml:1: pairs.0.z_mm"),
    ],
)
def test_faults_of_the_table_name_file_and_line(lens: Path, tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    result = run("plane", tmp_path / name, "--calibration", lens)
    assert result.exit_code == 2
    assert words in result.output
