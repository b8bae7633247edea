# ruff: noqa: E501 - one fault to a line is easier to read than a wrapped one
"""Broken recipes: each takes a shipped file and makes one fault in it.

``edits`` are (old, new) texts, each of which must be found; ``line`` is a text that begins on the line which the finding
must name, in the file after the edit. ``recipe`` is what is checked; ``file`` a fragment that it uses.
"""

from __future__ import annotations

from dataclasses import dataclass

VW, GM = "vw-meb-82-standard.yaml", "gm-bev-50-standard.yaml"
VW_DAMAGED, VW_QUARANTINE = "vw-meb-82-damaged.yaml", "vw-meb-82-quarantine.yaml"
BLADE, ANY, BUS = "byd-blade-standard.yaml", "common-quarantine.yaml", "bus-lfp-box-standard.yaml"
HV, LID, AWAY = "common/hv_isolation.yaml", "common/lid_off.yaml", "common/to_quarantine.yaml"


@dataclass(frozen=True)
class Mutation:
    name: str
    code: str
    recipe: str
    edits: tuple[tuple[str, str], ...]
    line: str
    file: str = ""
    """Where the finding is, and the edit too if its text is there; the recipe itself if not given."""
    others: tuple[str, ...] = ()
    """Codes of findings that follow from the same fault."""


def m(name, code, recipe, old, new, line, file="", others=()):
    return Mutation(name, code, recipe, ((old, new),), line, file, others)


PICK = """\
  - id: take_modules
    do: pick
    after: [lid_off]
    part: modules
    tool: gripper
    to: module_tray
    on_failure: {not_verified: [retry, ask], dropped: [ask]}
"""
CUT = """\
  - id: seam
    do: cut
    after: [lid_bolts]
    tool: saw
    path_mm: [[-800, 0], [800, 0]]
    depth_mm: 2
    feed_mm_s: 50
    on_failure: {not_reached: [ask]}
  - use: common/lid_off
"""
LID_OFF = "  - use: common/lid_off\n"

