"""A draft of a pack file from a battery passport: what it says is filled in, what nobody has said is left open.

The draft is no pack file yet: ``delid config check`` names each open key with its line. Nothing in it is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ._passport_in import PassportDocument, PassportFacts

NUMBERS = {"mass_kg", "nominal_voltage_v", "energy_kwh"}
OPEN: tuple[tuple[str, str], ...] = (
    ("geometry", "approximate, nominal or taught"),
    ("outline_mm", "corners seen from above, in order: [[x, y], ...]"),
    ("height_mm", "from the base to the lid's upper face"),
    ("design", "modules, or cell_to_pack"),
    ("chemistry", "for example NMC or LFP"),
    ("nominal_voltage_v", "volts"),
    ("energy_kwh", "rated energy"),
    ("mass_kg", "of the whole pack"),
    ("lid", "{mass_kg: ..., grip_mm: [x, y]}"),
    ("groups", "fastener groups by name; see the dismantling documents for kind and number"),
    ("modules", "{mass_kg: ..., size_mm: [l, w, h], positions_mm: [[x, y], ...]}; none for cell_to_pack"),
    ("connectors", "the service disconnect, and others a person pulls"),
)
"""Keys of a pack file in their order, and what belongs there."""


@dataclass(frozen=True, slots=True)
class PackDraft:
    """The text of the draft, and the keys that somebody has to fill in."""

    text: str
    missing: tuple[str, ...]


def pack_draft(name: str, passport: PassportFacts, source: str) -> PackDraft:
    """A draft for the pack model ``name``; ``source`` says which passport it is from, for the list of sources."""
    known = {fact: value for fact, (value, _) in passport.facts.items() if fact not in NUMBERS or _number(value)}
    title = " ".join(known[k] for k in ("maker", "name") if k in known) or name
    lines = [
        "# yaml-language-server: $schema=../schema/pack.json",
        f"# Draft from a battery passport ({_plain(source)}), complete when 'delid config check' finds nothing:",
        "# fill in what stands open, from the documents below and a tape measure, then rename the file.",
        f"pack: {name}",
        f"name: {_quoted(title)}",
        "frame: origin at the centre of the lid's upper face; x along the length, y across, z up",
        *(_line(key, words, known) for key, words in OPEN),
        *_documents("Dismantling information", passport.dismantling),
        *_documents("Safety instructions", passport.safety),
        *_notes(passport),
        "sources:",
        *_sources(passport, known, source),
    ]
    return PackDraft("\n".join(lines) + "\n", tuple(key for key, _ in OPEN if key not in known))


def _line(key: str, words: str, known: Mapping[str, str]) -> str:
    if key not in known:
        return f"{key}:  # open: {words}"
    return f"{key}: {float(known[key]):g}" if key in NUMBERS else f"{key}: {_quoted(known[key])}"


def _documents(title: str, documents: tuple[PassportDocument, ...]) -> Iterator[str]:
    if documents:
        yield f"# {title} of the passport:"
    for one in documents:
        about = ", ".join(one.titles) or "not described in the passport"
        yield f"#   {_plain(one.id)}: {_plain(about)}"
        yield from (f"#     {_plain(file)}" for file in one.files)


def _notes(passport: PassportFacts) -> Iterator[str]:
    if passport.extinguishers:
        yield f"# Usable extinguishing agents: {_plain(', '.join(passport.extinguishers))}"
    if passport.components:
        yield "# Parts that can be had:"
        yield from (f"#   {_plain(name)} {_plain(number)}".rstrip() for name, number in passport.components)


def _sources(passport: PassportFacts, known: Mapping[str, str], source: str) -> Iterator[str]:
    keys = [key for key, _ in OPEN if key in known] or ["name"]
    for key in keys:
        where = passport.facts[key][1] if key in passport.facts else "name of the draft"
        yield f"  - {{fact: {key}, source: {_quoted(f'battery passport {source}, {where}')}, status: claim}}"


def _number(text: str) -> bool:
    try:
        return 0 < float(text) < 1e6
    except ValueError:
        return False


def _quoted(text: str) -> str:
    """As a YAML scalar: JSON texts are."""
    return json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> str:
    """For a comment: one line."""
    return " ".join(text.split())
