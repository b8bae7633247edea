"""``delid calibrate``: print a board, calibrate a lens, place a camera, check the result. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import numpy as np
import typer

from delid.config import Board, Calibration, CalibrationFile, Fixture, Standing, load_calibration
from delid.core import SystemClock, UsageError
from delid.vision import (
    BOARD_FORMATS,
    Projection,
    StandingReport,
    calibrate_hand_eye,
    calibrate_lens,
    check_points,
    place_camera,
    print_board,
)

from ._calibration_files import digest, made_now, parse_xyz, read_pairs, read_pictures, read_poses, write_calibration
from ._calibration_words import check_lines, hand_eye_lines, lens_lines, plain, refusal_lines, standing_lines
from ._outcome import Exit, errors_end_it, print_json

calibrate_app = typer.Typer(no_args_is_help=True, help="Calibrate the cameras of a cell; see docs/calibration.md.")

DICTIONARIES = get_args(Board.model_fields["dictionary"].annotation)

SquaresOption = Annotated[str, typer.Option(help="Squares across x down.")]
SquareOption = Annotated[float, typer.Option(help="Side of a square in mm, as measured on the print.", min=1)]
DictionaryOption = Annotated[str, typer.Option(help=f"Markers: {', '.join(DICTIONARIES)}.")]
ByOption = Annotated[str | None, typer.Option(help="Who calibrates; the login name if not given.")]
FileOption = Annotated[Path, typer.Option("--calibration", help="Calibration file with the lens.")]
OutOption = Annotated[Path | None, typer.Option(help="Write to this file instead of the one given.")]
FlangeOption = Annotated[
    str | None, typer.Option(help="x,y,z of the flange in mm while the picture was taken, for a camera at the tool.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object.")]

_DEFAULT = Board()
SQUARES = f"{_DEFAULT.squares[0]}x{_DEFAULT.squares[1]}"


@calibrate_app.command()
def board(
    out: Annotated[Path, typer.Argument(help="File to write: .pdf, .svg or .png.")],
    squares: SquaresOption = SQUARES,
    square_mm: SquareOption = _DEFAULT.square_mm,
    dictionary: DictionaryOption = _DEFAULT.dictionary,
) -> None:
    """Write a ChArUco board at its true size, for the printer."""
    with errors_end_it(False):
        kind = out.suffix.lower().removeprefix(".")
        if kind not in BOARD_FORMATS:
            raise UsageError(f"{out}: give a file that ends in {', '.join('.' + f for f in BOARD_FORMATS)}.")
        out.write_bytes(print_board(_board(squares, square_mm, dictionary), kind))
    typer.echo(f"{out}: {squares} squares of {square_mm:g} mm; print at 100 % and measure")


@calibrate_app.command()
def camera(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures of the board.")],
    out: Annotated[Path, typer.Option(help="Calibration file to write; its name is the calibration's.")],
    squares: SquaresOption = SQUARES,
    square_mm: SquareOption = _DEFAULT.square_mm,
    dictionary: DictionaryOption = _DEFAULT.dictionary,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Calibrate a lens from 12 to 20 pictures of the board.

    Exit code 0: written. 1: refused, with the pictures to add. 2: used wrongly.
    """
    with errors_end_it(json):
        report = calibrate_lens(read_pictures(images), _board(squares, square_mm, dictionary))
        if report.lens is not None:
            name = out.stem.lower().replace(" ", "-")
            made = made_now(SystemClock(), by)
            file = CalibrationFile(calibration=name, size_px=report.size_px, lens=report.lens, **made)
            write_calibration(out, file)
    if json:
        print_json(plain(report, out if report.lens else None))
    else:
        _say([*lens_lines(report), *refusal_lines(report.refusals, report.remarks)], out if report.lens else None)
    raise typer.Exit(Exit.GOOD if report.lens else Exit.NO)