READING = [
    m("a bracket left open", "bad_yaml", VW, "hazard: [A, B]", "hazard: [A, B", "hazard: [A, B"),
    m("a tab", "bad_yaml", VW, "    do: unfasten", "\tdo: unfasten", "\tdo: unfasten"),
    m("a colon in a text", "bad_yaml", BUS, '    text: "Capacitors', "    text: Note: Capacitors", "text: Note"),
    m("a key twice", "duplicate_key", VW, "    order: shortest", "    order: shortest\n    order: given", "order: given"),
    m("a mistyped key", "unknown_key", VW, "    order: shortest", "    odrer: shortest", "odrer"),
    m("a mistyped key at the top", "unknown_key", VW, "variants:", "variant:", "variant:", others=()),
    m("a key of another verb", "unknown_key", VW, "    to: module_tray", "    to: module_tray\n    within_s: 5", "within_s"),
    m("no serves", "missing_key", VW, "serves:\n", "titles:\n", "# yaml-language-server", others=("unknown_key",)),
    m("no tool", "missing_key", VW, "    tool: socket_10\n", "", "- id: lid_bolts"),
    m("no hazard", "missing_key", VW, "  hazard: [A, B]\n", "", "serves:"),
    m("a word for a number", "wrong_type", VW, "torque_nm: $lid_torque_nm", "torque_nm: much", "torque_nm: much",
      others=("unused_parameter",)),
    m("a list for a word", "wrong_type", VW, "    tool: gripper", "    tool: [gripper]", "tool: [gripper]"),
    m("an unknown hazard class", "wrong_word", VW, "hazard: [A, B]", "hazard: [A, D]", "hazard: [A, D]"),
    m("an unknown damage", "wrong_word", VW, "{dent: {max", "{scratch: {max", "scratch"),
    m("an unknown failure", "wrong_word", VW, "      seized:", "      siezed:", "siezed"),
    m("an unknown reaction", "wrong_word", VW, "seized: [retry, impact", "seized: [again, impact", "again"),
    m("an unknown order", "wrong_word", VW, "order: shortest", "order: random", "order: random"),
    m("an unknown fastener kind", "wrong_word", VW, "kinds: [bolt]", "kinds: [screw]", "kinds: [screw]"),
    m("an unknown route", "wrong_word", VW, "route: reuse", "route: river", "route: river"),
    m("a name in capitals", "bad_name", VW, "id: lid_bolts\n", "id: LidBolts\n", "id: LidBolts"),
    m("a recipe without a pack", "bad_name", VW, "recipe: vw-meb-82/standard", "recipe: standard", "recipe: standard"),
    m("a severity over 1", "out_of_range", VW, "dent: {max_severity: 0.3}", "dent: {max_severity: 3}", "severity: 3}"),
    m("a torque of 0", "out_of_range", VW, "torque_nm: $lid_torque_nm", "torque_nm: 0", "torque_nm: 0",
      others=("unused_parameter",)),
    m("eleven frames", "out_of_range", VW_QUARANTINE, "frames: 5", "frames: 11", "frames: 11", AWAY),
    m("no packs", "out_of_range", VW, "packs: [vw-meb-82]", "packs: []", "packs: []"),
    m("an answer that is not offered", "bad_value", BUS, "go_on: [done]", "go_on: [ready]", "- id: wait_15_min"),
    m("a value outside its own range", "bad_value", VW, "    value: 12", "    value: 30", "lid_torque_nm:"),
    m("a condition that says nothing", "bad_value", VW, "{tag: isolation_ohm_per_v, above: 100}",
      "{tag: isolation_ohm_per_v}", "{tag: isolation_ohm_per_v}", HV),
    m("an unknown verb", "unknown_operation", VW, "do: pick", "do: grab", "- id: take_modules"),
    m("an id twice", "duplicate_id", GM, "  - id: lid_bolts", "  - id: hv_bolts", "- id: hv_bolts\n    do: unfasten\n    after: [hv_unit_off]",
      others=("unknown_after",)),
    m("an id of the fragment again", "duplicate_id", VW, "- id: take_modules", "- id: isolation", "- id: isolation"),
    m("an unknown fragment", "unknown_fragment", VW, "use: common/lid_off", "use: common/lid_of", "use: common/lid_of",
      others=("unknown_after",)),
    m("a fragment that uses itself", "include_loop", VW, "operations:\n", "operations:\n  - use: common/lid_off\n",
      "use: common/lid_off", LID),
    m("an unknown parameter", "unknown_parameter", VW, "$lid_torque_nm", "$lid_torque", "torque_nm: $lid_torque",
      others=("unused_parameter",)),
    m("an unknown parameter of a fragment", "unknown_parameter", VW, "  - use: common/hv_isolation",
      "  - use: common/hv_isolation\n    with: {plug: hv}", "with: {plug"),
    m("a value over the approved range", "outside_its_range", VW, "  - use: common/hv_isolation",
      "  - use: common/hv_isolation\n    with: {limit_v: 120}", "with: {limit_v"),
    m("a variant over the approved range", "outside_its_range", VW, "set: {lid_torque_nm: 10}",
      "set: {lid_torque_nm: 19}", "set: {lid"),
]  # fmt: skip

