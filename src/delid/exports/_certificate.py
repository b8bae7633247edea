"""The certificate of one battery, in English or Chinese: what the record says, and how far it is proven."""

from __future__ import annotations

from collections.abc import Iterable

from ._content import Block, Facts, Note, Page, Section, Table
from ._names import utc
from ._qr import hash_name
from ._record import BatteryRecord, EntryFact, FigureFact
from ._summary import summary_of
from ._words import Language, kind_word, say, word

DASH = "–"


def certificate(facts: BatteryRecord, language: Language, now_s: float, link: str = "") -> Page:
    """The page. ``link`` is the address of a server where records are found by their hash (RFC 6920)."""
    proof = facts.proof
    lead = word("lead_ok", language) if proof.ok else word("lead_bad", language, words=proof.words)
    makers = (_identity, _safety, _work, _came_out, _energy, _deadlines, _proof, _entries)
    return Page(
        language=language, title=word("title", language), lead=lead,
        code=hash_name(proof.record_sha256, link), code_words=word("qr", language),
        sections=tuple(section for make in makers if (section := make(facts, language)) is not None),
        foot=word("foot", language, battery=facts.battery, hash=proof.record_sha256, now=utc(now_s)),
    )  # fmt: skip


def _identity(facts: BatteryRecord, language: Language) -> Section:
    rows = [
        ("battery", facts.battery),
        ("code", facts.code or word("no_code", language)),
        ("product", say("product", facts.product, language)),
        ("parent", facts.parent or ""),
        ("also", ", ".join(facts.also)),
        ("model", facts.pack or ""),
        *((key, facts.decoded.get(key, "")) for key in ("maker", "produced", "chemistry")),
        ("mass", f"{facts.mass_kg:g} kg" if facts.mass_kg is not None else ""),
        ("site", facts.site),
        ("hold", word("hold_on", language) if facts.on_hold else ""),
    ]
    return Section(word("identity", language), (_facts(rows, language),))


def _safety(facts: BatteryRecord, language: Language) -> Section:
    title = word("safety", language)
    judged = _last(facts.entries, "safety_judgement")
    if judged is None:
        head = _facts([("hazard", facts.hazard_class or DASH)], language)
        return Section(title, (head, Note(word("not_judged", language), grave=True)))
    passed = bool(judged.data["passed"])
    head = _facts([
        ("hazard", facts.hazard_class or DASH), ("judged", utc(judged.at_s)),
        ("result", word("passed" if passed else "failed", language)), ("by", judged.by),
        ("rule", str(judged.data.get("rule") or "")),
    ], language)  # fmt: skip
    items = Table(
        tuple(word(key, language) for key in ("item", "answer", "note", "photos")),
        tuple((str(item["text"]), say("answer", str(item["answer"]), language), str(item.get("note") or ""),
               str(len(item.get("photos", [])) or "")) for item in judged.data["items"]),
        wide=0,
    )  # fmt: skip
    return Section(title, (head, items))


def _work(facts: BatteryRecord, language: Language) -> Section:
    blocks: list[Block] = []
    plans = [entry for entry in facts.entries if entry.kind == "plan" and entry.data.get("recipe")]
    recipes = dict.fromkeys(f"{p.data['recipe']} ({str(p.data.get('recipe_sha256') or DASH)[:16]})" for p in plans)
    if recipes:
        blocks.append(_facts([("recipe", ", ".join(recipes))], language))
    done = [entry for entry in facts.entries if entry.kind == "operation"]
    if done:
        blocks.append(Table(
            tuple(word(key, language) for key in ("time", "step", "outcome", "detail")),
            tuple((utc(e.at_s), str(e.data["title"]), say("status", str(e.data["status"]), language),
                   str(e.data.get("detail") or "")) for e in done),
            wide=1,
        ))  # fmt: skip
    else:
        blocks.append(Note(word("nothing_done", language)))
    return Section(word("work", language), tuple(blocks))


