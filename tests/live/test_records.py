"""A session's record: complete, in order, and nothing in it that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.factories import signed_in
from tests.live.factories import World, host_of, make_user, make_world, open_room
from tests.mail.samples import parsed
from tourserver.core import clock
from tourserver.core.services import Services
from tourserver.live import rooms
from tourserver.live.audience.models import ChatMessage, Poll, PollAnswer, PollChoice
from tourserver.live.questions import asking
from tourserver.live.questions.models import FollowUp, Question
from tourserver.live.records import files, tables
from tourserver.live.records.tables import Record, Table
from tourserver.mail.models import OutboxMessage
from tourserver.people.models import User
from tourserver.sessions.models import ScheduledSession

FORMULA = '=HYPERLINK("http://evil.example","click")'
CALCULATED = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n+1", "\u200b=1", "\uff1d1", "|cmd", "\ufeff=1"]


@pytest.fixture
def world(app_services: Services) -> World:
    """A room that ended with one question of each kind, a poll and a message."""
    with app_services.db.write() as session:
        made = make_world(session, people=3)
    open_room(app_services, made)
    with app_services.db.write() as session:
        asking.ask(session, made.room_id, made.people[0], FORMULA, anonymous=False, language="en")
        hidden = asking.ask(session, made.room_id, made.people[1], "谁来付钱？", anonymous=True, language="zh_Hans")
        asking.approve(session, made.room_id, hidden.id, 1, actor=host_of(made))
        gone = asking.ask(session, made.room_id, made.people[2], "Never mind", anonymous=False, language="en")
        asking.withdraw(session, made.room_id, gone.id, 1, registration_id=made.people[2])
        poll = Poll(
            room_id=made.room_id, kind="single", text="Which?", language="en", state="closed", created_by="user:x",
            options=[{"id": "a", "text": "-2 degrees"}, {"id": "b", "text": "Other"}], opened_at=clock.now(),
        )  # fmt: skip
        session.add(poll)
        session.flush()
        for person in made.people[:2]:
            answer = PollAnswer(poll_id=poll.id, registration_id=person)
            session.add(answer)
            session.flush()
            session.add(PollChoice(answer_id=answer.id, option_id="a"))
        for text, removed in (("@all hello", None), ("taken away", clock.now())):
            session.add(
                ChatMessage(
                    room_id=made.room_id, circle="public", registration_id=made.people[0], text=text, language="en",
                    removed_at=removed,
                )
            )  # fmt: skip
        session.add(ChatMessage(room_id=made.room_id, circle="crew", user_id=made.hosts[0], text="psst", language="en"))
    with app_services.db.write() as session:
        rooms.end_room(session, made.room_id, actor=host_of(made))
    return made


def host_client(app: Flask, app_services: Services, world: World):  # type: ignore[no-untyped-def]  # Flask's own class
    with app_services.db.read() as session:
        return signed_in(app, session.get_one(User, world.hosts[0]))


def record_of(app_services: Services, world: World) -> Record:
    with app_services.db.read() as session:
        planned = session.get_one(ScheduledSession, world.session_id)
        return tables.of_session(session, planned, "en", lambda text: text)


def by_title(table: Table, row: int) -> dict[str, object]:
    return dict(zip(table.columns, table.rows[row], strict=True))


def test_the_record_has_every_question_with_its_state_and_no_name_where_none_was_given(
    app_services: Services, world: World
) -> None:
    questions, polls, chat = record_of(app_services, world).tables
    assert len(questions.rows) == 2, "what its author took back is the author's"
    first, second = by_title(questions, 0), by_title(questions, 1)
    assert (first["Question"], first["Asked by"], first["State"]) == (FORMULA, "Amina Diallo", "waiting for the hosts")
    assert first["To be answered by"] == "Hanna Host"
    assert first["Due"] == clock.local(clock.now(), clock.SWEDEN).date() + timedelta(days=10)
    assert (second["Question"], second["Asked by"], second["Country"]) == ("谁来付钱？", "without a name", "")
    assert [row[-2:] for row in polls.rows] == [["-2 degrees", 2], ["Other", 0]]
    assert by_title(polls, 0)["People who answered"] == 2
    assert [row[-1] for row in chat.rows] == ["@all hello"], "nothing that was taken away, nothing of the crew"


def test_times_carry_their_offset() -> None:
    moment = datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert tables.when(moment, "Europe/Stockholm") == "2026-07-01 12:00:00 +02:00"
    assert tables.when(None, "Europe/Stockholm") == ""


@pytest.mark.parametrize("text", CALCULATED)
def test_a_cell_that_would_be_calculated_is_text_in_csv_and_xlsx(text: str) -> None:
    assert files.is_formula(text)
    table = Table("t", "T", ["A"], [[text]])
    rows = list(csv.reader(io.StringIO(files.as_csv(table).decode("utf-8-sig"), newline="")))
    assert rows[1][0].startswith("'")
    cell = openpyxl.load_workbook(io.BytesIO(files.as_xlsx(Record("s", "S", "UTC", "", [table])))).active["A2"]
    assert cell.data_type == "s"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_whatever_people_write_comes_back_whole_and_never_as_a_formula(rows: list[list[str]]) -> None:
    table = Table("t", "T", ["A", "B"], [list(row) for row in rows])
    content = files.as_csv(table).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(content, newline="")))[1:]
    for row, found in zip(rows, read, strict=True):
        for cell, shown in zip(row, found, strict=True):
            kept = cell.replace("\x00", "").encode("utf-8", "replace").decode()
            assert shown in (kept, f"'{kept}")
            assert not files.is_formula(shown) or shown.startswith("'")
    book = openpyxl.load_workbook(io.BytesIO(files.as_xlsx(Record("s", "S", "UTC", "", [table]))))
    assert all(cell.data_type != "f" for line in book.active.iter_rows() for cell in line)


def test_numbers_and_days_are_numbers_and_days() -> None:
    table = Table("t", "Q: [all]", ["N", "D", "T"], [[7, date(2026, 12, 5), "x"]])
    sheet = openpyxl.load_workbook(io.BytesIO(files.as_xlsx(Record("s", "S", "UTC", "", [table])))).active
    assert sheet is not None
    assert (sheet["A2"].value, sheet["B2"].value.date()) == (7, date(2026, 12, 5))
    assert files.as_csv(table).decode("utf-8-sig").splitlines()[1] == "7,2026-12-05,x"


def test_hosts_get_all_files_as_downloads(app: Flask, app_services: Services, world: World) -> None:
    client = host_client(app, app_services, world)
    page = client.get(f"/studio/sessions/{world.slug}/record")
    assert page.status_code == 200
    for name in ("record.xlsx", "record.html", "questions.csv", "polls.csv", "chat.csv"):
        answer = client.get(f"/studio/sessions/{world.slug}/record/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert "no-store" in answer.headers["Cache-Control"]
    readable = client.get(f"/studio/sessions/{world.slug}/record/record.html").text
    assert "谁来付钱？" in readable
    assert FORMULA not in readable, "escaped"
    assert client.get(f"/studio/sessions/{world.slug}/record/secrets.csv").status_code == 404


def test_nobody_else_gets_them(app: Flask, app_services: Services, world: World) -> None:
    with app_services.db.write() as session:
        other = make_world(session)
    with app_services.db.read() as session:
        stranger = signed_in(app, session.get_one(User, other.hosts[0]))
    paths = ["", "/record.xlsx", "/record.html", "/questions.csv"]
    for path in paths:
        assert stranger.get(f"/studio/sessions/{world.slug}/record{path}").status_code == 403
        assert app.test_client().get(f"/studio/sessions/{world.slug}/record{path}").status_code == 302


def test_an_answer_in_the_studio_reaches_who_asked_by_mail(app: Flask, app_services: Services, world: World) -> None:
    client = host_client(app, app_services, world)
    listed = client.get("/studio/questions")
    assert "谁来付钱？" in listed.text
    with app_services.db.read() as session:
        question = session.scalars(select(Question).where(Question.anonymous.is_(True))).one()
        follow_up = session.scalars(select(FollowUp).where(FollowUp.question_id == question.id)).one()
    address = f"/studio/questions/{follow_up.id}"
    shown = client.get(address)
    assert shown.status_code == 200
    assert "Amina" not in shown.text, "asked without a name"
    form = {"revision": follow_up.revision, "owner": follow_up.owner_user_id, "due_on": follow_up.due_on.isoformat()}
    empty = client.post(address, data={**form, "answer": " ", "what": "answer"})
    assert empty.status_code == 422
    done = client.post(address, data={**form, "answer": "The city and the utility.", "what": "answer"})
    assert (done.status_code, done.headers["Location"]) == (302, "/studio/questions")
    with app_services.db.read() as session:
        mail = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == f"answer:{question.id}")).one()
        body = parsed(mail.content).get_body(("plain",))
        assert body is not None
        assert "The city and the utility." in body.get_content()
    again = client.post(address, data={**form, "answer": "Twice.", "what": "answer"})
    assert again.status_code == 302, "it is not open any more"
    stranger_id = ""
    with app_services.db.write() as session:
        stranger_id = make_user(session)
    with app_services.db.read() as session:
        assert signed_in(app, session.get_one(User, stranger_id)).get(address).status_code == 403
