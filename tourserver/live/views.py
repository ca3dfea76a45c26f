"""Pages of the live room: the join link, the delegate's page, the crew's page. A GET changes nothing here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import segno
from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from tourserver.core import clock, i18n, rights, web
from tourserver.core.errors import Forbidden, Gone, NotFound, TourserverError
from tourserver.core.i18n import N_
from tourserver.live import access, entrance, rooms, tickets
from tourserver.live.access import Seat
from tourserver.live.calls import MODERATE
from tourserver.live.questions import history
from tourserver.live.questions.changing import unknown
from tourserver.live.tickets import RoomName, Ticket
from tourserver.registration.models import Registration
from tourserver.sessions import listing
from tourserver.sessions.models import ScheduledSession
from tourserver.tours import document

bp = Blueprint("live", __name__)

FIRST_PAGES: Final = {
    "host": "live.host",
    "co_moderator": "live.host",
    "speaker": "live.speaker",
    "captioner": "live.captions",
}
"""Where a link of the crew leads, by role."""


def _keep_private(response: Response) -> Response:
    """Nobody stores these pages, finds them by searching, or learns their address from a link in them."""
    if request.blueprint == bp.name:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.record_once
def _set_headers_last(state: BlueprintSetupState) -> None:
    """After Talisman, which writes its own Referrer-Policy over any other: the first function listed runs last."""
    state.app.after_request_funcs.setdefault(None, []).insert(0, _keep_private)


@bp.get("/g/<token>", endpoint="guest")
@bp.get("/j/<token>")
def join(token: str) -> Answer | tuple[str, int]:
    """A personal link: remembered in a cookie, and out of the address bar at once."""
    services = web.services()
    with services.db.read() as session:
        try:
            registration_id = services.tokens.lookup(session, access.JOIN, token)
        except Gone:
            slug = access.session_of_replaced_link(session, token)
            return render_template("live/gone.html", replaced=True, action=_new_link(slug)), 410
        except NotFound:
            return render_template("live/gone.html", replaced=False, action=_sessions_action()), 404
        registration = session.get_one(Registration, registration_id)
        planned = session.get_one(ScheduledSession, registration.session_id)
        version = services.tokens.version(session, access.JOIN, registration_id)
        web.use_language(registration.language)
        ticket = Ticket(planned.id, "registration", registration_id, version)
        try:
            seat = access.check(session, services.tokens, ticket)
        except TourserverError as error:
            return _refused(error, planned)
        if seat.crew:
            page = url_for(FIRST_PAGES[seat.role], slug=planned.slug)
            return _remember(redirect(page, 303), tickets.crew_path(planned.slug), ticket)
        page = url_for("live.room", slug=planned.slug)
        return _remember(redirect(page, 303), tickets.cookie_path(planned.slug), ticket)


def _remember(response: Answer, path: str, ticket: Ticket) -> Answer:
    response.set_cookie(
        tickets.COOKIE,
        tickets.write_cookie(web.services().keys.secret_key, ticket),
        max_age=tickets.COOKIE_SECONDS,
        path=path,
        secure=bool(current_app.config.get("TOURSERVER_HTTPS")),
        httponly=True,
        samesite="Lax",
    )
    return response


@bp.get("/live/<slug>")
def room(slug: str) -> Answer | str | tuple[str, int]:
    """The delegate's page: lobby, room and thank-you."""
    services = web.services()
    ticket = tickets.read_cookie(services.keys.secret_key, request.cookies.get(tickets.COOKIE))
    with services.db.read() as session:
        planned = _session(session, slug)
        if planned.slug != slug:
            moved = redirect(url_for("live.room", slug=planned.slug), 301)
            return _remember(moved, tickets.cookie_path(planned.slug), ticket) if ticket else moved
        if ticket is None or ticket.session_id != planned.id:
            return _without_link(planned)
        try:
            seat = access.check(session, services.tokens, ticket)
        except TourserverError as error:
            return _refused(error, planned)
        web.use_language(seat.language)
        return render_template("live/room.html", room=_page(session, planned, seat, ticket))


