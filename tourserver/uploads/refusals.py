"""Every error of uploads that a person is shown: what happened, what is kept, what to do."""

from __future__ import annotations

from typing import Any

from tourserver.core.errors import Conflict, Gone, Invalid, NotFound, RateLimited, TourserverError
from tourserver.core.messages import N_

MEGABYTE = 1024 * 1024


class TooLarge(TourserverError):
    """More bytes than are taken for this purpose; said before one of them is sent."""

    status = 413
    code = "too_large"


class NoRoom(TourserverError):
    """The disk is full. What arrived before is kept."""

    status = 507
    code = "disk_full"


class Used(Exception):
    """Somebody finished the same upload at the same moment; carries what they were answered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("this upload was finished already")
        self.answer = answer


def unknown_purpose() -> Invalid:
    """Nobody registered to receive such files."""
    return Invalid(N_("Nothing here takes such files."), field="purpose", code="unknown_purpose")


def empty() -> Invalid:
    """A file of no bytes."""
    return Invalid(N_("The file is empty. Choose another one."), field="size", code="empty")


def too_large(most_bytes: int) -> TooLarge:
    """Over the purpose's cap."""
    return TooLarge(
        N_("The file is larger than %(megabytes)s MB, the most that is taken here. Save it smaller and upload that."),
        field="size",
        megabytes=most_bytes // MEGABYTE,
    )


def too_many(count: int) -> RateLimited:
    """One person has begun more than can be kept track of."""
    return RateLimited(
        N_("You have %(count)s unfinished uploads. Finish or cancel some of them first."),
        code="too_many_uploads",
        count=count,
    )


def too_much(most_bytes: int) -> RateLimited:
    """One person's unfinished uploads would take too much of the disk."""
    return RateLimited(
        N_(
            "Your unfinished uploads would be more than %(megabytes)s MB together. Finish or cancel some of them first."
        ),
        code="too_many_bytes",
        megabytes=most_bytes // MEGABYTE,
    )


def unknown() -> NotFound:
    """No such upload, or somebody else's."""
    return NotFound(N_("This upload is not known here. Choose the file again."))


def gone() -> Gone:
    """Cancelled, expired or refused."""
    return Gone(N_("This upload was cancelled or lay still for too long. Choose the file again."))


def no_such_piece(count: int) -> Invalid:
    """A number outside of the file."""
    return Invalid(N_("The file has only %(count)s pieces."), field="number", code="no_such_piece", count=count)


def wrong_size(expected: int) -> Invalid:
    """A piece of another length than the file's size asks for."""
    return Invalid(
        N_("The piece must have %(expected)s bytes. It is sent again."),
        field="body",
        code="wrong_size",
        expected=expected,
    )


def wrong_digest() -> Invalid:
    """The bytes are not those whose digest was sent along."""
    return Invalid(N_("The piece was changed on the way. It is sent again."), field="body", code="wrong_digest")


def other_content(number: int) -> Conflict:
    """The same number came before, with other bytes."""
    return Conflict(
        N_("The file is not the one that this upload began with. Upload it anew."),
        code="other_content",
        state={"number": number},
    )


def finished() -> Conflict:
    """No piece can be added to what is made use of."""
    return Conflict(N_("This upload is finished."), code="finished")


def incomplete(missing: list[int]) -> Conflict:
    """Asked to finish while pieces are missing."""
    return Conflict(
        N_("%(count)s pieces of the file are missing; they are sent now."),
        code="incomplete",
        state={"missing": missing},
        count=len(missing),
    )


def changed_file() -> Invalid:
    """The whole is not what was declared at the beginning."""
    return Invalid(
        N_("The file was changed while it was uploaded. Upload it anew."), field="digest", code="changed_file"
    )


def disk_full() -> NoRoom:
    """For a piece, and for the whole."""
    return NoRoom(N_("The disk of the server is full. What arrived is kept; the upload goes on when there is space."))
