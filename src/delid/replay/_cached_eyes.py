"""Eyes that ask the cache first; frames are decoded and models loaded only for what is not in it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from delid.core import Inspection, PoseMm, RecordingError, Sighting, from_plain, to_plain
from delid.journal import RecordedFrame

from ._cache import FORMAT, CacheUse, InspectionCache, Twice
from ._eyes import Eyes, InspectorLike, decode, judge
from ._settings import digest_of

Load = Callable[[], InspectorLike]


class CachedEyes(Eyes):
    """Judges by cache, and by models what is not in it.

    Args:
        cache: where inspections are kept.
        settings: digest of all that an inspection depends on besides the frame, see ``vision_digest``.
        load: loads the models when they are first needed; None refuses a frame that is not in the cache with
            RecordingError ``recording.not_cached``.
    """

    def __init__(self, cache: InspectionCache, settings: str, load: Load | None) -> None:
        self._cache, self._settings, self._load = cache, settings, load
        self._kept = Twice(cache)
        self._inspector: InspectorLike | None = None
        self._before: dict[str, RecordedFrame] = {}
        self._facts: dict[str, Any] | None = None

    @property
    def use(self) -> CacheUse:
        return self._kept.use

    @property
    def models(self) -> Mapping[str, str]:
        found: dict[str, str] = self._of_models()["models"]
        return found

    @property
    def min_fastener_confidence(self) -> float:
        return float(self._of_models()["min_fastener_confidence"])

    def forget_frames(self) -> None:
        self._before.clear()

    def forget_recording(self) -> None:
        """Another recording begins."""
        self._kept.forget()
        self._before.clear()

    def look(
        self, frames: Sequence[RecordedFrame], pack: str | None, looks: Mapping[str, RecordedFrame]
    ) -> tuple[Inspection, ...]:
        return tuple(self._inspect(frame, pack, looks) for frame in frames)

    def locate(self, frame: RecordedFrame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]:
        key = self._key("locate", _identity(frame), [at_mm, flange_mm])

        def infer() -> Any:
            found, detail = self._models(frame).locate(decode(frame), at_mm, flange_mm)
            return {"found": to_plain(found), "detail": detail}

        kept = self._kept.ask(key, infer)
        return from_plain(Sighting | None, kept["found"]), kept["detail"]

    def _inspect(self, frame: RecordedFrame, pack: str | None, looks: Mapping[str, RecordedFrame]) -> Inspection:
        camera = _camera(frame)
        before = self._before.get(camera)
        frozen = before is not None and before.seq != frame.seq and before.sha256 == frame.sha256
        others = {name: _identity(other) for name, other in sorted(looks.items())}
        key = self._key("inspect", _identity(frame), [pack, frozen, others])

        def infer() -> Any:
            found = self._judge(frame, pack, looks, before if frozen else None)
            return to_plain(dataclasses.replace(found, timing_ms={}))

        kept = self._kept.ask(key, infer)
        self._before[camera] = frame
        found: Inspection = from_plain(Inspection, kept)
        # The same picture may come from another file or with another number.
        return dataclasses.replace(found, source=frame.source)

    def _judge(
        self,
        frame: RecordedFrame,
        pack: str | None,
        looks: Mapping[str, RecordedFrame],
        frozen_at: RecordedFrame | None,
    ) -> Inspection:
        """Infer. The inspector has not seen the frames that the cache answered for, so it is shown the last one."""
        inspector = self._models(frame)
        others = {name: decode(other) for name, other in looks.items()}
        inspector.forget_frames()
        if frozen_at is not None:
            judge(inspector, decode(frozen_at), pack, others)
        return judge(inspector, decode(frame), pack, others)

    def _models(self, frame: RecordedFrame) -> InspectorLike:
        if self._load is None:
            raise RecordingError(
                f"no inspection of frame {frame.source} (sha256 {frame.sha256[:12]}...) is in the cache "
                f"{self._cache.folder}.",
                hint="Replay once with --cache and without --decisions-only, with the same models and settings.",
                code="recording.not_cached",
            )
        if self._inspector is None:
            self._inspector = self._load()
        return self._inspector

    def _of_models(self) -> dict[str, Any]:
        """What replay asks of the models themselves; kept too, so that they need not be loaded for it."""
        if self._facts is None:
            key = self._key("models")
            self._facts = self._cache.get(key)
            if self._facts is None:
                self._facts = self._ask_models(key)
        return self._facts

    def _ask_models(self, key: str) -> dict[str, Any]:
        if self._load is None:
            raise RecordingError(
                f"nothing that was inspected with these models and settings is in the cache {self._cache.folder}.",
                hint="Replay once with --cache and without --decisions-only; a change of a model, a manifest, the "
                "gallery, a camera, a pack or of vision itself makes inspections anew.",
                code="recording.not_cached",
            )
        if self._inspector is None:
            self._inspector = self._load()
        found = {
            "models": dict(self._inspector.models),
            "min_fastener_confidence": self._inspector.min_fastener_confidence,
        }
        self._cache.put(key, found)
        return found

    def _key(self, *parts: object) -> str:
        return digest_of([str(FORMAT), self._settings, json.dumps(parts, sort_keys=True)])


def _identity(frame: RecordedFrame) -> list[str]:
    """What a frame's judgement depends on; the recorded digest is part of the answer."""
    return [hashlib.sha256(frame.encoded).hexdigest(), frame.sha256, _camera(frame), frame.look]


def _camera(frame: RecordedFrame) -> str:
    return frame.source.rpartition("#")[0] or frame.source