NAMES = [
    m("an unknown pack", "unknown_pack", VW, "packs: [vw-meb-82]", "packs: [vw-meb-82, vw-meb-28]", "vw-meb-28]"),
    m("contact with any pack", "pack_needed", ANY, "    do: inspect\n    frames: 5\n    on_failure: {not_verified: [skip], timeout: [skip]}",
      "    do: disconnect\n    connector: hv", "do: disconnect"),
    m("an unknown tool", "unknown_tool", VW, "tool: socket_10", "tool: socket_01", "tool: socket_01"),
    m("an unknown place of a fragment", "unknown_place", VW, "value: lid_rack", "value: lid_rak", "to: $to", LID),
    m("a gripper for a nutrunner", "wrong_tool", VW, "tool: socket_10", "tool: gripper", "tool: gripper"),
    m("more torque than the tool has", "too_much_torque", VW, "torque_nm: $lid_torque_nm", "torque_nm: 41",
      "torque_nm: 41", others=("unused_parameter",)),
    m("less torque than it was tightened with", "too_little_torque", VW, "torque_nm: $lid_torque_nm", "torque_nm: 6",
      "torque_nm: 6", others=("unused_parameter",)),
    m("an impact for a lid", "misplaced_impact", VW_DAMAGED, "{not_verified: [ask], dropped: [ask]}",
      "{not_verified: [impact, ask], dropped: [ask]}", "[impact, ask]"),
    m("an unknown group", "unknown_group", VW, "group: lid,", "group: cover,", "group: cover",
      others=("still_fastened",)),
    m("nuts for bolts", "wrong_kinds", VW, "kinds: [bolt]", "kinds: [nut]", "kinds: [nut]"),
    m("an unknown connector", "unknown_connector", BUS, "connector: hv_plus", "connector: hv_plug", "hv_plug"),
    m("draining at a high-voltage connector", "wrong_connector", BUS, "    do: disconnect\n    after: [quick_minus]\n    connector: signal",
      "    do: drain\n    after: [quick_minus]\n    connector: hv_minus\n    on_failure: {timeout: [ask]}",
      "connector: hv_minus\n    on"),
    m("an unknown place", "unknown_place", VW, "to: module_tray", "to: module_rack", "to: module_rack"),
    m("an unknown permissive", "unknown_tag", VW, "  - guard_closed", "  - door_closed", "- door_closed", HV),
    m("an unknown tag", "unknown_tag", VW, "tag: isolation_ohm_per_v", "tag: isolation_ohm", "isolation_ohm, above", HV,
      ("isolation_unmeasured",)),
    m("a flag as a number", "wrong_condition", VW, "  - guard_closed", "  - {tag: guard_closed, above: 0}",
      "guard_closed, above", HV),
    m("a number as a flag", "wrong_condition", BUS, "  - clamp_closed", "  - clamp_closed\n  - gas_ppm", "- gas_ppm"),
    m("a condition that never holds", "impossible_condition", BUS, "{tag: isolation_ohm_per_v, above: 100}",
      "{tag: isolation_ohm_per_v, above: 100, below: 50}", "below: 50"),
    m("a parameter that nothing uses", "unused_parameter", VW, "torque_nm: $lid_torque_nm", "torque_nm: 12",
      "lid_torque_nm:"),
    m("a range that nobody approved", "unapproved_range", VW,
      "    approved_by: the maintainers of delid, for simulation only\n", "", "lid_torque_nm:"),
]  # fmt: skip

DANGER = [
    m("modules of a cell-to-pack design", "no_modules", BLADE, "  - use: common/lid_off\n    after: [lid_nuts]\n",
      "  - use: common/lid_off\n    after: [lid_nuts]\n" + PICK, "do: pick"),
    m("contact in class C", "contact_in_quarantine", BUS, "hazard: [A, B]", "hazard: [A, B, C]", "do: unfasten"),
    m("a permissive over 60 V", "voltage_unchecked", BUS, "pack_voltage_v, below: 60, max_age_s",
      "pack_voltage_v, below: 120, max_age_s", "do: unfasten"),
    m("no disconnect", "not_isolated", VW, "  - use: common/hv_isolation\n  - id: lid_bolts",
      "  - id: lid_bolts", "do: unfasten", others=("unknown_after", "voltage_unchecked", "isolation_unmeasured", "unreachable")),
    m("another connector than the service disconnect", "not_isolated", BUS, "connector: hv\n", "connector: hv_plus\n",
      "do: unfasten"),
    m("no voltage after the disconnect", "not_isolated", BUS, "    after: [wait_15_min]\n    check: {tag: pack_voltage_v",
      "    after: [wait_15_min]\n    check: {tag: pack_temperature_c", "do: unfasten"),
    m("a disconnect that nothing waits for", "not_isolated", BUS, "    after: [service_disconnect]\n    text",
      "    after: [isolation]\n    text", "do: unfasten"),
    m("no isolation", "isolation_unmeasured", BUS, "{tag: isolation_ohm_per_v, above: 100}",
      "{tag: pack_temperature_c, below: 45}", "do: unfasten"),
    m("isolation below the limit", "isolation_unmeasured", BUS, "isolation_ohm_per_v, above: 100",
      "isolation_ohm_per_v, above: 50", "do: unfasten"),
    m("a voltage that may be skipped", "skipped_check", BUS, "    check: {tag: pack_voltage_v, below: 60}\n    on_failure: {not_verified: [retry, ask]}\n  - id: isolation",
      "    check: {tag: pack_voltage_v, below: 60}\n    on_failure: {not_verified: [retry, skip]}\n  - id: isolation",
      "[retry, skip]"),
]  # fmt: skip

