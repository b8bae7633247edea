"""Differences in plain words: ``bolt 14: seized -> ask; before: retry``, the same of several things told together."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ._compare import NOTHING, Difference
from ._reference import Seams
from ._wire_words import wire_words

SEAMS = ("inspection", "decision", "wire")
"""In the order of cause and effect: what is seen, what is decided, what is sent."""
FIRST, LATER = 5, 2
"""Lines told of the first seam that differs, and of those that follow from it."""
MANY = 6
"""Things named in one line."""
REST = 100
"""Characters of a text in a summary."""
TARGET = re.compile(r"(?P<group>[a-z][\w-]*)\.(?P<number>\d+)")
FAILURE = re.compile(r"(?P<kind>\w+) -> (?P<reaction>\w+) \(failure (?P<number>\d+)")
RECORDED = "recorded "
"""Before the seam of what is compared with the recorded bytes themselves."""
COUNT = re.compile(r"\d+ frames")
SPAN = re.compile(r"(?P<group>[^.,\s]+)\.(?P<first>\d+)(?:\.\.(?P<last>\d+))?")


@dataclass(frozen=True, slots=True)
class Said:
    """One difference: what it is about, and what is different there."""

    seam: str
    thing: str
    text: str


def summarise(differences: Sequence[Difference], *sides: Seams) -> tuple[str, ...]:
    """A few lines for a person; ``sides`` tell what a target is: a bolt, a nut."""
    kinds = kinds_of(*sides)
    lines: list[str] = []
    begin = first_seam(differences)
    for seam in sorted(SEAMS, key=lambda seam: seam != begin):
        found = [d for d in differences if seam_of(d) == seam]
        if not found:
            continue
        told = _grouped(_said(seam, found, kinds))
        shown = LATER if lines else FIRST
        lines += [f"{seam}: {line}" for line in told[:shown]]
        if len(told) > shown:
            lines.append(f"{seam}: and {len(told) - shown} more")
    return tuple(lines)


def first_seam(differences: Sequence[Difference]) -> str:
    """The first seam that differs; empty where none does.

    Looks that were taken more or less often follow from what was decided, and are no beginning.
    """
    causing = {seam_of(d) for d in differences if not _follows(d)} or {seam_of(d) for d in differences}
    return next((seam for seam in SEAMS if seam in causing), "")


def seam_of(d: Difference) -> str:
    """One of the three, whatever it was compared with."""
    return d.seam.removeprefix(RECORDED)


def _follows(d: Difference) -> bool:
    return d.seam == "inspection" and COUNT.fullmatch(d.now) is not None


def kinds_of(*sides: Seams) -> dict[str, str]:
    """Target to what it was seen as: bolt or nut. What was seen as a hole or a round head may be either."""
    found: dict[str, str] = {}
    for side in sides:
        for frame in side.inspection:
            for kind in ("bolt", "nut"):
                for name in expand(frame.exact.get(f"fasteners.{kind}", "")):
                    found.setdefault(name, kind)
    return found


def expand(spans: str) -> list[str]:
    """``lid.01..03, lid.07`` to its four names."""
    names: list[str] = []
    for found in SPAN.finditer(spans):
        first, width = found["first"], len(found["first"])
        last = int(found["last"] or first)
        names += [f"{found['group']}.{n:0{width}d}" for n in range(int(first), last + 1)]
    return names


def thing_of(label: str, kinds: Mapping[str, str]) -> str:
    """What a label is about: ``bolt 14`` for ``lid_bolts/lid.14#1.3``, ``lift lid`` for ``lid_off.lift_lid``."""
    _, slash, last = label.rpartition("/")
    if slash and (found := TARGET.search(last)):
        name = found[0]
        kind = kinds.get(name, "module" if found["group"] == "module" else "fastener")
        return f"{kind} {int(found['number'])}"
    words = re.sub(r"^(plc|motion) ", "", label).split("#")[0]
    return words.rpartition(".")[2].replace("_", " ") if "/" not in words and "frame" not in words else words


def _said(seam: str, found: Sequence[Difference], kinds: Mapping[str, str]) -> list[Said]:
    if seam == "inspection":
        return [said for d in found for said in _seen(d, kinds)]
    if seam == "wire":
        return [Said(seam, thing_of(d.where, kinds), wire_words(d)) for d in found]
    plans = [d for d in found if d.where == "plan"]
    rest = [said for d in found if d.where != "plan" for said in _decided(d, kinds)]
    chosen = [said for said in rest if said.thing in ("recipe", "pack")]
    chosen += [said for said in rest if said.thing.startswith("candidate ")]
    return [*chosen, *_planned(plans, kinds), *(said for said in rest if said not in chosen)]


