"""Teaching a pack: photographs in, prototypes out, and everything that speaks against it said before anything is kept.

Nothing is trained. The model that looks at frames in the cell looks at each photograph, in the same way, and its
answers are the prototypes. Pure but for the model: the time and the person's name are passed in, files are written
elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from ._confusion import ConfusionRow, LeftOut, confusion, leave_one_out
from ._gallery import FORMAT_VERSION, Gallery, OwnThreshold, PackFileNote, PrototypeFile, Provenance, vectors_text
from ._manifest import PackThreshold
from ._photos import Objection, Photo, Studied, study, too_alike
from ._session import OnnxModel

LEFT_OUT = frozenset({"unreadable", "stray_look", "unusable", "too_alike", "outlier"})
"""Objections against one photograph, which `Lesson.leave_out` answers by teaching without it."""
ACCEPTABLE = frozenset({"outlier", "scattered", "near_pack", "disturbs"})
"""Objections that a person may overrule by name. The file keeps who did."""


@dataclass(frozen=True, slots=True)
class TeachRules:
    """How many photographs there must be, and how they may differ.

    Attributes:
        alike: two photographs whose sketches agree more than this show the same scene. Of 130 rendered pictures of
            three packs no two agreed more than 0.89; a second frame of one scene agrees 0.999, and 0.98 when brighter.
        outlier_share: with more photographs than this share unlike the others, the set is scattered as a whole.
        slack: a new scene may score this much lower than the lowest of the photographs and still be the pack. Chosen on
            validation scenes (seven packs taught from ten rendered pictures, a model threshold of 0.5): 0.1 refuses 3
            of 63 scenes and takes 3 of 58 strangers for a taught pack, 0.05 does so with 5 and 2, 0.2 with 2 and 6.
    """

    min_photos: int = 5
    max_photos: int = 20
    alike: float = 0.95
    outlier_share: float = 0.2
    slack: float = 0.1


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be taught, by whom and when.

    Attributes:
        at_s: seconds since 1970-01-01 UTC.
        leave_out: teach without the photographs that are not fit, as long as enough are left.
        accept: objections of `ACCEPTABLE` that the person overrules; an outlier that is accepted is not left out.
    """

    pack: str
    by: str
    at_s: float
    made_from: str = "photographs"
    pack_file: PackFileNote | None = None
    leave_out: bool = False
    accept: frozenset[str] = frozenset()
    rules: TeachRules = field(default_factory=TeachRules)


@dataclass(frozen=True, slots=True)
class Teaching:
    """What came of a lesson.

    Attributes:
        file: the gallery file; there even with objections, as long as one photograph can be used.
        objections: what stands in the way of keeping it.
        overruled: objections that the lesson answered.
        photos: every photograph used, judged without itself.
        confusion: every taught pack, this one included.
    """

    pack: str
    file: PrototypeFile | None
    objections: tuple[Objection, ...]
    overruled: tuple[Objection, ...]
    photos: tuple[LeftOut, ...]
    confusion: tuple[ConfusionRow, ...]

    @property
    def ok(self) -> bool:
        """True when the file may be kept."""
        return self.file is not None and not self.objections


def teach_pack(photos: Sequence[Photo], lesson: Lesson, model: OnnxModel, gallery: Gallery) -> Teaching:
    """Study photographs of one pack and weigh them against each other and against all packs of the gallery.

    The pack's own earlier prototypes, if the gallery has some, have no part in it. Raises ModelError.
    """
    threshold = model.manifest.thresholds.pack
    assert threshold is not None, "the manifest of a pack_damage model has pack thresholds"
    others = gallery.without(lesson.pack)
    usable, objections = _chosen(photos, lesson, model, others, threshold)
    objections += _count(usable, lesson.rules)
    if not usable:
        return Teaching(lesson.pack, None, *_weighed(objections, lesson), (), confusion(others, threshold))
    left = _judged(usable, lesson.pack, others, threshold)
    reach = _reach(usable, lesson.pack, others, threshold)
    own = own_threshold([one.own for one in left], reach, threshold, lesson.rules.slack)
    taught = _taught(usable, lesson.pack, others, own.min_score)
    left = leave_one_out(taught, lesson.pack, threshold)
    objections += (
        _unlike(left, threshold, lesson.rules) + _near(left, threshold) + _disturbed(others, taught, threshold)
    )
    standing, overruled = _weighed(objections, lesson)
    file = _file(usable, lesson, model, own, overruled)
    return Teaching(lesson.pack, file, standing, overruled, tuple(left), confusion(taught, threshold))


def own_threshold(own: Sequence[float], reach: float, threshold: PackThreshold, slack: float) -> OwnThreshold:
    """The model's threshold, raised as far as the photographs allow: a pack that always scores high has to.

    Args:
        own: scores of the photographs, each against the others.
        reach: highest score of any other pack's prototype against these photographs; -1 when there is none. Where it
            comes near, the threshold is raised above it, into the slack.
        slack: see `TeachRules`.
    """
    lowest = min(own, default=-1.0)
    value = max(threshold.min_score, lowest - slack, min(reach + threshold.margin, lowest - threshold.margin))
    raised = value > threshold.min_score
    words = f"raised from the model's {threshold.min_score:.3f}" if raised else "the model's own"
    scores = f"photographs score {lowest:.3f} or more against each other" if own else "no second photograph"
    near = f"other packs reach {reach:.3f}" if reach > -1 else "no other pack is taught"
    return OwnThreshold(min_score=round(value, 4), chosen=f"{words}; {scores}, {near}")


