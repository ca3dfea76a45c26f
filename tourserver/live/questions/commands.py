"""The commands about questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tourserver.live import texts
from tourserver.live.calls import MODERATE, Call, Rule, Spec
from tourserver.live.forms import Ask, Decline, Seen, Which
from tourserver.live.questions import asking, votes
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


def _vote(call: Call, args: Which) -> dict[str, Any]:
    count = votes.vote(call.session, call.room_id, args.question, call.seat.actor.id)
    return {"question": args.question, "on": True, "votes": count}


def _unvote(call: Call, args: Which) -> dict[str, Any]:
    count = votes.unvote(call.session, call.room_id, args.question, call.seat.actor.id)
    return {"question": args.question, "on": False, "votes": count}


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


COMMANDS: Final[dict[str, Spec]] = {
    "question.ask": Spec(Ask, None, _ask),
    "question.vote": Spec(Which, None, _vote),
    "question.unvote": Spec(Which, None, _unvote),
    "question.withdraw": Spec(Seen, None, _withdraw),
    "question.approve": Spec(Seen, MODERATE, _moderate(asking.approve)),
    "question.live": Spec(Seen, MODERATE, _moderate(asking.make_live)),
    "question.unlive": Spec(Seen, MODERATE, _moderate(asking.unlive)),
    "question.answered": Spec(Seen, MODERATE, _moderate(asking.answered)),
    "question.decline": Spec(Decline, MODERATE, _decline),
}
