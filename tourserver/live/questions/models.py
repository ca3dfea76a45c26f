"""Tables of questions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin, Texts, TimestampMixin


class Question(IdMixin, Base):
    """A question asked in a room. What its author wrote is never changed: an edit or translation stands beside it."""

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending', 'approved', 'live', 'answered', 'declined', 'withdrawn', 'merged')", name="state"
        ),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged"),
        CheckConstraint("priority BETWEEN 0 AND 2", name="priority"),
        Index("ix_question_room_state", "room_id", "state"),
    )

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    original: Mapped[str]
    language: Mapped[str]
    anonymous: Mapped[bool] = mapped_column(default=False)
    # the crew's wording, in the question's language; empty when the original is shown
    edited: Mapped[str] = mapped_column(default="")
    # {language: text}, by the crew
    translations: Mapped[Texts] = mapped_column(default=dict)
    # original and edit, normalised for finding (see finding.py)
    search_text: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    # the place in the list everybody sees: counts up at approval
    position: Mapped[int | None]
    # at the top of everyone's list
    pinned: Mapped[bool] = mapped_column(default=False)
    # 0 normal, 1 soon, 2 first; the crew's
    priority: Mapped[int] = mapped_column(default=0)
    # its place among the next ones that the speaker sees; NULL when it isn't among them
    next_position: Mapped[int | None]
    labels: Mapped[list[str]] = mapped_column(JSON, default=list)
    # who of the crew takes care of it, as "user:<id>" or "registration:<id>"
    assigned_to: Mapped[str | None]
    merged_into_id: Mapped[str | None] = mapped_column(ForeignKey("question.id", ondelete="SET NULL"), index=True)
    # a written answer; one that was only spoken leaves it empty
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    # when it was marked live the last time
    live_at: Mapped[datetime | None]


class QuestionVote(IdMixin, Base):
    """One person's vote for one question."""

    __tablename__ = "question_vote"
    __table_args__ = (UniqueConstraint("question_id", "registration_id"),)

    question_id: Mapped[str] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class QuestionHold(Base):
    """Who of the crew has a question open at this moment, so that two don't work on it at once. Binds nobody."""

    __tablename__ = "question_hold"

    question_id: Mapped[str] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    # "user:<id>" or "registration:<id>"
    actor: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class RoomBlock(IdMixin, Base):
    """Somebody whose questions and messages are not taken in this room any more."""

    __tablename__ = "room_block"
    __table_args__ = (UniqueConstraint("room_id", "registration_id"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    # by which of their questions: where it was asked without a name, no other one may show who it was
    question_id: Mapped[str] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    blocked_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class CannedReply(IdMixin, TimestampMixin, Base):
    """Words that hosts use again and again, for reasons or for answers; of one session, or of all."""

    __tablename__ = "canned_reply"
    __table_args__ = (CheckConstraint("kind IN ('reason', 'answer')", name="kind"),)

    session_id: Mapped[str | None] = mapped_column(ForeignKey("scheduled_session.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    texts: Mapped[Texts]
    position: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str]


class FollowUp(IdMixin, TimestampMixin, Base):
    """A question that was open when its room ended: somebody answers it until a day."""

    __tablename__ = "question_follow_up"
    __table_args__ = (
        UniqueConstraint("question_id"),
        CheckConstraint("state IN ('open', 'answered', 'dropped')", name="state"),
    )

    question_id: Mapped[str] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    owner_user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="open")
    revision: Mapped[int] = mapped_column(default=1)