def _chosen(
    photos: Sequence[Photo], lesson: Lesson, model: OnnxModel, others: Gallery, threshold: PackThreshold
) -> tuple[list[Studied], list[Objection]]:
    """The photographs to teach from, and what speaks against the rest."""
    if len({photo.name for photo in photos}) < len(photos):
        raise ValueError("two photographs have the same name")
    studied = [study(photo, model) for photo in photos]
    objections = [o for one in studied for o in one.objections] + too_alike(studied, lesson.rules.alike)
    usable = _without(studied, objections)
    while lesson.leave_out and "outlier" not in lesson.accept:  # without one stranger the next may stand out
        left = _judged(usable, lesson.pack, others, threshold)
        strange = [o for o in _unlike(left, threshold, lesson.rules) if o.code in LEFT_OUT]
        if not strange:
            break
        usable, objections = _without(usable, strange), objections + strange
    return usable, objections


def _without(studied: Sequence[Studied], objections: Sequence[Objection]) -> list[Studied]:
    named = {o.photo for o in objections}
    return [one for one in studied if one.name not in named]


def _taught(studied: Sequence[Studied], pack: str, others: Gallery, min_score: float | None) -> Gallery:
    names = tuple(p.file for one in studied for p in one.pictures)
    return others.added(pack, np.concatenate([one.vectors for one in studied]), min_score, names)


def _judged(studied: Sequence[Studied], pack: str, others: Gallery, threshold: PackThreshold) -> list[LeftOut]:
    return leave_one_out(_taught(studied, pack, others, None), pack, threshold) if studied else []


def _reach(studied: Sequence[Studied], pack: str, others: Gallery, threshold: PackThreshold) -> float:
    """The highest score that a prototype of another pack has against these photographs."""
    taught = Gallery({pack: np.concatenate([one.vectors for one in studied])})
    rows = [row for matrix in others.prototypes.values() for row in matrix]
    return max((taught.scores(row, threshold.neighbours)[0].score for row in rows), default=-1.0)


def _count(usable: Sequence[Studied], rules: TeachRules) -> list[Objection]:
    count = len(usable)
    if count < rules.min_photos:
        return [Objection("too_few", f"{count} usable photographs; at least {rules.min_photos} are needed")]
    if count > rules.max_photos:
        return [Objection("too_many", f"{count} photographs; at most {rules.max_photos} are taken")]
    return []


def _unlike(left: Sequence[LeftOut], threshold: PackThreshold, rules: TeachRules) -> list[Objection]:
    """Photographs that would not be recognised by the others: single ones, or so many that the set is in doubt."""
    floor = threshold.min_score
    strange = [one for one in left if one.own < floor]
    if len(strange) > rules.outlier_share * len(left):
        names = ", ".join(f"{one.picture} {one.own:.2f}" for one in strange)
        words = f"{len(strange)} of {len(left)} photographs score below {floor:.2f} against the others: {names}"
        return [Objection("scattered", words)]
    return [
        Objection("outlier", f"scores {one.own:.2f} against the other photographs; {floor:.2f} is needed", one.picture)
        for one in strange
    ]


def _near(left: Sequence[LeftOut], threshold: PackThreshold) -> list[Objection]:
    """Photographs for which another pack is as good an answer."""
    return [
        Objection(
            "near_pack",
            f"scores {one.other_score:.2f} against {one.other} and {one.own:.2f} against the other photographs; "
            f"a lead of {threshold.margin:.2f} is needed",
            one.picture,
        )
        for one in left
        if one.other and max(one.own, one.other_score) >= threshold.min_score
        and one.own - one.other_score < threshold.margin
    ]  # fmt: skip


def _disturbed(others: Gallery, taught: Gallery, threshold: PackThreshold) -> list[Objection]:
    """Packs that were recognised before, and would not be any more."""
    found = []
    for pack in sorted(others.prototypes):
        pairs = zip(leave_one_out(others, pack, threshold), leave_one_out(taught, pack, threshold), strict=True)
        lost = [now for was, now in pairs if was.judged == pack and now.judged != pack]
        if lost:
            names = ", ".join(f"{one.picture} ({one.judged})" for one in lost)
            found.append(
                Objection("disturbs", f"{len(lost)} pictures of {pack} would no longer be recognised: {names}")
            )
    return found


def _weighed(objections: Sequence[Objection], lesson: Lesson) -> tuple[tuple[Objection, ...], tuple[Objection, ...]]:
    """What stands, and what the lesson answers."""
    answered = (lesson.accept & ACCEPTABLE) | (LEFT_OUT if lesson.leave_out else frozenset())
    standing = tuple(o for o in objections if o.code not in answered)
    return standing, tuple(o for o in objections if o.code in answered)


def _file(
    usable: Sequence[Studied], lesson: Lesson, model: OnnxModel, own: OwnThreshold, overruled: Sequence[Objection]
) -> PrototypeFile:
    vectors = np.concatenate([one.vectors for one in usable])
    manifest = model.manifest
    used = {one.name for one in usable}
    pictures = []
    for picture in (p for one in usable for p in one.pictures):
        notes = tuple(f"taken all the same, {o.code}: {o.words}" for o in overruled if o.photo == picture.file)
        pictures.append(picture.model_copy(update={"notes": notes}))
    rest = [o for o in overruled if o.photo not in used]
    return PrototypeFile(
        version=FORMAT_VERSION,
        pack=lesson.pack,
        model_sha256=manifest.sha256,
        dim=int(vectors.shape[1]),
        threshold=own,
        provenance=Provenance(
            taught_at=datetime.fromtimestamp(lesson.at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            taught_by=lesson.by,
            made_from=lesson.made_from,
            model=f"{manifest.model} {manifest.version}",
            pictures=tuple(pictures),
            pack_file=lesson.pack_file,
            notes=tuple(
                f"{o.photo} left out, {o.code}: {o.words}" if o.photo else f"{o.code}: {o.words}" for o in rest
            ),
        ),
        vectors=vectors_text(vectors),
    )
