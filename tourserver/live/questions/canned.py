"""Words that hosts use again and again, for declining and answering: a session's own, and ours to begin with."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Invalid, NotFound
from tourserver.core.i18n import LANGUAGES, N_
from tourserver.core.rights import Actor
from tourserver.live import events, rooms, texts
from tourserver.live.questions.models import CannedReply

LIMITS: Final = {"reason": 300, "answer": 4000}
MOST: Final = 40
"""Ready words of one session."""
# not messages of the pages but words to delegates, who read them in their own language whatever the host reads
DEFAULTS: Final[tuple[tuple[str, Texts], ...]] = (
    (
        "reason",
        {
            "en": "This was asked already. Please vote for that question.",
            "sv": "Frågan har redan ställts. Rösta gärna på den.",
            "zh_Hans": "这个问题已经有人提出，请为那个问题投票。",
        },
    ),
    (
        "reason",
        {
            "en": "This is not about the site that we show today.",
            "sv": "Det här gäller inte besöksmålet som vi visar i dag.",
            "zh_Hans": "这个问题与今天展示的地点无关。",
        },
    ),
    (
        "reason",
        {
            "en": "Time is short. We answer it by mail after the session.",
            "sv": "Tiden räcker inte. Vi svarar med e-post efteråt.",
            "zh_Hans": "时间有限，我们将在活动结束后通过邮件答复。",
        },
    ),
    (
        "answer",
        {
            "en": "Thank you. The documents about this are on the site's page.",
            "sv": "Tack. Dokumenten om detta finns på besöksmålets sida.",
            "zh_Hans": "谢谢。相关文件可在该地点的页面上找到。",
        },
    ),
)


def listed(session: Session, session_id: str) -> list[dict[str, Any]]:
    """A session's ready words, the common ones after them; ours where there are none at all."""
    query = select(CannedReply).where(CannedReply.session_id.in_([session_id]) | CannedReply.session_id.is_(None))
    found = session.scalars(query.order_by(CannedReply.position, CannedReply.created_at, CannedReply.id)).all()
    if not found:
        return [
            {"id": f"default-{number}", "kind": kind, "texts": words, "own": False}
            for number, (kind, words) in enumerate(DEFAULTS)
        ]
    own_first = sorted(found, key=lambda reply: reply.session_id is None)
    return [
        {"id": one.id, "kind": one.kind, "texts": one.texts, "own": one.session_id is not None} for one in own_first
    ]


def save(session: Session, room_id: str, kind: str, words: Texts, *, actor: Actor) -> CannedReply:
    """Keep words for next time, in one or several languages; with the first ones the session keeps ours as well."""
    cleaned = {lang: texts.clean(text, LIMITS[kind], field="texts") for lang, text in words.items() if text.strip()}
    if not cleaned or not set(cleaned).issubset(LANGUAGES):
        raise Invalid(N_("Write something first."), field="texts")
    events.hold(session, room_id, [events.STAFF])
    session_id = rooms.get(session, room_id).session_id
    own = select(func.count()).select_from(CannedReply).where(CannedReply.session_id == session_id)
    amount = session.scalar(own) or 0
    if amount >= MOST:
        raise Conflict(N_("There is room for %(count)s ready texts. Remove one first."), count=MOST)
    if not amount and not session.scalar(select(CannedReply.id).where(CannedReply.session_id.is_(None)).limit(1)):
        session.add_all(
            CannedReply(session_id=session_id, kind=of, texts=text, position=at, created_by=actor.reference)
            for at, (of, text) in enumerate(DEFAULTS)
        )
        amount = len(DEFAULTS)
    reply = CannedReply(session_id=session_id, kind=kind, texts=cleaned, position=amount, created_by=actor.reference)
    session.add(reply)
    session.flush()
    return _told(session, room_id, session_id, reply, "canned.save", actor)


def remove(session: Session, room_id: str, reply_id: str, *, actor: Actor) -> None:
    """Take ready words of this session away. Those of all sessions stay. Raises :class:`NotFound`."""
    events.hold(session, room_id, [events.STAFF])
    session_id = rooms.get(session, room_id).session_id
    query = select(CannedReply).where(CannedReply.id == reply_id, CannedReply.session_id == session_id)
    reply = session.scalar(query)
    if reply is None:
        raise NotFound(N_("These words are no longer here."), field="reply")
    session.delete(reply)
    session.flush()
    _told(session, room_id, session_id, reply, "canned.remove", actor)


def _told(session: Session, room_id: str, session_id: str, reply: CannedReply, verb: str, actor: Actor) -> CannedReply:
    audit.record(session, actor, verb, "canned_reply", reply.id)
    events.append(session, room_id, events.STAFF, "canned.changed", {"session": session_id})
    return reply