@bp.get("/host/<slug>")
def host(slug: str) -> Answer | str | tuple[str, int]:
    """The crew's page: guiding, questions, polls, chat and people."""
    return _crew(slug, "live.host", "live/host.html")


@bp.get("/host/<slug>/rehearsal")
def rehearsal(slug: str) -> Answer | str | tuple[str, int]:
    """The crew's page once more, in a room of its own: nothing of it counts, and no delegate is there."""
    return _crew(slug, "live.rehearsal", "live/host.html", room_name="rehearsal")


@bp.get("/host/<slug>/queue")
def queue(slug: str) -> Answer | str | tuple[str, int]:
    """The moderator's queue alone, as on a phone in the hand."""
    return _crew(slug, "live.queue", "live/host.html", only="queue")


@bp.get("/host/<slug>/speaker")
def speaker(slug: str) -> Answer | str | tuple[str, int]:
    """The question that is being answered and the next three, to be read from two metres."""
    return _crew(slug, "live.speaker", "live/speaker.html")


@bp.get("/host/<slug>/screen")
def screen(slug: str) -> Answer | str | tuple[str, int]:
    """For a projector: the question that is being answered, and how to join."""
    return _crew(slug, "live.screen", "live/screen.html", with_code=True)


@bp.get("/host/<slug>/captions")
def captions(slug: str) -> Answer | str | tuple[str, int]:
    """Where a captioner writes what is said."""
    return _crew(slug, "live.captions", "live/captions.html")


@bp.get("/host/<slug>/questions/<question_id>/history")
def question_history(slug: str, question_id: str) -> Answer:
    """What was done with a question, for who moderates it: JSON ``steps``."""
    services, actor = web.services(), web.current_actor()
    with services.db.read() as session:
        planned = _session(session, slug)
        entered = entrance.enter(session, services, planned, actor, request.cookies.get(tickets.COOKIE))
        here = rooms.find(session, planned.id)
        if entered is None:
            raise Forbidden(N_("Only this session's crew may open this page."))
        rights.require(session, entered.seat.actor, MODERATE, access.thing(planned.id))
        if here is None:
            raise unknown()
        return jsonify(steps=history.of(session, here.id, question_id))


def _crew(
    slug: str,
    endpoint: str,
    template: str,
    *,
    only: str = "",
    with_code: bool = False,
    room_name: RoomName = "main",
) -> Answer | str | tuple[str, int]:
    services, actor = web.services(), web.current_actor()
    with services.db.read() as session:
        planned = _session(session, slug)
        try:
            entered = entrance.enter(session, services, planned, actor, request.cookies.get(tickets.COOKIE))
        except TourserverError as error:
            return _refused(error, planned)
        if entered is None:
            return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
        if planned.slug != slug:
            moved = redirect(url_for(endpoint, slug=planned.slug), 301)
            guest = entered.ticket.kind == "registration"
            return _remember(moved, tickets.crew_path(planned.slug), entered.ticket) if guest else moved
        web.use_language(entered.seat.language)
        page = _page(session, planned, entered.seat, replace(entered.ticket, room=room_name))
        code = _code(_public_url(planned)) if with_code else None
        return render_template(template, room=page, only=only, may=page["may"], code=code, address=_public_url(planned))


def _public_url(planned: ScheduledSession) -> str:
    return f"{request.host_url.rstrip('/')}{_session_url(planned)}"


def _code(address: str) -> Markup:
    """A QR code (ISO/IEC 18004) of an address as SVG, dark on light with the quiet zone that readers need."""
    made = segno.make(address, error="m").svg_inline(scale=8, border=4, dark="#000000", light="#ffffff", omitsize=True)
    return Markup(made)  # noqa: S704 - made of numbers by the library


def _session(session: Session, slug: str) -> ScheduledSession:
    """The session with this address, or that had it once. Raises :class:`NotFound`, for drafts too."""
    planned = session.scalar(select(ScheduledSession).where(ScheduledSession.slug == slug))
    planned = planned or listing.renamed(session, slug)
    if planned is None or planned.state == "draft":
        raise NotFound(N_("There is no such session."))
    return planned


