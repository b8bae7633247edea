"""What all contents of entries have in common, and the small parts that several of them use."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=4000)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Mass = Annotated[float, Field(ge=0)]
Scalar = bool | int | float | str
Plain = Annotated[Any, Field(description="plain JSON data")]


class Part(BaseModel):
    """Base of everything inside an entry: frozen, and what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


class Payload(Part):
    """What one entry says. ``kind`` is the entry's kind, ``marks`` are the words by which it is found again.

    ``by`` holds the id of a person, from ``Ledger.person``, never a name.
    """

    kind: ClassVar[str]

    def plain(self) -> dict[str, Any]:
        """As plain JSON data; what is None is left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def marks(self) -> tuple[str, ...]:
        """``word:value`` for each thing that the entry can be found by, besides its battery."""
        return ()


class Photo(Part):
    """A picture that belongs to the entry: the digest of the file, which is kept apart."""

    sha256: Sha256
    name: Text = ""
    """Where it is kept, relative to the folder of photos or of runs."""
    media_type: Text = "image/jpeg"
    shows: Text = ""


class Quantity(Part):
    """A measured value with its unit."""

    name: Text
    value: Scalar
    unit: Text = ""
    uncertainty: float | None = None
    """Standard uncertainty, in the same unit."""


def photo_marks(photos: tuple[Photo, ...]) -> tuple[str, ...]:
    return tuple(f"photo:{photo.sha256}" for photo in photos)
