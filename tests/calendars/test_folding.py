from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calendars.reader import read_all, unescaped, unfolded
from tests.calendars.samples import invitation
from tourserver.calendars import objects
from tourserver.mail.plain import one_line, several_lines

PIECES = st.one_of(
    st.text(max_size=120),
    st.text(alphabet="市智慧导览，；：", min_size=1, max_size=120),
    st.text(alphabet="😀👩\u200d👧🇸🇪é\u0301", min_size=1, max_size=60),
    st.text(alphabet="\\;,:\"^'n", min_size=1, max_size=100),
    st.sampled_from(["x" * 74, "x" * 75, "x" * 76, "å" * 40, "a" * 500, " " * 80 + "x"]),
)
TYPED = st.lists(PIECES, max_size=4).map("".join)


def value(content: bytes, name: str) -> str:
    before_alarm = content.split(b"BEGIN:VALARM")[0]
    (found,) = (line for line in unfolded(before_alarm) if line.startswith(f"{name}:"))
    return unescaped(found.split(":", 1)[1])


@settings(deadline=None)
@given(title=TYPED, description=TYPED, name=TYPED)
def test_every_line_is_short_whole_and_gives_back_the_text(title: str, description: str, name: str) -> None:
    sample = invitation(title=f"T{title}", description=description, attendee_name=name)
    content = objects.download(sample)
    assert value(content, "SUMMARY") == one_line(f"T{title}")
    assert several_lines(description) in value(content, "DESCRIPTION")
    unfolded(objects.request(sample))
    assert content == objects.download(sample)


def test_another_reader_gives_back_two_hundred_mixed_titles() -> None:
    chance = random.Random(7)
    pieces = ["城市导览", "😀", "👩\u200d👧", "värme", "; , : \\ \"q\" 'x'", "a" * 60, "é\u0301", "\\n", "مرحبا", " – "]
    titles = ["T" + "".join(chance.choices(pieces, k=chance.randint(1, 14))) for _ in range(200)]
    found = read_all([objects.request(invitation(title=title)) for title in titles])
    assert [calendar.event.one("summary").value for calendar in found] == [one_line(title) for title in titles]
