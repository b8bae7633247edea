"""From a cell's journals into a ledger: each line once, whatever broke off in between."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ._canonical import quick
from ._digest import Digest, JournalLine, RunView
from ._entry import OF_THE_SITE, Entry, stamp
from ._identity import PROVISIONAL, Identity, identify, intake_of, module_identity
from ._ledger import Ledger
from ._payloads_pack import IdentityLinked, ModuleOut
from ._payloads_run import Inspected, OperationDone, Planned, SeenDamage
from ._writer import Item

NO_PHOTO = "0" * 64


class Feed:
    """Takes journal lines, in their order, and appends what follows from them.

    How far a journal was taken over is written with the entries, in the same transaction: a line that comes again,
    after a crash or a failure, adds nothing. Lines of a run are needed from its first one on, because later ones build
    on them.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._digest = Digest(ledger.person, self._decided)
        self._fed: dict[str, int] = {}
        self._packs: dict[str, str] = {}
        self._waiting: tuple[JournalLine, list[Item]] | None = None

    def take(self, line: JournalLine) -> list[Entry]:
        """Append what follows from the line; raises LedgerError, and then the same line is to be given again."""
        if self._waiting is None or self._waiting[0] != line:
            self._waiting = (line, self._with_modules(self._digest.take(line)))
        items = self._waiting[1]
        made: list[Entry] = []
        if items and line.seq >= self.fed(line.run):
            made = self._ledger.append_all(items, (line.run, line.seq + 1))
            self._fed[line.run] = line.seq + 1
        self._waiting = None
        return made

    def finish(self, run: str, lines: int) -> None:
        """Note that all lines of a run's journal are taken over, also those that nothing follows from."""
        if self.fed(run) < lines:
            self._ledger.append_all([], (run, lines))
            self._fed[run] = lines

    def fed(self, run: str) -> int:
        """The first line of the run's journal that has not been taken over."""
        if run not in self._fed:
            self._fed[run] = self._ledger.fed(run)
        return self._fed[run]

    # --- a decision: who the pack is, what was seen, what is to be done -----------------------------------------------

    def _decided(self, view: RunView, decision: Mapping[str, Any], wall_s: float) -> Iterable[Item]:
        seen = decision["assessment"]
        found = self._identity(view, seen, wall_s)
        if view.battery == OF_THE_SITE:
            view.battery, view.provisional = found.battery, found.provisional is not None
            self._packs[view.run] = view.battery
            yield from self._arrived(view, found, seen)
        elif view.provisional and found.provisional is None:
            before, view.battery, view.provisional = view.battery, found.battery, False
            yield found.battery, IdentityLinked(provisional=before, reason="read at a later look of the same run")
        yield view.battery, _inspected(view, seen)
        yield view.battery, _planned(view, decision)

    def _identity(self, view: RunView, seen: Mapping[str, Any], wall_s: float) -> Identity:
        texts = [code["text"] for code in seen.get("codes", ())]
        status = seen.get("code_status", {})
        why = "; ".join(status.get("reasons", ())) or str(status.get("outcome", "none"))
        photo = view.frames[0].sha256 if view.frames else NO_PHOTO
        found = identify(texts, self._ledger.site, stamp(wall_s), photo, why)
        if found.provisional is None or view.same_as is None or not (earlier := self._pack_of(view.same_as)):
            return found
        return Identity(earlier, None, found.provisional if earlier.startswith(PROVISIONAL) else None, found.labels)

    def _pack_of(self, run: str) -> str | None:
        """The pack of an earlier run."""
        if run not in self._packs:
            found = next((e.battery for e in self._ledger.marked(f"run:{run}") if e.battery != OF_THE_SITE), None)
            if found is None:
                return None
            self._packs[run] = found
        return self._packs[run]

    def _arrived(self, view: RunView, found: Identity, seen: Mapping[str, Any]) -> Iterable[Item]:
        """An intake, unless the pack was taken in before and never left."""
        first = view.frames[:1]
        intake = intake_of(self._ledger, found, run=view.run, model=seen["pack"]["model"], photos=first)
        if intake.arrival != "still_here":
            yield found.battery, intake

    def _with_modules(self, items: list[Item]) -> list[Item]:
        """A module that was taken out has an identity of its own from then on."""
        found = list(items)
        for battery, said in items:
            if isinstance(said, OperationDone) and said.do == "pick" and said.status == "done" and battery:
                for position in said.targets:
                    name, how = module_identity(self._ledger, battery, position)
                    mass = said.values.get("carried_kg")
                    kg = float(mass) if isinstance(mass, (int, float)) and mass > 0 else None
                    out = ModuleOut.model_validate(
                        {"parent": battery, "position": position, "identity": how, "mass_kg": kg, "run": said.run,
                         "step": said.step}
                    )  # fmt: skip
                    found.append((name, out))
        return found


def _inspected(view: RunView, seen: Mapping[str, Any]) -> Inspected:
    pack, status = seen["pack"], seen.get("code_status", {})
    return Inspected(
        run=view.run, purpose="assess", status=pack["status"], model=pack["model"], confidence=pack["confidence"],
        frames=view.frames, agreeing=seen.get("agreeing", 1), hazard_class=seen["hazard_class"],
        hazard_reasons=tuple(seen["hazard_reasons"]), damage=_damage(seen["damage"]),
        unclear=_damage(seen.get("unclear", ())), fasteners=dict(Counter(f["kind"] for f in seen.get("fasteners", ()))),
        codes=tuple(code["text"] for code in seen.get("codes", ())), code_outcome=status.get("outcome", ""),
        models=view.models,
    )  # fmt: skip


def _damage(found: Iterable[Mapping[str, Any]]) -> tuple[SeenDamage, ...]:
    names = ("kind", "confidence", "severity")
    return tuple(SeenDamage(**{name: damage[name] for name in names}) for damage in found)


def _planned(view: RunView, decision: Mapping[str, Any]) -> Planned:
    outcome, health = decision["outcome"], decision.get("health") or {}
    hazard = decision["assessment"]["hazard_class"]
    common = {
        "run": view.run, "readings": view.readings, "route": health.get("route"),
        "state_of_health": health.get("state_of_health"),
    }  # fmt: skip
    if outcome["type"] != "Plan":
        return Planned.model_validate({**common, "hazard_class": hazard, "reasons": outcome["reasons"]})
    return Planned.model_validate(
        {
            **common,
            "recipe": outcome["recipe"],
            "recipe_sha256": outcome["recipe_sha256"],
            "variant": outcome.get("variant"),
            "plan_sha256": hashlib.sha256(quick({k: v for k, v in outcome.items() if k != "type"})).hexdigest(),
            "model": outcome["pack"],
            "hazard_class": outcome["hazard_class"],
            "steps": len(outcome["steps"]),
            "estimate_s": outcome["estimate_s"],
        }
    )
