"""The files of a new pack, written from what an engineer measured: pack file and three recipes, with comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from delid.core import DamageKind

from ._pack import XyMm
from ._pattern import in_rows, round_the_edge

DAMAGES = tuple(kind.value for kind in DamageKind)


@dataclass(frozen=True, slots=True)
class NewPack:
    """What is known of a new pack. Lengths in mm in the pack's frame, masses in kg.

    ``guessed`` names the fields that nobody measured; they are marked as unverified in the pack file.
    """

    name: str
    title: str
    length_mm: float
    width_mm: float
    height_mm: float
    mass_kg: float
    voltage_v: float
    energy_kwh: float
    chemistry: str
    lid_kg: float
    bolts_along: int
    bolts_across: int
    inset_mm: float
    kind: str
    thread: str
    socket_mm: float
    torque_nm: float
    modules_along: int
    modules_across: int
    module_kg: float
    disconnect_mm: XyMm
    by: str
    on: str
    positions_mm: Sequence[XyMm] = ()
    guessed: frozenset[str] = frozenset()
    tools: Mapping[str, str] = field(default_factory=dict)
    """Tools of the cell: ``nutrunner``, ``vacuum``, ``gripper``; and places ``lid``, ``modules``."""

    @property
    def has_modules(self) -> bool:
        return self.modules_along > 0 and self.modules_across > 0

    @property
    def fasteners_mm(self) -> list[XyMm]:
        """Where the lid's fasteners are: as listed, or round the edge."""
        edge = (self.length_mm, self.width_mm, self.inset_mm, self.bolts_along, self.bolts_across)
        return list(self.positions_mm) or round_the_edge(*edge)

    @property
    def modules_mm(self) -> list[XyMm]:
        return in_rows(self.length_mm, self.width_mm, self.modules_along, self.modules_across)


def pack_text(p: NewPack) -> str:
    """The pack file."""
    x, y = p.length_mm / 2, p.width_mm / 2
    outline = ", ".join(f"[{_n(a)}, {_n(b)}]" for a, b in ((-x, -y), (x, -y), (x, y), (-x, y)))
    head = "nut_on_stud" if p.kind == "nut" else "hex_flange"
    return f"""\
# yaml-language-server: $schema=../schema/pack.json
# Written by 'delid packs new'. What is marked unverified below was not measured: measure it, and change the mark.
pack: {p.name}
name: {_quoted(p.title)}
geometry: approximate
frame: origin at the centre of the lid's upper face; x along the length, y across, z up
# Corners seen from above. Follow the real outline where it is no rectangle.
outline_mm: [{outline}]
height_mm: {_n(p.height_mm)}
design: {"modules" if p.has_modules else "cell_to_pack"}
chemistry: {p.chemistry}
nominal_voltage_v: {_n(p.voltage_v)}
energy_kwh: {_n(p.energy_kwh)}
mass_kg: {_n(p.mass_kg)}
# The vacuum tool takes the lid at grip_mm: choose a flat place above its centre of mass.
lid: {{mass_kg: {_n(p.lid_kg)}, grip_mm: [0, 0]}}
groups:
  # lid.01, lid.02, ... in this order; 'order: given' of a recipe takes it.
  lid:
    kind: {p.kind}
    head: {head}
    thread: {p.thread}
    socket_mm: {_n(p.socket_mm)}
    torque_nm: {_n(p.torque_nm)}
    holds: lid
    positions_mm: [
{_points(p.fasteners_mm)}
    ]
{_modules(p)}connectors:
  - {{id: hv, kind: service_disconnect, at_mm: [{_n(p.disconnect_mm[0])}, {_n(p.disconnect_mm[1])}]}}
sources:
{_sources(p)}"""


def recipe_texts(p: NewPack) -> dict[str, str]:
    """The recipes by file name: standard, damaged and quarantine."""
    return {
        f"{p.name}-standard.yaml": _standard(p),
        f"{p.name}-damaged.yaml": _damaged(p),
        f"{p.name}-quarantine.yaml": _quarantine(p),
    }


def _n(value: float) -> str:
    return f"{value:g}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _points(points: Sequence[XyMm], indent: str = "      ") -> str:
    rows = [points[n : n + 8] for n in range(0, len(points), 8)]
    return ",\n".join(indent + ", ".join(f"[{_n(a)}, {_n(b)}]" for a, b in row) for row in rows)


def _modules(p: NewPack) -> str:
    if not p.has_modules:
        return ""
    pitch_x = (p.length_mm - 120) / p.modules_along
    pitch_y = (p.width_mm - 120) / p.modules_across
    return f"""\
modules:
  # One entry for each lift: a module, or a stack of them.
  mass_kg: {_n(p.module_kg)}
  size_mm: [{_n(round(pitch_x * 0.9))}, {_n(round(pitch_y * 0.9))}, {_n(round(p.height_mm * 0.75))}]
  positions_mm: [
{_points(p.modules_mm, "    ")}
  ]
"""


FACTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # key of the pack file, the answers that it comes from
    ("outline_mm", ("length_mm", "width_mm")),
    ("height_mm", ("height_mm",)),
    ("mass_kg", ("mass_kg",)),
    ("nominal_voltage_v", ("voltage_v",)),
    ("energy_kwh", ("energy_kwh",)),
    ("chemistry", ("chemistry",)),
    ("lid.mass_kg", ("lid_kg",)),
    ("groups.lid", ("kind", "thread", "socket_mm", "torque_nm")),
    ("groups.lid.positions_mm", ("bolts_along", "bolts_across", "inset_mm")),
    ("modules", ("modules_along", "modules_across")),
    ("modules.mass_kg", ("module_kg",)),
    ("connectors.hv", ("disconnect_mm",)),
)


