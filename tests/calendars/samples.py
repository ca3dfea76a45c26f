"""Invitations for tests, in the three languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tourserver.calendars.objects import Invitation

ENGLISH = Invitation(
    uid="6f1c2f6e-8f5b-4c55-9a3e-2d0a3b7c9d10@tours.example.org",
    sequence=0,
    stamped_at=datetime(2026, 11, 20, 9, 30, 15, 123456, tzinfo=UTC),
    starts_at=datetime(2026, 12, 10, 14, 0, tzinfo=UTC),
    ends_at=datetime(2026, 12, 10, 15, 0, tzinfo=UTC),
    title="District heating from waste: a tour of the turbine hall",
    join_url="https://tours.example.org/j/Zk3vT0aQyV8sXw5uB1nR4mP7cD2eF6gH",
    organiser_name="Smart City Sweden, tours",
    organiser_email="tours@example.org",
    attendee_name="Amina Wanjiru",
    attendee_email="amina@city.example.ke",
    language="en",
    description="How a city of 140,000 heats itself with what it throws away.\nBring your questions; any language.",
    url="https://tours.example.org/en/sessions/heat-from-waste",
    sound_url="https://meet.example.org/heat?room=1&pin=2",
    contact_name="Eva Lind",
    contact_email="eva.lind@example.org",
)

SWEDISH = replace(
    ENGLISH,
    title="Fjärrvärme ur avfall: en rundtur i turbinhallen",
    attendee_name="Åsa Öberg",
    attendee_email="asa@kommun.example.se",
    language="sv",
    description="Så värmer en stad med 140 000 invånare sig med det den slänger.",
    url="https://tours.example.org/sv/sessions/heat-from-waste",
)

CHINESE = replace(
    ENGLISH,
    title="利用垃圾焚烧余热的区域供暖：汽轮机大厅导览",
    attendee_name="王小明",
    attendee_email="wang@city.example.cn",
    language="zh_Hans",
    description="一座十四万人口的城市如何利用废弃物供暖。欢迎用任何语言提问。",
    url="https://tours.example.org/zh/sessions/heat-from-waste",
)

BY_LANGUAGE = {"en": ENGLISH, "sv": SWEDISH, "zh_Hans": CHINESE}


def invitation(**changes: Any) -> Invitation:
    """The English one with changes."""
    return replace(ENGLISH, **changes)
