"""Mail to the staff: what it says, in the recipient's language, with the link in both forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from tests.mail import golden
from tests.mail.samples import DATE, SENDER, parsed
from tourserver.core.errors import Invalid
from tourserver.mail import letters
from tourserver.people.invitations import ROLE_NAMES

MESSAGE_ID = "<5b8f3f0e-0000-4000-8000-000000000002@example.org>"
TO = letters.Recipient(sender=SENDER, name="Olle Ek", address="olle@example.org", language="en")
INVITATION = letters.StaffInvitationMail(
    to=TO,
    invited_by="Anna Berg",
    role=ROLE_NAMES["node_reviewer"],
    place="Umeå",
    link="https://tours.example.org/studio/welcome/abcDEF123",
    expires_at=datetime(2026, 12, 1, 23, 30, tzinfo=UTC),
)
NEWS = letters.TourNews(
    to=TO,
    kind="sent_back",
    site="The harbour",
    link="https://tours.example.org/studio/sites/harbour/tour/submissions/1",
    by="Rut Holm",
    note="Blur the lorry.\nThen send it again.",
)


def body(message: EmailMessage, kind: str) -> str:
    found = parsed(message.as_bytes()).get_body((kind,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content()).replace("\r\n", "\n")


def test_the_invitation_of_an_officer_is_as_it_was_checked() -> None:
    message = letters.staff_invitation(INVITATION, message_id=MESSAGE_ID, date=DATE)
    golden.check("mail/staff_invitation.en.eml", message.as_bytes())


@pytest.mark.parametrize("kind", list(letters.NEWS))
def test_the_news_of_a_tour_is_as_it_was_checked(kind: str) -> None:
    more = {"scene": "The quay", "sessions": ("A walk by the water",)} if kind == "withdrawn" else {}
    mail = replace(NEWS, kind=kind, note="" if kind == "published" else NEWS.note, **more)  # type: ignore[arg-type]  # a scene or sessions
    message = letters.tour_news(mail, message_id=MESSAGE_ID, date=DATE)
    golden.check(f"mail/tour_news.{kind}.en.eml", message.as_bytes())


def test_the_answer_to_a_question_is_as_it_was_checked() -> None:
    mail = letters.AnswerMail(
        to=TO,
        session="A walk by the water",
        question="Who pays for it?\nAnd for how long?",
        answer="The city and the utility.\nFor thirty years.",
        link="https://tours.example.org/en/sessions/walk",
        contact_name="Anna Berg",
        contact_email="anna@example.org",
    )
    golden.check("mail/answer.en.eml", letters.answer(mail, message_id=MESSAGE_ID, date=DATE).as_bytes())


def test_the_date_is_the_swedish_day_as_the_recipient_writes_it() -> None:
    for lang, day in (("en", "2 December 2026"), ("sv", "2 december 2026"), ("zh_Hans", "2026年12月2日")):
        message = letters.staff_invitation(replace(INVITATION, to=replace(TO, language=lang)))
        for kind in ("plain", "html"):
            assert day in body(message, kind)
            assert INVITATION.link in body(message, kind)
        assert message["Content-Language"] == {"zh_Hans": "zh-Hans"}.get(lang, lang)


def test_what_people_typed_can_neither_add_headers_nor_markup() -> None:
    nasty = "x\r\nBcc: eve@example.org <b>&amp;"
    message = letters.tour_news(replace(NEWS, site=nasty, by=nasty, note=nasty, to=replace(TO, name=nasty)))
    read = parsed(message.as_bytes())
    assert "Bcc" not in read
    assert "<b>" not in body(message, "html")
    assert "&lt;b&gt;&amp;amp;" in body(message, "html")


def test_a_link_that_is_no_web_address_is_refused() -> None:
    with pytest.raises(Invalid):
        letters.staff_invitation(replace(INVITATION, link="javascript:alert(1)"))
