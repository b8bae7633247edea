"""Light programs and fine looks in the cell file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from delid.core import AMBIENT

from ._pack import Name, Positive
from ._yaml import StrictModel

LAMPS = 16
"""As many lamps as the register that switches them has bits."""
SET_LIGHT, LAMPS_PARAM = "set_light", "lamps"
"""The PLC command that switches lamps, and its parameter: a bit mask, lamp 1 is bit 0; 0 is ambient light."""


class LightLook(StrictModel):
    """One light of a light program. ``ambient`` has no lamp, every other look has one."""

    name: Name
    lamp: Annotated[int, Field(ge=1, le=LAMPS)] | None = None
    """Number of the lamp that the PLC switches on for it, all others off."""
    settle_ms: Annotated[int, Field(ge=0, le=5000)] = 80
    """From the PLC's confirmation to the first frame: lamp and exposure need so long."""

    @model_validator(mode="after")
    def _only_ambient_has_no_lamp(self) -> LightLook:
        if (self.name == AMBIENT) != (self.lamp is None):
            raise ValueError(f"the look {AMBIENT!r} has no lamp, every other look has one")
        return self

    @property
    def mask(self) -> int:
        """What ``set_light`` is given."""
        return 0 if self.lamp is None else 1 << (self.lamp - 1)


def check_program(looks: list[LightLook]) -> None:
    """Raise ValueError where a light program is not one."""
    names, lamps = [look.name for look in looks], [str(look.lamp) for look in looks if look.lamp]
    for what, some in (("look", names), ("lamp", lamps)):
        if repeated := {s for s in some if some.count(s) > 1}:
            raise ValueError(f"the {what} {', '.join(sorted(repeated))} stands more than once")
    if looks and AMBIENT not in names:
        raise ValueError(f"a light program needs the look {AMBIENT!r}: the frames that are judged")


class FineLook(StrictModel):
    """How a camera at the tool looks at one fastener before the tool engages it."""

    standoff_mm: Positive
    """From the camera's eye to the face that it looks at."""
    settle_ms: Annotated[int, Field(ge=0, le=5000)] = 200
    """The robot stands still for so long before the frame."""
    limit_mm: Positive = 8.0
    """A fastener found farther from where it was expected is taken for another one."""