def _sources(p: NewPack) -> str:
    lines = ""
    for fact, answers in FACTS:
        if fact.startswith("modules") and not p.has_modules:
            continue
        guessed = [a for a in answers if a in p.guessed]
        words = f"estimate ({', '.join(guessed)} not measured)" if guessed else f"measured by {p.by}, {p.on}"
        status = "unverified" if guessed else "measured"
        lines += f"  - {{fact: {fact}, source: {_quoted(words)}, status: {status}}}\n"
    return lines


def _head(p: NewPack, variant: str, title: str, comment: str, serves: str) -> str:
    return f"""\
# yaml-language-server: $schema=../schema/recipe.json
# {comment}
recipe: {p.name}/{variant}
title: {_quoted(f"{p.title}, {title}")}
serves:
  packs: [{p.name}]
{serves}"""


def _unfasten(p: NewPack, after: str, order: str, torque: str, reactions: Mapping[str, str]) -> str:
    lines = "".join(f"      {kind}: {words}\n" for kind, words in reactions.items())
    return f"""\
  - id: lid_{p.kind}s
    do: unfasten
    after: [{after}]
    targets: {{group: lid, kinds: [{p.kind}]}}
    tool: {p.tools["nutrunner"]}
    torque_nm: {torque}
    order: {order}
    verify: [torque_released, seen_empty]
    # The first failure takes the first reaction, the second the second; then a person is asked.
    on_failure:
{lines}"""


def _standard(p: NewPack) -> str:
    serves = "  hazard: [A, B]\n  damage: {dent: {max_severity: 0.3}, corrosion: {max_severity: 0.5}}\n"
    end = "with the modules on the tray" if p.has_modules else "with the lid off: it has no modules to take out"
    text = _head(p, "standard", "sound or slightly damaged", f"Little or no damage. Ends {end}.", serves)
    text += f"""\
parameters:
  lid_torque_nm:
    value: {_n(p.torque_nm + 3)}
    min: {_n(p.torque_nm)}
    max: {_n(p.torque_nm + 6)}
    about: highest loosening torque of the lid's fasteners
    approved_by: {_quoted(f"{p.by}, {p.on}")}
operations:
  # Measures, has the service disconnect pulled, measures again; and what must hold while the pack is touched.
  - use: common/hv_isolation
"""
    reactions = {"seized": "[retry, ask]", "slipped": "[retry, ask]", "stripped": "[ask]", "not_found": "[retry, ask]",
                 "still_seen": "[retry, ask]"}  # fmt: skip
    text += _unfasten(p, "hv_isolation", "shortest", "$lid_torque_nm", reactions)
    text += f"""\
  - use: common/lid_off
    after: [lid_{p.kind}s]
    with: {{tool: {p.tools["vacuum"]}, to: {p.tools["lid"]}}}
"""
    if p.has_modules:
        text += f"""\
  - id: take_modules
    do: pick
    after: [lid_off]
    tool: {p.tools["gripper"]}
    to: {p.tools["modules"]}
    checkpoint: true
    on_failure: {{not_verified: [retry, ask], dropped: [ask]}}
"""
    return text


def _damaged(p: NewPack) -> str:
    serves = (
        "  hazard: [B]\n"
        "  damage: {dent: {max_severity: 0.8}, corrosion: {max_severity: 1.0}, swelling: {max_severity: 0.5}}\n"
    )
    comment = "Damaged, not critical: a person judges it first, opposite fasteners in turn, low torque, no impact."
    text = _head(p, "damaged", "damaged, not critical", comment, serves)
    text += "operations:\n  - use: common/hv_isolation_damaged\n"
    reactions = {"seized": "[retry, ask]", "slipped": "[ask]", "stripped": "[ask]", "not_found": "[ask]",
                 "still_seen": "[retry, ask]"}  # fmt: skip
    text += _unfasten(p, "hv_isolation_damaged", "criss_cross", _n(p.torque_nm), reactions)
    text += f"""\
  - id: before_lifting
    do: ask
    after: [lid_{p.kind}s]
    text: "Every fastener of the lid is out. Is the lid free all round, with nothing bent into it?"
    answers: [continue, stop]
    go_on: [continue]
  - use: common/lid_off
    after: [before_lifting]
    with: {{tool: {p.tools["vacuum"]}, to: {p.tools["lid"]}}}
"""
    if p.has_modules:
        text += """\
  - id: modules_by_hand
    do: ask
    after: [lid_off]
    text: "The lid is off. Judge each module and take it out by hand; bring doubtful ones to quarantine."
    answers: [done, stop]
    go_on: [done]
"""
    return text


def _quarantine(p: NewPack) -> str:
    kinds = "".join(
        f"    {kind}: {{max_severity: 1.0}}\n" for kind in ("dent", "corrosion", "leak", "swelling", "burn")
    )
    comment = "Hazard class C. Nothing touches the pack: it is looked at from outside, then brought away by a person."
    text = _head(p, "quarantine", "liable to react", comment, f"  hazard: [C]\n  damage:\n{kinds}")
    return text + "operations:\n  - use: common/to_quarantine\n"
