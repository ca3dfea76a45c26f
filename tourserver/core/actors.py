"""Who acts: known to the audit and to rights alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a member of staff, a registered person, or nobody known."""

    kind: Literal["user", "registration", "anonymous", "system"]
    id: str = ""

    @property
    def reference(self) -> str:
        """``user:…``, for logs and the audit."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @classmethod
    def of(cls, reference: str) -> Actor:
        """The actor that a :attr:`reference` of a member of staff or a registered person names."""
        kind, _, id_ = reference.partition(":")
        return cls("registration" if kind == "registration" else "user", id_)


ANONYMOUS = Actor("anonymous")
SYSTEM = Actor("system")