ORDER = [
    m("after something that is not there", "unknown_after", VW, "after: [lid_off]", "after: [lid_of]", "after: [lid_of]",
      others=("under_the_lid", "not_isolated", "isolation_unmeasured", "still_fastened")),
    m("two that wait for each other", "cycle", BUS, "    do: measure\n    after: [voltage_before]",
      "    do: measure\n    after: [voltage_before, wait_15_min]", "after: [voltage_before, wait_15_min]",
      others=("unreachable",)),
    m("one that waits for itself", "cycle", VW, "after: [lid_off]", "after: [lid_off, take_modules]", "take_modules]"),
    m("a lid that is still fastened", "still_fastened", GM, "  - use: common/lid_off\n    after: [lid_bolts]",
      "  - use: common/lid_off\n    after: [hv_unit_off]", "- id: lift_lid", LID),
    m("a lid set down that nothing lifted", "nothing_held", VW_DAMAGED, "after: [lift_lid]", "after: [before_lifting]",
      "after: [before_lifting]\n    part: lid\n    tool: vacuum\n    to", others=("never_set_down",)),
    m("a lid set down with another tool", "never_set_down", VW_DAMAGED, "tool: vacuum\n    to:", "tool: gripper\n    to:",
      "- id: lift_lid", others=("change_while_carrying",)),
    m("modules under the lid", "under_the_lid", VW, "after: [lid_off]", "after: [lid_bolts]", "after: [lid_bolts]\n    part: modules"),
    m("another tool while the lid hangs", "change_while_carrying", VW_DAMAGED,
      "  - id: set_lid_down\n    do: place\n    after: [lift_lid]",
      "  - id: more\n    do: unfasten\n    after: [lift_lid]\n    targets: {group: lid, kinds: [bolt]}\n    tool: socket_10\n"
      "    torque_nm: 9\n    on_failure: {seized: [ask], slipped: [ask], stripped: [ask], not_found: [ask], still_seen: [ask]}\n"
      "  - id: set_lid_down\n    do: place\n    after: [more]", "tool: socket_10\n    torque_nm: 9\n    on_failure: {seized: [ask], sl"),
]  # fmt: skip

FAILURES = [
    m("a seized bolt without an answer", "unhandled_failure", VW, "      seized: [retry, impact, ask]\n", "",
      "    on_failure:\n      slipped"),
    m("a lost lid without an answer", "unhandled_failure", VW_DAMAGED, "{not_verified: [ask], dropped: [ask]}",
      "{not_verified: [ask]}", "on_failure: {not_verified: [ask]}"),
    m("an empty answer", "unhandled_failure", VW, "      stripped: [ask]", "      stripped: []",
      "    on_failure:\n      seized"),
    m("no answers at all", "unhandled_failure", BUS, "    check: {tag: isolation_ohm_per_v, above: 100}\n    on_failure: {not_verified: [retry, ask]}\n",
      "    check: {tag: isolation_ohm_per_v, above: 100}\n", "- id: isolation"),
    m("a lid that seizes", "impossible_failure", VW_DAMAGED, "{not_verified: [ask], dropped: [ask]}",
      "{not_verified: [ask], dropped: [ask], seized: [ask]}", "seized: [ask]}"),
    m("something after stop", "pointless_reaction", VW, "slipped: [retry, ask]", "slipped: [stop, ask]", "[stop, ask]"),
    m("a variant for a class that is not served", "dead_variant", VW, "when: {route: reuse}", "when: {hazard: C}",
      "when: {hazard: C}"),
    m("a variant for more damage than is served", "dead_variant", VW, "when: {route: reuse}",
      "when: {damage: {dent: {above: 0.4}}}", "above: 0.4"),
    m("the same condition twice", "dead_variant", VW, "  - name: reuse\n",
      "  - {name: first, when: {route: reuse}, set: {lid_torque_nm: 11}}\n  - name: reuse\n", "    when: {route: reuse}"),
    m("a variant that leaves out the bolts", "still_fastened", VW, "set: {lid_torque_nm: 10}", "skip: [lid_bolts]",
      "- id: lift_lid", LID),
    m("a variant that leaves out what is not there", "unknown_after", VW, "set: {lid_torque_nm: 10}", "skip: [lid_nuts]",
      "skip: [lid_nuts]"),
    m("a dent that no recipe serves", "unserved_damage", VW_DAMAGED, "dent: {max_severity: 0.8}",
      "dent: {max_severity: 0.6}", "damage: {dent"),
    m("a corrosion that no recipe serves", "unserved_damage", VW_DAMAGED, "corrosion: {max_severity: 1.0}, ", "",
      "damage: {dent"),
]  # fmt: skip