@calibrate_app.command()
def plane(
    pairs: Annotated[Path, typer.Argument(help="CSV or YAML: name, u_px, v_px, x_mm, y_mm, z_mm of touched points.")],
    calibration: FileOption,
    flange: FlangeOption = None,
    out: OutOption = None,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Place a camera in the robot's frame, from points that the robot touched.

    Exit code 0: written. 1: refused. 2: used wrongly.
    """
    with errors_end_it(json):
        file = load_calibration(calibration)
        at = parse_xyz(flange) if flange else None
        report = place_camera(read_pairs(pairs), file.lens, file.size_px)
        target = out or calibration
        if report.robot_from_camera is not None:
            standing = _standing(report, at, digest(pairs))
            write_calibration(target, file.model_copy(update={"standing": standing, **made_now(SystemClock(), by)}))
    written = target if report.robot_from_camera is not None else None
    if json:
        print_json(plain(report, written))
    else:
        _say([*standing_lines(report), *refusal_lines(report.refusals, report.remarks)], written)
    raise typer.Exit(Exit.GOOD if written else Exit.NO)


@calibrate_app.command("hand-eye")
def hand_eye(
    poses: Annotated[
        Path, typer.Argument(help="CSV or YAML: image, x_mm, y_mm, z_mm, rx_deg, ry_deg, rz_deg of the flange.")
    ],
    calibration: FileOption,
    out: OutOption = None,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Place a camera on a flange that can turn, from pictures of a board that stands still.

    Exit code 0: written. 1: refused. 2: used wrongly.
    """
    with errors_end_it(json):
        file = load_calibration(calibration)
        stood = read_poses(poses)
        report = calibrate_hand_eye(stood, file.lens, file.lens.board)
        target = out or calibration
        if report.tool_from_camera is not None:
            standing = Standing.model_validate(
                {
                    "tool_from_camera": report.tool_from_camera,
                    "method": "hand_eye",
                    "points": report.used,
                    "rms_px": round(report.rms_px, 4),
                    "uncertainty_mm": round(report.uncertainty_mm, 3),
                    "evidence_sha256": [digest(poses), *(pose.frame.sha256 for pose in stood)],
                }
            )
            write_calibration(target, file.model_copy(update={"standing": standing, **made_now(SystemClock(), by)}))
    written = target if report.tool_from_camera is not None else None
    if json:
        print_json(plain(report, written))
    else:
        _say([*hand_eye_lines(report), *refusal_lines(report.refusals, report.remarks)], written)
    raise typer.Exit(Exit.GOOD if written else Exit.NO)


@calibrate_app.command()
def check(
    pairs: Annotated[Path, typer.Argument(help="CSV or YAML of points that the robot touched, as for `plane`.")],
    calibration: FileOption,
    flange: FlangeOption = None,
    limit_mm: Annotated[
        float | None, typer.Option(help="Greatest error allowed; 1.5 times the calibration's uncertainty if not given.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say how far a calibration is off at known points.

    Exit code 0: every point lies within the limit. 1: one does not. 2: used wrongly.
    """
    with errors_end_it(json):
        file = load_calibration(calibration)
        try:
            figures = file.calibration_of()
        except ValueError as error:
            raise UsageError(f"{calibration}: {error}.") from error
        errors = check_points(read_pairs(pairs), _projection(figures, flange, file.size_px))
        limit = limit_mm or 1.5 * (figures.uncertainty_mm or 1.0)
    good = all(error.error_mm <= limit for error in errors)
    if json:
        print_json({"good": good, "limit_mm": round(limit, 3), "points": [plain(e) for e in errors]})
    else:
        _say(check_lines(errors, limit, file, SystemClock().wall_s()), None)
    raise typer.Exit(Exit.GOOD if good else Exit.NO)


def _board(squares: str, square_mm: float, dictionary: str) -> Board:
    across, _, down = squares.lower().partition("x")
    try:
        return Board.model_validate(
            {"squares": (int(across), int(down)), "square_mm": square_mm, "dictionary": dictionary}
        )
    except ValueError as error:
        words = f"--squares {squares} --square-mm {square_mm:g} --dictionary {dictionary}: no such board"
        raise UsageError(f"{words}; 4 to 40 squares each way, for example {SQUARES}.") from error


def _standing(report: StandingReport, flange_mm: tuple[float, float, float] | None, evidence: str) -> Standing:
    """Of a fixed camera, or of one at the tool when the flange's position is known."""
    placed = np.array(report.robot_from_camera)
    key = "robot_from_camera"
    if flange_mm is not None:
        placed[:3, 3] -= flange_mm
        key = "tool_from_camera"
    return Standing.model_validate(
        {
            key: [tuple(row) for row in np.round(placed, 9).tolist()],
            "method": "plane",
            "points": sum(not p.outlier for p in report.points),
            "rms_px": round(report.rms_px, 4),
            "uncertainty_mm": round(report.uncertainty_mm, 3),
            "evidence_sha256": [evidence],
        }
    )


def _projection(figures: Calibration, flange: str | None, size_px: tuple[int, int]) -> Projection:
    if (figures.tool_from_camera is not None) != (flange is not None):
        raise UsageError("--flange belongs to a camera at the tool, and such a camera needs it.")
    fixed = figures.at(parse_xyz(flange)) if flange is not None else figures
    return Projection(fixed, Fixture(origin_mm=(0.0, 0.0, 0.0)), size_px)


def _say(lines: list[str], written: Path | None) -> None:
    for line in lines:
        typer.echo(line)
    if written is not None:
        typer.echo(f"written: {written}")