def _page(session: Session, planned: ScheduledSession, seat: Seat, ticket: Ticket) -> dict[str, Any]:
    """What the page's script starts with: JSON values only."""
    lang = web.current_language()
    here = rooms.find(session, planned.id, ticket.room)
    links = {
        "session": _session_url(planned),
        "leave": url_for("studio.today") if seat.role == "host" else _session_url(planned),
        "studio": url_for("studio.today") if seat.role == "host" else None,
        "privacy": f"{request.script_root}/{i18n.url_lang(lang)}/privacy",
    }
    me: dict[str, str] = {"name": seat.name, "actor": seat.actor.reference}
    me[seat.actor.kind] = seat.actor.id
    return {
        "ticket": tickets.sign(web.services().keys.secret_key, ticket),
        # to the page and its channels everyone of the crew is a host; what each may do is in "may"
        "role": "host" if seat.crew else "participant",
        "room": ticket.room,
        "crew_role": seat.role,
        "may": access.may(session, seat),
        "lang": lang,
        "state": here.state if here else "closed",
        "poster": _poster(session, planned, lang),
        "session": {
            "slug": planned.slug,
            "title": i18n.pick(planned.title, lang).json(),
            "kind": planned.kind,
            "starts_at": clock.milliseconds(planned.starts_at),
            "ends_at": clock.milliseconds(planned.ends_at),
            "sound_url": planned.sound_url or None,
            "zone": planned.zone,
            "contact": _contact(planned),
        },
        "me": me,
        "links": {name: link for name, link in links.items() if link},
    }


def _poster(session: Session, planned: ScheduledSession, lang: str) -> str | None:
    """The start view of the first tour, as a picture: shown until the tour itself is there."""
    here = rooms.find(session, planned.id)
    shown = rooms.tours(session, here) if here else rooms.current_tours(session, planned.id)
    if not shown:
        return None
    tour = document.build(session, shown[0], lang)
    posters: dict[str, str | None] = {scene["id"]: scene["poster"] for scene in tour["scenes"]}
    return posters.get(tour["start"])


def _contact(planned: ScheduledSession) -> dict[str, str] | None:
    if not planned.contact_email:
        return None
    return {"name": planned.contact_name or planned.contact_email, "email": planned.contact_email}


# --- pages of refusal


def _without_link(planned: ScheduledSession) -> tuple[str, int]:
    action = {"url": _session_url(planned), "words": _("Register")}
    return (
        render_template(
            "live/refused.html",
            title=_("You need your personal link"),
            message=_(
                "This browser hasn't opened your link to this session. It is in the mail that confirmed your "
                "registration. If you haven't registered yet, you can do it now."
            ),
            action=action,
            contact=_contact(planned),
        ),
        403,
    )


def _refused(error: TourserverError, planned: ScheduledSession) -> tuple[str, int]:
    """Why somebody is not in the room, and the way on."""
    if error.code == "replaced_link":
        page = render_template(
            "live/gone.html", replaced=True, action=_new_link(planned.slug), contact=_contact(planned)
        )
        return page, error.status
    words = {"cancelled": _("This session was cancelled"), "signed_out": _("You were signed out")}
    steps = {
        "withdrawn": {"url": _session_url(planned), "words": _("Register")},
        "signed_out": {"url": url_for("security.login"), "words": _("Sign in")},
    }
    step = steps.get(error.code, {"url": _session_url(planned), "words": _("See the session")})
    page = render_template(
        "live/refused.html",
        title=words.get(error.code, _("You can't enter this room")),
        message=web.message(error),
        action=step,
        contact=_contact(planned),
    )
    return page, error.status


def _new_link(slug: str | None) -> dict[str, str | None]:
    """The form that mails the link once more."""
    if slug is None:
        return _sessions_action()
    return {"url": web.page_url("registration.resend", slug=slug), "words": _("New link by mail")}


def _sessions_action() -> dict[str, str | None]:
    lang = i18n.url_lang(web.current_language())
    return {"url": f"{request.script_root}/{lang}/sessions", "words": _("See the sessions")}


def _session_url(planned: ScheduledSession) -> str:
    """The session's public page; its address is fixed by experience."""
    lang = i18n.url_lang(web.current_language())
    return f"{request.script_root}/{lang}/sessions/{planned.slug}"
