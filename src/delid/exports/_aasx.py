"""A passport as an AASX package, and such a package read, through the Eclipse BaSyx SDK (extra ``delid[passport]``)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from delid.core import UsageError

DATA = "/aasx/data.xml"
LARGEST_PACKAGE = 256 * 2**20
"""Unpacked; a package that claims more is refused before anything is read."""
MOST_FILES = 2000
HINT = "Run: pip install 'delid[passport]'"


def aasx_of(environment: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The package. ``files`` are those that its elements name, by their paths in it.

    Raises UsageError where the extra is not installed, or where the environment breaks the rules of the metamodel.
    """
    aasx, reading = _basyx()
    try:
        store = reading(io.StringIO(json.dumps(environment)), failsafe=False)
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(f"the passport breaks the metamodel of the AAS: {error}.") from error
    kept = aasx.DictSupplementaryFileContainer()
    for name, content in files.items():
        kept.add_file(name, io.BytesIO(content), "application/pdf")
    out = io.BytesIO()
    with aasx.AASXWriter(out, failsafe=False) as writer:
        writer.write_all_aas_objects(DATA, store, kept)
    return out.getvalue()


def read_aasx(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The environment of a package as plain JSON, and its files by their paths in it.

    Raises UsageError where the extra is not installed, or ``path`` is no package that can be read.
    """
    aasx, _ = _basyx()
    from basyx.aas import model
    from basyx.aas.adapter.json import object_store_to_json

    _check_size(path)
    store: Any = model.DictIdentifiableStore()
    kept = aasx.DictSupplementaryFileContainer()
    try:
        with aasx.AASXReader(path, failsafe=True) as reader:
            reader.read_into(store, kept)
        environment = json.loads(object_store_to_json(store))
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise _no_package(path, str(error)) from error
    return {"submodels": [], **environment}, {str(name): _content(kept, name) for name in kept}


def save_documents(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write the files of a package into a new folder, under their own last names; none ever leaves that folder."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{folder} is there already.", hint="Name a new folder with --documents.") from error
    written: list[Path] = []
    for name, content in files.items():
        target = folder / _plain_name(name)
        if target in written:
            target = folder / f"{len(written):03d}-{target.name}"
        target.write_bytes(content)
        written.append(target)
    return written


def _plain_name(name: str) -> str:
    letters = "".join(c if c.isalnum() or c in "-_. " else "-" for c in PurePosixPath(name).name).strip(". ")
    return letters[:120] or "document"


def _content(kept: Any, name: str) -> bytes:
    out = io.BytesIO()
    kept.write_file(name, out)
    return out.getvalue()


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        raise _no_package(path, str(error)) from error
    if len(members) > MOST_FILES or sum(m.file_size for m in members) > LARGEST_PACKAGE:
        raise _no_package(path, f"it has over {MOST_FILES} files or {LARGEST_PACKAGE // 2**20} MiB")


def _no_package(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is no AASX package that can be read: {why}.", hint="Ask its issuer for it once more.")


def _basyx() -> tuple[Any, Any]:
    try:
        from basyx.aas.adapter import aasx
        from basyx.aas.adapter.json import read_aas_json_file
    except ImportError as error:
        raise UsageError("AASX packages need the Eclipse BaSyx SDK.", hint=HINT) from error
    return aasx, read_aas_json_file
