"""Deliberate changes of single settings on the staged run, with the seam that turns red and the words that tell why."""

from __future__ import annotations

from dataclasses import dataclass

R, C, M, P = "recipe/nissan-leaf-24/standard:", "cell/demo:", "map/delid-1:", "model/tiny-pack-damage:"


@dataclass(frozen=True)
class Set:
    """One changed setting: the seam that turns red first, and what the words must say."""

    setting: str
    seam: str
    cause: str
    words: str


SETTINGS = {
    "a reaction swapped": Set(
        R + "operations.lid_bolts.on_failure.seized=[impact, retry, ask]", "decision",
        r"on_failure\.seized: \[impact, retry, ask\]; before: \[retry, impact, ask\]",
        "bolt 3: seized -> impact; before: retry"),
    "a torque": Set(
        R + "parameters.lid_torque_nm.value=10", "wire",
        r"lid_torque_nm\.value: 10; before: 11", "unfasten torque_nm 10; before: torque_nm 11"),
    "a retry more": Set(
        R + "operations.lid_bolts.on_failure.stripped=[retry, ask]", "decision",
        r"on_failure\.stripped: \[retry, ask\]; before: \[ask\]", "bolt 5: stripped -> retry; before: ask"),
    "another order of the bolts": Set(
        R + "operations.lid_bolts.order=given", "decision",
        r"order: given; before: shortest", "plan: another order"),
    "no check by the camera": Set(
        R + "operations.lid_bolts.verify=[torque_released]", "decision",
        r"verify: \[torque_released\]; before: \[torque_released, seen_empty\]", "seen_empty: is not done any more"),
    "a permissive": Set(
        R + "permissives=[{tag: pack_voltage_v, below: 10}]", "decision",
        r"permissives", "pack_voltage_v"),
    "a limit of the cell": Set(
        C + "limits.contact_voltage_v=10", "decision",
        r"limits\.contact_voltage_v: 10; before: 60", "decision: "),
    "the feed rate by 2 %": Set(
        C + "motion.travel_feed_mm_s=490", "wire",
        r"travel_feed_mm_s: 490; before: 500", r"another feed rate: F29400\.0; before: F30000\.0"),
    "the height of travel": Set(
        C + "motion.safe_z_mm=-21", "wire",
        r"safe_z_mm: -21; before: -20", "another height: Z-21"),
    "the length of a tool": Set(
        C + "tools.socket_10.length_mm=181", "wire",
        r"socket_10\.length_mm: 181; before: 180", "another height"),
    "a place of the cell": Set(
        C + "places.lid_rack=[302, 1700, -300]", "wire",
        r"places\.lid_rack: \[302, 1700, -300\]; before: \[300", "another place: X302"),
    "a scale of the register map": Set(
        M + "command.tags.torque_nm.scale=0.1", "wire",
        r"torque_nm\.scale: 0\.1; before: 0\.01", "unfasten.*other bytes .scale"),
    "another word order": Set(
        M + "word_order=low_first", "wire",
        r"word_order: low_first; before: high_first", "same words in another order"),
    "a code of a command": Set(
        M + "commands.unfasten.code=11", "wire",
        r"commands\.unfasten\.code: 11; before: 10", "unfasten.*other bytes"),
    "how near fasteners stand to one another": Set(
        "model/tiny-fastener-detect:detection.radius_px=400.0", "inspection",
        r"detection\.radius_px: 400\.0; before: 7\.0", "fasteners confidence mean 0.3333; before: 1.0000"),
    "how near a pack has to be": Set(
        P + "thresholds.pack.min_score=1.0", "inspection",
        r"thresholds\.pack\.min_score: 1\.0; before: 0\.97", "pack unknown; before: known nissan-leaf-24"),
}  # fmt: skip
