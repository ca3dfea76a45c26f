"""Staff pages: a session's record as files, and the questions that are still to be answered."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tourserver.core import clock, web
from tourserver.core.errors import Conflict, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live.questions import followups
from tourserver.live.questions.models import FollowUp, Question
from tourserver.live.records import files, letters, tables
from tourserver.live.records.forms import FollowUpForm
from tourserver.people import countries
from tourserver.people.models import User
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession
from tourserver.sessions.studio import load

record_bp = Blueprint("live_record", __name__, url_prefix="/studio/sessions/<slug>/record")
questions_bp = Blueprint("live_questions", __name__, url_prefix="/studio/questions")

SEE = "registrations.see"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# --- files


@record_bp.get("")
@web.staff_required(SEE)
def index(slug: str) -> str:
    """What there is of a session, and its files."""
    actor = web.current_actor()
    with web.db().read() as session:
        planned = load(session, slug, SEE)
        record = tables.of_session(session, planned, web.current_language(), _)
        waiting = _rows(session, followups.to_do(session, actor, session_id=planned.id))
        return web.studio_page("live/record_index.html", "sessions", planned=planned, record=record, waiting=waiting)


@record_bp.get("/record.xlsx")
@web.staff_required(SEE)
def xlsx(slug: str) -> Response:
    """All tables in one workbook."""
    return _file(files.as_xlsx(_record(slug)), XLSX, f"{slug}.xlsx")


@record_bp.get("/<part>.csv")
@web.staff_required(SEE)
def csv(slug: str, part: str) -> Response:
    """One table."""
    table = next((one for one in _record(slug).tables if one.key == part), None)
    if table is None:
        raise NotFound(N_("There is no such file."))
    return _file(files.as_csv(table), "text/csv; charset=utf-8", f"{slug}-{part}.csv")


@record_bp.get("/record.html")
@web.staff_required(SEE)
def html(slug: str) -> Response:
    """To read and to print, without this server."""
    page = render_template("live/record.html", record=_record(slug))
    return _file(page.encode(), "text/html; charset=utf-8", f"{slug}.html")


def _record(slug: str) -> tables.Record:
    with web.db().read() as session:
        return tables.of_session(session, load(session, slug, SEE), web.current_language(), _)


def _file(content: bytes, content_type: str, name: str) -> Response:
    answer = Response(content, content_type=content_type)
    # a download in every case: what people wrote is never a page of this site
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


# --- questions to answer


@questions_bp.get("")
@web.staff_required("studio.see")
def to_do() -> str:
    """All open questions that the person owns or may look after, the most urgent first."""
    actor = web.current_actor()
    with web.db().read() as session:
        rows = _rows(session, followups.to_do(session, actor))
    mine = [row for row in rows if row["follow_up"].owner_user_id == actor.id]
    others = [row for row in rows if row["follow_up"].owner_user_id != actor.id]
    return web.studio_page("live/follow_ups.html", "questions", mine=mine, others=others)


def _rows(session: Session, found: list[tuple[FollowUp, Question, str]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for follow_up, question, session_id in found:
        planned = session.get_one(ScheduledSession, session_id)
        owner = session.get(User, follow_up.owner_user_id) if follow_up.owner_user_id else None
        rows.append(
            {
                "follow_up": follow_up,
                "question": question,
                "session": planned,
                "owner": (owner.name or owner.email) if owner else "",
                "due": web.day(follow_up.due_on),
                "late": follow_up.due_on < clock.local(clock.now(), planned.zone).date(),
            }
        )
    return rows


@questions_bp.route("/<follow_up_id>", methods=["GET", "POST"])
@web.staff_required("studio.see")
def edit(follow_up_id: str) -> Any:
    """One question: who answers it until when, the answer, or that there will be none."""
    actor = web.current_actor()
    with web.db().read() as session:
        follow_up, _question, planned = followups.find(session, follow_up_id, actor)
        people = followups.owners(session, planned)
    if follow_up.state != "open":
        flash(_("This question is not open any more."), "info")
        return redirect(url_for("live_questions.to_do"))
    values = {"revision": follow_up.revision, "owner": follow_up.owner_user_id or "", "due_on": follow_up.due_on}
    form = FollowUpForm(data=None if request.method == "POST" else values)
    form.owner.choices = [("", _("Nobody yet")), *((one.id, one.name or one.email) for one in people)]
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            words = _save(follow_up_id, form, actor)
        except Conflict as error:
            status = error.status
            form.form_errors.append(web.message(error))
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(words, "done")
            return redirect(url_for("live_questions.to_do"))
    return _page(follow_up_id, form, actor), status


def _save(follow_up_id: str, form: FollowUpForm, actor: Actor) -> str:
    """Do what the button says; gives the words for it."""
    services, seen, what = web.services(), int(form.revision.data), request.form.get("what", "plan")
    with services.db.write() as session:
        if what == "answer":
            followups.answer(session, follow_up_id, form.answer.data or "", seen_revision=seen, actor=actor)
            _follow_up, question, planned = followups.find(session, follow_up_id, actor)
            if letters.queue_answer(session, services, question, planned):
                return str(_("The answer is on its way by mail."))
            return str(_("The answer is kept. Its author can't be reached any more."))
        if what == "drop":
            followups.drop(session, follow_up_id, seen_revision=seen, actor=actor)
            return str(_("The question is off the list."))
        followups.plan(
            session,
            follow_up_id,
            seen_revision=seen,
            owner_user_id=form.owner.data or None,
            due_on=form.due_on.data,
            actor=actor,
        )
        return str(_("It is noted who answers and until when."))


def _page(follow_up_id: str, form: FollowUpForm, actor: Actor) -> str:
    with web.db().read() as session:
        _follow_up, question, planned = followups.find(session, follow_up_id, actor)
        registration = session.get_one(Registration, question.registration_id)
        author = "" if question.anonymous else registration.person.name
        country = "" if question.anonymous else countries.name(registration.country, web.current_language())
        return web.studio_page(
            "live/follow_up.html",
            "questions",
            form=form,
            question=question,
            planned=planned,
            author=author,
            country=country,
        )
