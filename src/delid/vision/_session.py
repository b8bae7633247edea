"""A model folder to a running session. A file that is not the one its manifest describes is refused before use."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from delid.config import read_document
from delid.core import ConfigError, ModelError

from ._manifest import Manifest, Task

Outputs = dict[str, NDArray[np.float32]]
MANIFEST_NAME = "manifest.yaml"
_REBUILD = "Put the model folder of the release back, or export the model again."
_ORT_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class OnnxModel:
    """One model, checked against its manifest, on the CPU with a fixed number of threads.

    Attributes:
        manifest: the strict description that lies beside the file.
        digest: ``sha256:...`` of the file that runs.
    """

    def __init__(self, folder: Path, manifest: Manifest, session: ort.InferenceSession) -> None:
        self.folder = folder
        self.manifest = manifest
        self.digest = f"sha256:{manifest.sha256}"
        self._session = session
        self._names = [spec.name for spec in manifest.outputs]

    def run(self, tensor: NDArray[np.float32]) -> Outputs:
        """All outputs by name; raises ModelError when the model refuses the tensor or answers with no number."""
        try:
            values = self._session.run(self._names, {self.manifest.input.name: tensor})
        except _ORT_ERRORS as error:
            raise ModelError(f"{self.folder}: the model cannot run.", code="model.failed", hint=_REBUILD) from error
        outputs: Outputs = dict(zip(self._names, values, strict=True))
        for name, value in outputs.items():
            if not np.isfinite(value).all():
                raise ModelError(f"{self.folder}: output {name} is not finite.", code="model.failed", hint=_REBUILD)
        return outputs


def load_model(folder: Path | str, task: Task, threads: int = 1) -> OnnxModel:
    """Load ``folder`` as a model for ``task``.

    Raises ModelError: ``model.missing`` (folder, manifest or file), ``model.manifest`` (not as the contract has it),
    ``model.tampered`` (another file than the manifest's sha256), ``model.broken`` (not a model),
    ``model.mismatch`` (task, names or shapes differ from the manifest).
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest.task != task:
        raise _mismatch(folder, f"its task is {manifest.task}, but {task} is needed")
    content = _read_checked(folder, manifest)
    model = OnnxModel(folder, manifest, _open_session(folder, content, threads))
    _check_signature(folder, manifest, model._session)
    _check_answer(model)
    return model


def read_manifest(folder: Path) -> Manifest:
    """The description of a model without the model; raises ModelError ``model.missing`` or ``model.manifest``."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise ModelError(f"there is no model at {folder}: {MANIFEST_NAME} is missing.", code="model.missing",
                         hint="Check the path of the models, or put the model folder back.")  # fmt: skip
    try:
        return read_document(path).validate(Manifest)
    except ConfigError as error:
        raise ModelError(str(error), code="model.manifest", hint=_REBUILD) from error


def _read_checked(folder: Path, manifest: Manifest) -> bytes:
    path = folder / manifest.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} is missing or cannot be read.", code="model.missing", hint=_REBUILD) from error
    found = hashlib.sha256(content).hexdigest()
    if found != manifest.sha256:
        raise ModelError(
            f"{path} is not the file that its manifest describes: sha256 {found[:12]}..., "
            f"the manifest says {manifest.sha256[:12]}...",
            code="model.tampered",
            hint=_REBUILD,
        )
    return content


def _open_session(folder: Path, content: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # spinning threads take the processor from the rest of the cell
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        # from the bytes that were checked, so that the file cannot change in between
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as error:
        raise ModelError(f"{folder}: the file is not a model.", code="model.broken", hint=_REBUILD) from error


def _check_signature(folder: Path, manifest: Manifest, session: ort.InferenceSession) -> None:
    inputs = {i.name: i for i in session.get_inputs()}
    if set(inputs) != {manifest.input.name}:
        raise _mismatch(folder, f"the file takes {sorted(inputs)}, the manifest says {manifest.input.name!r}")
    found = inputs[manifest.input.name]
    if found.type != "tensor(float)" or not _fits(found.shape, manifest.input.shape):
        raise _mismatch(
            folder, f"input {found.name} is {found.type} {found.shape}, the manifest says {list(manifest.input.shape)}"
        )
    outputs = {o.name: o for o in session.get_outputs()}
    for spec in manifest.outputs:
        if spec.name not in outputs:
            raise _mismatch(folder, f"the file gives {sorted(outputs)}, not {spec.name!r}")
        if not _fits(outputs[spec.name].shape, spec.shape):
            raise _mismatch(
                folder, f"output {spec.name} is {outputs[spec.name].shape}, the manifest says {list(spec.shape)}"
            )
        if spec.labels and len(spec.labels) not in spec.shape[1:]:
            raise _mismatch(folder, f"output {spec.name} has {len(spec.labels)} labels but shape {list(spec.shape)}")


def _fits(found: list[int | str | None], wanted: tuple[int | str, ...]) -> bool:
    """Numbers must be equal; a batch, height or width may be any size, or a symbol in the file."""
    if len(found) != len(wanted):
        return False
    return all(
        not isinstance(have, int) if isinstance(want, str) else not isinstance(have, int) or have == want
        for have, want in zip(found, wanted, strict=True)
    )


def _check_answer(model: OnnxModel) -> None:
    """One run on nothing: the shapes of the answer are checked at the start, not at the first pack."""
    spec = model.manifest.input
    batch = 1 if spec.shape[0] == "batch" else spec.shape[0]
    outputs = model.run(np.zeros((batch, spec.shape[1], spec.height_px, spec.width_px), np.float32))
    sizes = {"batch": batch, "height/4": spec.height_px // 4, "width/4": spec.width_px // 4}
    for output in model.manifest.outputs:
        wanted = tuple(sizes[part] if isinstance(part, str) else part for part in output.shape)
        if outputs[output.name].shape != wanted:
            raise _mismatch(
                model.folder,
                f"output {output.name} answers {outputs[output.name].shape}, the manifest says {list(output.shape)}",
            )


def _mismatch(folder: Path, words: str) -> ModelError:
    return ModelError(f"{folder}: model and manifest differ: {words}.", code="model.mismatch", hint=_REBUILD)
