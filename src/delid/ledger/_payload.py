"""What all contents of entries have in common, and the small parts that several of them use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from ._canonical import canonical, surely_canonical


def _by_name(named: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(named.items()))


Text = Annotated[str, Field(max_length=4000)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Mass = Annotated[float, Field(ge=0)]
Scalar = bool | int | float | str
Named = Annotated[Mapping[str, Scalar], AfterValidator(_by_name)]
"""Values by their names, kept in the order of the names."""
Texts = Annotated[Mapping[str, Text], AfterValidator(_by_name)]
Counts = Annotated[Mapping[str, int], AfterValidator(_by_name)]


class Part(BaseModel):
    """Base of everything inside an entry: frozen, and what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Fields are kept, and so written, in the order of their names, as canonical JSON wants them."""
        whole = handler(source)
        found: Any = whole
        while found["type"] != "model-fields":
            found = found["schema"]
        found["fields"] = dict(sorted(found["fields"].items()))
        return whole


class Payload(Part):
    """What one entry says. ``kind`` is the entry's kind, ``marks`` are the words by which it is found again.

    ``by`` holds the id of a person, from ``Ledger.person``, never a name.
    """

    kind: ClassVar[str]

    def plain(self) -> dict[str, Any]:
        """As plain JSON data; what is None is left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def said(self) -> bytes:
        """Its canonical JSON; LedgerError ``ledger.content`` for what JSON cannot hold."""
        written: bytes = self.__pydantic_serializer__.to_json(self, exclude_none=True)
        return written if surely_canonical(written) else canonical(self.plain())

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
