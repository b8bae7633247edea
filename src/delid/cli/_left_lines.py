"""What a run left behind, for people: the list of a snapshot as lines."""

from __future__ import annotations

from typing import Any

SIGNS = {"done": "+", "unknown": "?", "todo": "-"}


def left_lines(state: dict[str, Any]) -> list[str]:
    """The reconciliation of a snapshot, one line for each step; nothing where no run broke off."""
    left = state.get("reconciliation")
    if not left:
        return []
    at = f" at '{left['last']}'" if left["last"] else ""
    lines = [f"left by {left['run'] or 'the last run'}, which broke off{at}:"]
    lines += [f"  under way: {words}" for words in left["in_flight"]]
    if left["hanging"]:
        lines.append(f"  at the tool: {left['hanging']}")
    for item in left["items"]:
        answer = f" (a person: {item['answer']})" if item["answer"] else ""
        lines.append(f"  {SIGNS[item['status']]} {item['title']}: {item['basis']}{answer}")
    said = {True: "the same pack", False: "another pack", None: "not said yet"}[left["same_pack"]]
    return [*lines, f"  pack in the cell: {said}"]