@dataclass(frozen=True)
class CellMutation:
    """A fault of recipe and cell together: ``tools`` are added or changed, ``cell`` are changes of the cell's parts."""

    name: str
    code: str
    recipe: str
    line: str
    edits: tuple[tuple[str, str], ...] = ()
    tools: tuple[tuple[str, dict[str, object] | None], ...] = ()
    cell: tuple[tuple[str, dict[str, object]], ...] = ()
    file: str = ""
    others: tuple[str, ...] = ()


SAW = {"number": 9, "kind": "cutter", "length_mm": 190, "dock_mm": (2300, 950, -200)}
SAWN = ((LID_OFF + "    after: [lid_bolts]", CUT + "    after: [seam]"),)

CELL = [
    CellMutation("a socket that does not fit", "wrong_socket", VW, "tool: socket_10",
                 tools=(("socket_10", {"socket_mm": 13.0}), ("impact_10", {"socket_mm": 13.0}))),
    CellMutation("no impact nutrunner", "no_impact_tool", VW, "seized: [retry, impact", tools=(("impact_10", None),)),
    CellMutation("no command for the nutrunner", "missing_command", VW, "do: unfasten",
                 cell=(("commands", {"unfasten": None}),)),
    CellMutation("a tray out of reach", "out_of_reach", VW, "to: module_tray",
                 cell=(("places", {"module_tray": (2500.0, 1600.0, -350.0)}),)),
    CellMutation("a pack out of reach", "out_of_reach", VW_DAMAGED, "- id: lid_bolts",
                 cell=(("fixture", {"origin_mm": (2000.0, 850.0, -600.0)}),)),
    CellMutation("a turned pack out of reach", "out_of_reach", VW_DAMAGED, "- id: lid_bolts",
                 cell=(("fixture", {"origin_mm": (860.0, 850.0, -600.0), "rotation_deg": 20.0}),)),
    CellMutation("a tool that passes too low", "travel_too_low", VW, "tool: gripper",
                 tools=(("gripper", {"length_mm": 420.0}),), others=("out_of_reach",)),
    CellMutation("a tool without a dock", "no_dock", VW, "tool: gripper", tools=(("gripper", {"dock_mm": None}),)),
    CellMutation("a dock out of reach", "no_dock", VW, "tool: gripper",
                 tools=(("gripper", {"dock_mm": (2500.0, 150.0, -200.0)}),)),
    CellMutation("a cut that is too fast", "too_fast", VW, "feed_mm_s: 900", (*SAWN, ("feed_mm_s: 50", "feed_mm_s: 900")),
                 (("saw", SAW),)),
    CellMutation("a cut beside the lid", "cut_outside", VW, "path_mm", (*SAWN, ("[800, 0]", "[800, 900]")),
                 (("saw", SAW),)),
    CellMutation("a cut below the axes", "out_of_reach", VW, "- id: seam", (*SAWN, ("depth_mm: 2", "depth_mm: 350")),
                 (("saw", SAW),)),
    CellMutation("a cut that may miss", "unhandled_failure", VW, "- id: seam",
                 (*SAWN, ("    on_failure: {not_reached: [ask]}\n", "")), (("saw", SAW),)),
]  # fmt: skip

MUTATIONS = [*READING, *NAMES, *DANGER, *ORDER, *FAILURES]
