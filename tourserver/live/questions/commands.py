"""The commands about questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.live import texts
from tourserver.live.calls import MODERATE, Call, Many, Outcome, Rule, Spec
from tourserver.live.forms import (
    Ask,
    Assign,
    Canned,
    Decline,
    Hold,
    Labels,
    Merge,
    Next,
    Priority,
    Seen,
    Translation,
    Unvote,
    Vote,
    Which,
    WhichCanned,
    Words,
)
from tourserver.live.questions import asking, canned, holds, limits, merging, sorting, votes, wording
from tourserver.live.questions.models import Question


def _ask(call: Call, args: Ask) -> dict[str, Any]:
    return _done(
        asking.ask(
            call.session,
            call.room_id,
            call.seat.actor.id,
            args.text,
            anonymous=args.anonymous,
            language=texts.language_of(args.text, call.caller.language),
        )
    )


def _vote(session: Session, room_id: str, calls: Sequence[tuple[Call, Vote | Unvote]]) -> list[Outcome]:
    ballots = [votes.Ballot(args.question, call.seat.actor.id, args.on) for call, args in calls]
    return [
        {"question": ballot.question, "on": ballot.on, "votes": counted} if isinstance(counted, int) else counted
        for ballot, counted in zip(ballots, votes.cast(session, room_id, ballots), strict=True)
    ]


def _withdraw(call: Call, args: Seen) -> dict[str, Any]:
    author = call.seat.actor.id
    return _done(asking.withdraw(call.session, call.room_id, args.question, args.revision, registration_id=author))


def _decline(call: Call, args: Decline) -> dict[str, Any]:
    return _done(
        asking.decline(call.session, call.room_id, args.question, args.revision, args.reason, actor=call.seat.actor)
    )


def _moderate(rule: Callable[..., Question]) -> Rule:
    return lambda call, args: _done(
        rule(call.session, call.room_id, args.question, args.revision, actor=call.seat.actor)
    )


def _done(question: Question) -> dict[str, Any]:
    """Ids only: the result is kept, and what is kept holds no names or texts."""
    return {"question": question.id, "revision": question.revision, "state": question.state}


def _back(call: Call, args: Seen) -> dict[str, Any]:
    return _done(asking.back(*_seen(call, args), actor=call.seat.actor))


def _edit(call: Call, args: Words) -> dict[str, Any]:
    return _done(wording.edit(*_seen(call, args), args.text, actor=call.seat.actor))


def _answer(call: Call, args: Words) -> dict[str, Any]:
    return _done(wording.answer(*_seen(call, args), args.text, actor=call.seat.actor))


def _translate(call: Call, args: Translation) -> dict[str, Any]:
    return _done(wording.translate(*_seen(call, args), args.language, args.text, actor=call.seat.actor))


def _hold(call: Call, args: Hold) -> dict[str, Any]:
    holds.hold(call.session, call.room_id, args.question, args.on, actor=call.seat.actor)
    return {"question": args.question, "on": args.on}


def _save_canned(call: Call, args: Canned) -> dict[str, Any]:
    texts_of = {str(lang): text for lang, text in args.texts.items()}
    return {"reply": canned.save(call.session, call.room_id, args.kind, texts_of, actor=call.seat.actor).id}


def _remove_canned(call: Call, args: WhichCanned) -> dict[str, Any]:
    canned.remove(call.session, call.room_id, args.reply, actor=call.seat.actor)
    return {"reply": args.reply}


def _label(call: Call, args: Labels) -> dict[str, Any]:
    return _done(sorting.label(*_seen(call, args), args.labels, actor=call.seat.actor))


def _assign(call: Call, args: Assign) -> dict[str, Any]:
    return _done(sorting.assign(*_seen(call, args), args.to, actor=call.seat.actor))


def _pin(on: bool) -> Rule:
    return lambda call, args: _done(sorting.pin(*_seen(call, args), on, actor=call.seat.actor))


def _priority(call: Call, args: Priority) -> dict[str, Any]:
    return _done(sorting.prioritise(*_seen(call, args), args.priority, actor=call.seat.actor))


def _next(call: Call, args: Next) -> dict[str, Any]:
    return _done(sorting.put_next(*_seen(call, args), args.on, actor=call.seat.actor))


def _merge(call: Call, args: Merge) -> dict[str, Any]:
    return _done(merging.merge(*_seen(call, args), args.into, args.into_revision, actor=call.seat.actor))


def _block(on: bool) -> Rule:
    def rule(call: Call, args: Which) -> dict[str, Any]:
        limits.block(call.session, call.room_id, args.question, on, actor=call.seat.actor)
        return {"question": args.question, "blocked": on}

    return rule


def _seen(call: Call, args: Seen) -> tuple[Session, str, str, int]:
    """What every moderating rule begins with."""
    return call.session, call.room_id, args.question, args.revision


VOTES: Final = Many(_vote)

COMMANDS: Final[dict[str, Spec]] = {
    "question.ask": Spec(Ask, None, _ask),
    "question.vote": Spec(Vote, None, VOTES),
    "question.unvote": Spec(Unvote, None, VOTES),
    "question.withdraw": Spec(Seen, None, _withdraw),
    "question.approve": Spec(Seen, MODERATE, _moderate(asking.approve)),
    "question.live": Spec(Seen, MODERATE, _moderate(asking.make_live)),
    "question.unlive": Spec(Seen, MODERATE, _moderate(asking.unlive)),
    "question.answered": Spec(Seen, MODERATE, _moderate(asking.answered)),
    "question.decline": Spec(Decline, MODERATE, _decline),
    "question.back": Spec(Seen, MODERATE, _back),
    "question.edit": Spec(Words, MODERATE, _edit),
    "question.answer": Spec(Words, MODERATE, _answer),
    "question.translate": Spec(Translation, MODERATE, _translate),
    "question.hold": Spec(Hold, MODERATE, _hold),
    "canned.save": Spec(Canned, MODERATE, _save_canned),
    "canned.remove": Spec(WhichCanned, MODERATE, _remove_canned),
    "question.label": Spec(Labels, MODERATE, _label),
    "question.assign": Spec(Assign, MODERATE, _assign),
    "question.pin": Spec(Seen, MODERATE, _pin(True)),
    "question.unpin": Spec(Seen, MODERATE, _pin(False)),
    "question.priority": Spec(Priority, MODERATE, _priority),
    "question.next": Spec(Next, MODERATE, _next),
    "question.merge": Spec(Merge, MODERATE, _merge),
    "person.block": Spec(Which, MODERATE, _block(True)),
    "person.unblock": Spec(Which, MODERATE, _block(False)),
}
