"""Pages of the live room: the join link, the delegate's page, the crew's page. A GET changes nothing here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response as Answer

from tourserver.core import clock, i18n, web
from tourserver.core.errors import Gone, NotFound, TourserverError
from tourserver.live import access, rooms, tickets
from tourserver.live.access import Seat
from tourserver.live.tickets import Ticket
from tourserver.people.models import User
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession
from tourserver.tours import document

bp = Blueprint("live", __name__)


@bp.after_request
def _keep_private(response: Response) -> Response:
    """Nobody stores these pages, finds them by searching, or learns their address from a link in them."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("/j/<token>")
def join(token: str) -> Answer | tuple[str, int]:
    """A personal link: remembered in a cookie, and out of the address bar at once."""
    services = web.services()
    with services.db.read() as session:
        try:
            registration_id = services.tokens.lookup(session, access.JOIN, token)
        except Gone:
            return render_template("live/gone.html", replaced=True, action=_new_link_action()), 410
        except NotFound:
            return render_template("live/gone.html", replaced=False, action=_sessions_action()), 404
        registration = session.get_one(Registration, registration_id)
        planned = session.get_one(ScheduledSession, registration.session_id)
        version = services.tokens.version(session, access.JOIN, registration_id)
        web.use_language(registration.language)
        ticket = Ticket(planned.id, "registration", registration_id, version)
        try:
            access.check(session, services.tokens, ticket)
        except TourserverError as error:
            return _refused(error, planned)
        response = make_response(redirect(url_for("live.room", slug=planned.slug), 303))
        remembered = tickets.write_cookie(
            services.keys.secret_key,
            request.cookies.get(tickets.COOKIE),
            planned.id,
            tickets.Pass(registration_id, version),
        )
    response.set_cookie(
        tickets.COOKIE,
        remembered,
        max_age=tickets.COOKIE_SECONDS,
        path=tickets.COOKIE_PATH,
        secure=bool(current_app.config.get("TOURSERVER_HTTPS")),
        httponly=True,
        samesite="Lax",
    )
    return response


@bp.get("/live/<slug>")
def room(slug: str) -> str | tuple[str, int]:
    """The delegate's page: lobby, room and thank-you."""
    services = web.services()
    with services.db.read() as session:
        planned = _session(session, slug)
        remembered = tickets.read_cookie(services.keys.secret_key, request.cookies.get(tickets.COOKIE))
        entry = remembered.get(planned.id)
        if entry is None:
            return _without_link(planned)
        ticket = Ticket(planned.id, "registration", entry.registration_id, entry.version)
        try:
            seat = access.check(session, services.tokens, ticket)
        except TourserverError as error:
            return _refused(error, planned)
        web.use_language(seat.language)
        return render_template("live/room.html", room=_page(session, planned, seat, ticket))


@bp.get("/host/<slug>")
def host(slug: str) -> Answer | str | tuple[str, int]:
    """The crew's page: for this session's hosts, signed in."""
    services = web.services()
    actor = web.current_actor()
    if actor.kind != "user":
        return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
    with services.db.read() as session:
        planned = _session(session, slug)
        user = session.get_one(User, actor.id)
        ticket = Ticket(planned.id, "user", user.id, tickets.account_mark(user.fs_uniquifier))
        web.use_language(user.language)
        try:
            seat = access.check(session, services.tokens, ticket)
        except TourserverError as error:
            return _refused(error, planned)
        return render_template("live/host.html", room=_page(session, planned, seat, ticket))


def _session(session: Session, slug: str) -> ScheduledSession:
    planned = session.scalar(select(ScheduledSession).where(ScheduledSession.slug == slug))
    if planned is None or planned.state == "draft":
        raise NotFound(_("There is no such session."))
    return planned


def _page(session: Session, planned: ScheduledSession, seat: Seat, ticket: Ticket) -> dict[str, Any]:
    """What the page's script starts with: JSON values only."""
    lang = web.current_language()
    here = rooms.find(session, planned.id)
    links = {
        "session": _session_url(planned),
        "leave": _session_url(planned) if seat.role == "participant" else _url("studio.index"),
        "studio": _url("studio.index") if seat.role == "host" else None,
        "privacy": f"{request.script_root}/{i18n.url_lang(lang)}/privacy",
    }
    me: dict[str, str] = {"name": seat.name}
    me["registration" if seat.role == "participant" else "user"] = seat.actor.id
    return {
        "ticket": tickets.sign(web.services().keys.secret_key, ticket),
        "role": seat.role,
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
        page = render_template("live/gone.html", replaced=True, action=_new_link_action(), contact=_contact(planned))
        return page, error.status
    words = {"cancelled": _("This session was cancelled"), "signed_out": _("You were signed out")}
    steps = {
        "withdrawn": {"url": _session_url(planned), "words": _("Register")},
        "signed_out": {"url": _url("security.login"), "words": _("Sign in")},
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


def _new_link_action() -> dict[str, str | None]:
    resend = _page_url("registration.resend")
    return {"url": resend, "words": _("New link by mail")} if resend else _sessions_action()


def _sessions_action() -> dict[str, str | None]:
    lang = i18n.url_lang(web.current_language())
    return {"url": f"{request.script_root}/{lang}/sessions", "words": _("See the sessions")}


def _session_url(planned: ScheduledSession) -> str:
    """The session's public page; its address is fixed by experience."""
    lang = i18n.url_lang(web.current_language())
    return f"{request.script_root}/{lang}/sessions/{planned.slug}"


def _url(endpoint: str) -> str | None:
    try:
        return url_for(endpoint)
    except BuildError:
        return None


def _page_url(endpoint: str) -> str | None:
    try:
        return web.page_url(endpoint)
    except BuildError:
        return None
