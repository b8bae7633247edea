"""Rules about danger: high voltage, hazard class C, packs without modules, and checks that must not be skipped."""

from __future__ import annotations

from delid.config import Disconnect, Measure, Operation, Pick
from delid.core import HazardClass, Reaction

from ._context import Context, Found


def voltage_unchecked(c: Context) -> Found:
    if any(c.limits_voltage(p) for p in c.spec.permissives):
        return
    for n, o in c.first_to_touch(lambda o: True):
        yield (
            ("operations", n, "do"),
            f"{o.id!r} touches the pack, but no permissive holds its voltage below {c.limit_v:g} V meanwhile",
        )


def not_isolated(c: Context) -> Found:
    """The service disconnect is out, and the voltage was measured after that."""
    for pack in c.served_packs:
        plugs = {p.id for p in pack.connectors if p.kind == "service_disconnect"}
        if not plugs:
            continue
        pulled = {o.id for o in c.spec.operations if isinstance(o, Disconnect) and o.connector in plugs}
        for n, o in c.first_to_touch(lambda o, pulled=pulled: not _isolated(c, o, pulled)):  # type: ignore[misc]
            names = ", ".join(sorted(plugs))
            missing = "measures the voltage after" if pulled & c.before(o.id) else "pulls"
            yield (
                ("operations", n, "do"),
                f"{o.id!r} touches {pack.pack}, but nothing before it {missing} the service disconnect ({names})",
            )


def _isolated(c: Context, operation: Operation, pulled: set[str]) -> bool:
    before = c.before(operation.id)
    return any(
        isinstance(o, Measure) and o.id in before and c.limits_voltage(o.check) and pulled & c.before(o.id)
        for o in c.spec.operations
    )


def isolation_unmeasured(c: Context) -> Found:
    if any(c.demands_isolation(p) for p in c.spec.permissives):
        return
    measured = {o.id for o in c.spec.operations if isinstance(o, Measure) and c.demands_isolation(o.check)}
    for n, o in c.first_to_touch(lambda o: not measured & c.before(o.id)):
        yield (
            ("operations", n, "do"),
            f"{o.id!r} touches the pack, but nothing before it measures that the isolation is above "
            f"{c.limit_ohm_per_v:g} ohm/V",
        )


def no_modules(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Pick):
            for pack in c.served_packs:
                if pack.modules is None:
                    yield ("operations", n, "do"), f"{pack.pack} is built cell-to-pack and has no modules to pick"


def contact_in_quarantine(c: Context) -> Found:
    if HazardClass.C not in c.spec.serves.hazard:
        return
    for n, o in c.first_to_touch(lambda o: True):
        yield ("operations", n, "do"), f"{o.do} touches the pack, but the recipe serves hazard class C"


def skipped_check(c: Context) -> Found:
    """Before the pack is touched, no check and no disconnect may be passed over when it fails."""
    needed = {name for _, o in c.touches for name in c.before(o.id)}
    for n, o in c.operations():
        for kind, reactions in o.on_failure.items():
            if Reaction.SKIP in reactions and o.id in needed and isinstance(o, Measure | Disconnect):
                yield (
                    ("operations", n, "on_failure", kind),
                    f"{o.id!r} may be skipped when it fails, and the pack is touched after it",
                )