def _seen(d: Difference, kinds: Mapping[str, str]) -> Iterator[Said]:
    """A frame's field; lists of fasteners are told fastener by fastener."""
    _, _, field = d.where.rpartition(": ")
    if _follows(d):
        yield Said(d.seam, d.where, f"{d.now}; before: {d.before}")
        return
    if field.startswith("fasteners.") and not field.startswith("fasteners.confidence"):
        kind = field.partition(".")[2]
        now, before = set(expand(d.now)), set(expand(d.before))
        for name in sorted(now - before):
            yield Said(d.seam, f"fastener {int(name.rpartition('.')[2])}", f"seen as {kind}, before not")
        for name in sorted(before - now):
            yield Said(d.seam, f"fastener {int(name.rpartition('.')[2])}", f"not seen as {kind}, before it was")
        return
    what = "another picture" if field == "sha256" else f"{field.replace('.', ' ')} {d.now}; before: {d.before}"
    yield Said(d.seam, d.where.removesuffix(f": {field}"), what)


def _planned(plans: Sequence[Difference], kinds: Mapping[str, str]) -> Iterator[Said]:
    """The steps of a plan: what came, what went, or another order."""
    new = [d.now for d in plans if d.now != NOTHING]
    old = [d.before for d in plans if d.before != NOTHING]
    for words, names in (("is done too", _without(new, old)), ("is not done any more", _without(old, new))):
        for name in names:
            yield Said("decision", f"plan: {thing_of(name, kinds)}", words)
    if plans and sorted(new) == sorted(old):
        place = "later" if plans[0].now == NOTHING else "earlier"  # of a step that alone has moved
        words = f"earlier than {old[0]}" if new[0] != old[0] else place
        yield Said("decision", "plan", f"another order, {new[0]} comes {words}")


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """Those of ``names`` that ``others`` has not as often."""
    left, found = Counter(others), []
    for name in names:
        if left[name]:
            left[name] -= 1
        else:
            found.append(name)
    return found


def _decided(d: Difference, kinds: Mapping[str, str]) -> Iterator[Said]:
    thing = d.where if d.where.startswith(("candidate ", "order, ", "alarm ")) else thing_of(d.where, kinds)
    now, before = FAILURE.match(d.now), FAILURE.match(d.before)
    if now and before:
        same = now["kind"] == before["kind"]
        was = before["reaction"] if same else f"{before['kind']} -> {before['reaction']}"
        count = "" if now["number"] == before["number"] else f" at failure {now['number']}"
        yield Said(d.seam, thing, f"{now['kind']} -> {now['reaction']}{count}; before: {was}")
    elif now or before:
        sides = [
            f"{m['kind']} -> {m['reaction']}" if m else short_text(t) for m, t in ((now, d.now), (before, d.before))
        ]
        yield Said(d.seam, thing, f"{sides[0]}; before: {sides[1]}")
    else:
        yield Said(d.seam, thing, f"{short_text(d.now, d.before)}; before: {short_text(d.before, d.now)}")


def short_text(text: str, other: str = "") -> str:
    """A long text around the place where it differs from the other one."""
    if len(text) <= REST:
        return text
    match = difflib.SequenceMatcher(None, text, other, autojunk=False).get_matching_blocks()[0] if other else None
    begin = max(0, match.size - REST // 3) if match and match.a == match.b == 0 else 0
    piece = text[begin : begin + REST]
    return f"{'...' if begin else ''}{piece}{'...' if begin + REST < len(text) else ''}"


def _grouped(said: Sequence[Said]) -> list[str]:
    """The same text of several things is one line, where the first of them stands."""
    groups: dict[str, list[str]] = {}
    for one in said:
        things = groups.setdefault(one.text, [])
        if one.thing not in things:
            things.append(one.thing)
    return [f"{_things(things)}: {text}" for text, things in groups.items()]


def _things(things: Sequence[str]) -> str:
    """``bolts 3, 5, 14`` for bolts, else the names."""
    words, numbers = zip(*(thing.rpartition(" ")[::2] for thing in things), strict=True)
    if len(things) > 1 and len(set(words)) == 1 and all(n.isdigit() for n in numbers) and words[0]:
        more = f" and {len(things) - MANY} more" if len(things) > MANY else ""
        return f"{words[0]}s {', '.join(numbers[:MANY])}{more}"
    more = f" and {len(things) - 3} more" if len(things) > 3 else ""
    return f"{', '.join(things[:3])}{more}"
