"""The answer to a question that was left open, by mail to who asked it."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from tourserver.core.i18n import pick, url_lang
from tourserver.core.services import Services
from tourserver.live.questions.models import Question
from tourserver.mail import letters
from tourserver.mail.rendering import sender_of
from tourserver.registration import invitations
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession

KIND: Final = "answer"


def queue_answer(session: Session, services: Services, question: Question, planned: ScheduledSession) -> bool:
    """Put the mail into the outbox, in the transaction of the answer; False when its person was erased.

    Who asked without a name gets it as well: the address goes into the mail and is shown to nobody.
    """
    registration = session.get_one(Registration, question.registration_id)
    person, lang = registration.person, registration.language
    if not person.email:
        return False
    mail = letters.AnswerMail(
        to=letters.Recipient(
            sender=sender_of(services, session), name=person.name, address=person.email, language=lang
        ),
        session=pick(planned.title, lang).value,
        question=question.original,
        answer=question.answer,
        link=f"{services.public_url(session)}/{url_lang(lang)}/sessions/{planned.slug}",
        contact_name=planned.contact_name,
        contact_email=planned.contact_email,
    )
    # in the registration's own stream: it is emptied with it, 30 days after the session or with the person
    stream, kind = invitations.stream(registration), f"{KIND}:{question.id}"
    letters.queue(session, services, stream, kind, letters.answer(mail), revision=question.revision)
    return True
