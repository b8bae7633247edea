"""pytest plugin: recordings as test cases.

In a test::

    def test_the_cell_decides_as_before(delid_recording):
        delid_recording.check()

In the configuration of pytest::

    [tool.pytest.ini_options]
    delid_recordings = ["recordings/*.mcap"]
    delid_reference = "reference"
    delid_cell = "cells/line-1.yaml"

The test runs once for each recording. ``--delid-update-refs --delid-reason TEXT`` writes the references that differ or
are missing; in CI (``CI=true``) this is refused.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from delid.journal import Recording
    from delid.replay import Prepared, Verdict

FIXTURE, MARKER = "delid_recording", "delid_recordings"
DEFAULT_CELL, DEFAULT_REFERENCE = "cell_configs/cells/demo.yaml", "reference"


class RecordingCase:
    """One recording in a test.

    Attributes:
        path: the file.
        reference: folder of the references.
    """

    def __init__(self, path: Path, reference: Path, setup: Prepared, reason: str | None) -> None:
        self.path, self.reference = path, reference
        self._setup, self._reason = setup, reason

    @cached_property
    def recording(self) -> Recording:
        """The recording, read."""
        from delid.journal import read_recording

        return read_recording(self.path)

    @cached_property
    def verdict(self) -> Verdict:
        """What came of the replay; with ``--delid-update-refs`` the reference has been written where it differed."""
        from delid.replay import judge_file, update_file

        cell, inspector = self._setup.cell, self._setup.inspector
        if self._reason is not None:
            return update_file(self.path, self.reference, cell, inspector, self._reason)
        return judge_file(self.path, self.reference, cell, inspector)

    def check(self) -> None:
        """Fail the test with a short summary where the replay differs from its reference."""
        verdict = self.verdict
        if verdict.equal or verdict.updated:
            return
        lines = [f"{verdict.recording}: {len(verdict.differences)} differences, first in the {verdict.seam} seam"]
        lines += [f"  cause: {cause}" for cause in verdict.causes]
        lines += [f"  {line}" for line in verdict.summary]
        pytest.fail("\n".join(lines), pytrace=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("delid", "replay of recordings")
    group.addoption(
        "--delid-update-refs", action="store_true", help="Write references of recordings that differ or are missing."
    )
    group.addoption("--delid-reason", default="", metavar="TEXT", help="Why the references change; kept in them.")
    parser.addini(MARKER, "Recordings (.mcap), patterns from the root folder.", type="args", default=[])
    parser.addini("delid_reference", "Folder of the references.", default=DEFAULT_REFERENCE)
    parser.addini("delid_cell", "Cell file to replay with.", default=DEFAULT_CELL)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARKER}(*patterns): recordings that this test runs with.")
    update, reason = config.getoption("--delid-update-refs"), config.getoption("--delid-reason").strip()
    if update and os.environ.get("CI", "").lower() in ("true", "1"):
        raise pytest.UsageError("references are never changed in CI. Update them by hand and commit them.")
    if update != bool(reason):
        raise pytest.UsageError("--delid-update-refs and --delid-reason TEXT belong together.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that wants a recording once for each of them."""
    if FIXTURE not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker(MARKER)
    patterns = list(marker.args) if marker else metafunc.config.getini(MARKER)
    root = metafunc.config.rootpath
    paths = [path for pattern in patterns for path in _matching(root, pattern)]
    metafunc.parametrize(FIXTURE, paths, ids=[path.stem for path in paths], indirect=True)


def _matching(root: Path, pattern: str) -> list[Path]:
    """Files of a pattern; one that matches nothing is an error: a misspelt one would be a test that always passes."""
    path = Path(pattern)
    found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) if path.is_absolute() else None
    found = sorted(root.glob(pattern)) if found is None else found
    if not found:
        raise pytest.UsageError(f"{MARKER}: no recording matches {pattern} in {root}.")
    return found


@pytest.fixture(scope="session")
def delid_setup(pytestconfig: pytest.Config) -> Prepared:
    """Cell and models of ``delid_cell``, loaded once."""
    from delid.replay import Prepared, cell_for_replay
    from delid.vision import Inspector

    cell = cell_for_replay(pytestconfig.rootpath / pytestconfig.getini("delid_cell"))
    return Prepared(cell, Inspector.load(cell, threads=1))


@pytest.fixture
def delid_recording(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config, delid_setup: Prepared
) -> RecordingCase:
    """A recording to check: the test runs once for each of ``delid_recordings``, or of its marker of that name."""
    reference = pytestconfig.rootpath / pytestconfig.getini("delid_reference")
    reason = pytestconfig.getoption("--delid-reason").strip() or None
    return RecordingCase(request.param, reference, delid_setup, reason)
