"""Mails after a change and a cancellation, in each language, with the calendar entry that says the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.calendars import samples as calendar_samples
from tests.mail import golden
from tests.mail.samples import DATE, invitation_mail
from tourserver.calendars import objects
from tourserver.mail import changes

LANGUAGES = ("en", "sv", "zh_Hans")
IDS = {
    "references": ("<5b8f3f0e-0000-4000-8000-000000000001@example.org>",),
    "message_id": "<5b8f3f0e-0000-4000-8000-000000000003@example.org>",
    "date": DATE,
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_mail_about_another_time_is_as_it_was_checked(lang: str) -> None:
    sample = calendar_samples.BY_LANGUAGE[lang]
    entry = replace(sample, sequence=1)
    before = (sample.starts_at - timedelta(days=1), sample.ends_at - timedelta(days=1))
    message = changes.update(invitation_mail(lang), objects.request(entry), before=before, **IDS)  # type: ignore[arg-type]  # by name
    golden.check(f"mail/moved.{lang}.eml", message.as_bytes())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_mail_about_a_change_is_as_it_was_checked(lang: str) -> None:
    entry = replace(calendar_samples.BY_LANGUAGE[lang], sequence=1)
    message = changes.update(invitation_mail(lang), objects.request(entry), before=None, **IDS)  # type: ignore[arg-type]  # by name
    golden.check(f"mail/changed.{lang}.eml", message.as_bytes())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_mail_about_a_cancellation_is_as_it_was_checked(lang: str) -> None:
    entry = replace(calendar_samples.BY_LANGUAGE[lang], sequence=2)
    words = "The plant is being repaired.\nWe will write again."
    message = changes.cancellation(invitation_mail(lang), objects.cancel(entry), words=words, **IDS)  # type: ignore[arg-type]  # by name
    golden.check(f"mail/cancelled.{lang}.eml", message.as_bytes())