def _came_out(facts: BatteryRecord, language: Language) -> Section:
    rows = [(part.battery, _kg(part.mass_kg), part.destination) for part in facts.parts]
    rows += [(one.kind, _kg(one.mass_kg), one.destination) for one in facts.materials]
    head = tuple(word(key, language) for key in ("what", "kilograms", "destination"))
    blocks: list[Block] = [Table(head, tuple(rows), wide=0) if rows else Note(word("nothing_out", language))]
    rows_of = [("balance", say("balance", facts.balance, language) if facts.balance else "")]
    blocks.append(_facts(rows_of, language))
    if facts.routes:
        head = tuple(word(key, language) for key in ("what", "route", "route_reasons"))
        blocks.append(Table(head, tuple((r.kind, r.goes, "; ".join(r.reasons)) for r in facts.routes), wide=2))
    blocks += [
        Note(f"{word('forbidden', language)}: {r.what}: {r.why} ({r.source})", grave=True) for r in facts.refused
    ]
    return Section(word("came_out", language), tuple(blocks))


def _energy(facts: BatteryRecord, language: Language) -> Section:
    block: Block = _figures(facts.figures, language) if facts.figures else Note(word("no_figures", language))
    return Section(word("energy", language), (block, *(Note(note) for note in facts.notes)))


def _deadlines(facts: BatteryRecord, language: Language) -> Section | None:
    if not facts.deadlines:
        return None
    rows = tuple((one.name, one.due or DASH, say("state", one.state, language), one.rule) for one in facts.deadlines)
    head = tuple(word(key, language) for key in ("duty", "due", "state", "rule"))
    return Section(word("deadlines", language), (Table(head, rows, wide=3),))


def _proof(facts: BatteryRecord, language: Language) -> Section:
    proof = facts.proof
    signed = word("no_checkpoint", language)
    if proof.checkpoint is not None and proof.signed_s is not None:
        signed = word("checkpoint_words", language, size=str(proof.checkpoint), at=utc(proof.signed_s))
    rows = [
        ("record_hash", proof.record_sha256), ("count", str(len(facts.entries))), ("checkpoint", signed),
        ("root", proof.root), ("key", proof.key_id),
    ]  # fmt: skip
    blocks: list[Block] = [_facts(rows, language)]
    if not proof.ok:
        blocks.insert(0, Note(word("lead_bad", language, words=proof.words), grave=True))
    blocks += [Note(word(key, language)) for key in ("claim", "check_it", "people")]
    return Section(word("proof", language), tuple(blocks))


def _entries(facts: BatteryRecord, language: Language) -> Section:
    head = tuple(word(key, language) for key in ("number", "time", "kind", "by", "summary", "hash"))
    rows = tuple(
        (str(e.seq), utc(e.at_s), kind_word(e.kind, language), e.by, summary_of(e.kind, e.data), e.sha256[:16])
        for e in facts.entries
    )
    return Section(word("entries", language), (Table(head, rows, wide=4),))


def _figures(figures: Iterable[FigureFact], language: Language) -> Table:
    head = tuple(word(key, language) for key in ("figure", "value", "range", "unit", "method"))
    rows = (
        (say("figure", f.name, language), f"{f.value:.4g}", f"{f.low:.4g} {DASH} {f.high:.4g}", f.unit, f.method)
        for f in figures
    )
    return Table(head, tuple(rows), wide=4)


def _facts(rows: Iterable[tuple[str, str]], language: Language) -> Facts:
    """Rows whose value is empty are left out."""
    return Facts(tuple((word(key, language), value) for key, value in rows if value))


def _last(entries: Iterable[EntryFact], kind: str) -> EntryFact | None:
    return next((entry for entry in reversed(tuple(entries)) if entry.kind == kind), None)


def _kg(mass_kg: float | None) -> str:
    return DASH if mass_kg is None else f"{mass_kg:g}"
