"""What a client may send to begin an upload."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from tourserver.core.strict import Strict


def _storable(text: str) -> str:
    """PostgreSQL takes no zero byte in a text."""
    return text.replace("\0", "")


Text = Annotated[str, AfterValidator(_storable)]
"""A text that every database takes."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256, hex."""


class Begin(Strict):
    """A file that is about to be sent."""

    purpose: Annotated[str, Field(max_length=40)]
    thing: Annotated[Text, Field(max_length=200)] = ""
    name: Annotated[Text, Field(max_length=1000)]
    size: Annotated[int, Field(ge=0, le=2**50)]
    digest: Digest | None = None
    meta: dict[str, Any] = Field(default_factory=dict)
