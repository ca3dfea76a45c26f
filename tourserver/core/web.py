"""What views and templates share: the present language, zone and actor, addresses, filters, CSRF-free JSON errors.

On the ground floor only this module, media and ratelimit know Flask.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import flask_babel
from babel.dates import format_date, format_skeleton, format_time
from flask import Flask, Response, current_app, g, has_request_context, redirect, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_babel import gettext
from flask_login import current_user
from markupsafe import Markup, escape

from tourserver.core import clock, i18n, rights
from tourserver.core.db import Database, Texts
from tourserver.core.errors import Forbidden, NotFound, SignedOut, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.paths import resource
from tourserver.core.rights import ANONYMOUS, Actor
from tourserver.core.services import Services

View = TypeVar("View", bound=Callable[..., Any])

_DATES = {"en": "en_GB"}  # “10 December”, as most of the world writes it

LANG_COOKIE = "lang"
ZONE_COOKIE = "tz"
THEME_COOKIE = "theme"


class CookiesOfPages(SecureCookieSessionInterface):
    """The session's cookie, of which answers for everybody say nothing: they neither set it nor vary by it.

    Flask-Login looks into the session after every request, and so each tile would be kept anew for each cookie.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """See the base class."""
        if not response.cache_control.public:
            super().save_session(app, session, response)


def services() -> Services:
    """Settings, database, storage and secrets of the running application."""
    found: Services = current_app.extensions["tourserver"]
    return found


def db() -> Database:
    """The application's database."""
    return services().db


def current_actor() -> Actor:
    """The signed-in member of staff, else nobody. Registered people are known by their room's cookie alone."""
    if current_user.is_authenticated:
        return Actor("user", current_user.id)
    return ANONYMOUS


def current_language() -> str:
    """Path, then what the page says it is in (a registered person's language), cookie, Accept-Language, English."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        g.language = (
            i18n.parse_language(_path_language())
            or i18n.parse_language(request.cookies.get(LANG_COOKIE))
            or i18n.from_accept_language(request.headers.get("Accept-Language"))
            or "en"
        )
    found: str = g.language
    return found


def _path_language() -> str | None:
    """The language that the address names, also where no page is at it."""
    first = request.path.split("/", 2)[1]
    return first if first in ("en", "sv", "zh") else None


def use_language(lang: str) -> None:
    """Render the rest of this request in ``lang``, unless the person chose another in this browser."""
    if not request.cookies.get(LANG_COOKIE):
        g.language = lang
        flask_babel.refresh()


def viewer_zone() -> str:
    """The zone that the browser told us or the viewer chose; Swedish time until then."""
    name = request.cookies.get(ZONE_COOKIE, "") if has_request_context() else ""
    return name if name in clock.zone_names() else clock.SWEDEN


def page_url(endpoint: str, **values: Any) -> str:
    """The address of a public page in the present language."""
    values.setdefault("lang", i18n.url_lang(current_language()))
    return url_for(endpoint, **values)


def message(error: TourserverError) -> str:
    """An error's text in the present language."""
    text: str = gettext(error.message)
    return text % error.params if error.params else text


def wants_json() -> bool:
    """Whether the client asked for JSON rather than a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


# --- staff pages ------------------------------------------------------------------------------------------------

STUDIO_SECTIONS: list[tuple[str, str, str, str, str]] = [
    # key, endpoint, label, icon, verb
    ("today", "studio.today", N_("Today"), "layout-dashboard", "studio.see"),
    ("sites", "sites_studio.index", N_("Sites"), "map-pin", "site.see"),
    ("sessions", "sessions_studio.index", N_("Sessions"), "calendar-days", "session.see"),
    ("questions", "live_questions.to_do", N_("Questions to answer"), "messages-square", "studio.see"),
    ("nodes", "studio_nodes.index", N_("Nodes"), "map", "node.change"),
    ("staff", "studio_staff.index", N_("Staff"), "users", "staff.change"),
    ("setup", "studio_setup.index", N_("Setup"), "settings", "setup.change"),
]


def staff_required(verb: str | None = None) -> Callable[[View], View]:
    """A view for signed-in staff, who may do ``verb`` somewhere if one is named; others sign in or are refused.

    A program that asks for JSON is told so by 401.

    The right on the very thing is still the view's to check.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            actor = current_actor()
            if actor.kind != "user":
                if wants_json():
                    raise SignedOut(N_("You are signed out. Sign in again in another tab; nothing here is lost."))
                return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
            use_language(current_user.language)
            with db().read() as session:
                if verb is not None and not rights.can_somewhere(session, actor, verb):
                    raise Forbidden(N_("You may not do this. Ask an administrator for the right."))
            return view(*args, **kwargs)

        return checked  # type: ignore[return-value]

    return wrap


def studio_page(template: str, section: str, **context: Any) -> str:
    """Render a staff page with the navigation that its reader may use."""
    actor = current_actor()
    with db().read() as session:
        items = [
            {"url": url_for(endpoint), "label": gettext(label), "icon": icon_name, "current": key == section}
            for key, endpoint, label, icon_name, verb in STUDIO_SECTIONS
            if endpoint in current_app.view_functions and rights.can_somewhere(session, actor, verb)
        ]
    user = {"user_name": current_user.name, "logout_url": url_for("security.logout")}
    return render_template(template, studio_nav=items, **user, **context)


# --- filters --------------------------------------------------------------------------------------------------


def text_filter(texts: Texts | None) -> Markup:
    """A text in several languages as HTML, marked with ``lang`` and ``dir`` where it isn't in the page's language."""
    text = i18n.pick(texts, current_language())
    if not text.value or text.lang == current_language():
        return escape(text.value)
    return Markup('<span lang="{}" dir="{}">{}</span>').format(text.html_lang, text.dir, text.value)


def plain_filter(texts: Texts | None) -> str:
    """A text in several languages as plain text, for titles and attributes."""
    return i18n.pick(texts, current_language()).value


def moment_filter(moment: datetime, zone_name: str, form: str = "full") -> str:
    """A moment as wall time of a zone: ``full`` Thursday 10 December 2026, 14:00; ``day``; ``time``; ``short``."""
    wall = clock.local(moment, zone_name).replace(tzinfo=None)
    locale = _DATES.get(current_language(), current_language())

    if form == "time":
        return format_time(wall, "HH:mm", locale=locale)
    if form == "day":
        return format_date(wall, "full", locale=locale)
    if form == "short":
        return format_skeleton("MMMEd", wall, locale=locale) + " " + format_time(wall, "HH:mm", locale=locale)
    return f"{format_date(wall, 'full', locale=locale)}, {format_time(wall, 'HH:mm', locale=locale)}"


def day(moment: date, form: str = "medium") -> str:
    """A day as the reader writes it."""
    return format_date(moment, form, locale=_DATES.get(current_language(), current_language()))


# --- built files ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _manifest(path: Path, _mtime: float) -> dict[str, str]:
    content: dict[str, str] = json.loads(path.read_text())
    return content


def asset(name: str) -> str:
    """The address of a built file by its plain name; raises when the front end was not built."""
    path = resource("static") / "dist" / "manifest.json"
    try:
        built = _manifest(path, path.stat().st_mtime)
    except FileNotFoundError as error:
        raise RuntimeError("The front end is not built: run `make build` (or `npm ci && npm run build`).") from error
    if name not in built:
        raise NotFound(N_("There is no built file “%(name)s”."), name=name)
    return url_for("static", filename=f"dist/{built[name]}")


def has_asset(name: str) -> bool:
    """Whether a built file exists."""
    path = resource("static") / "dist" / "manifest.json"
    return path.exists() and name in _manifest(path, path.stat().st_mtime)


def icon(name: str) -> Markup:
    """A decorative icon from the built sprite; the words beside it carry the meaning."""
    return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>').format(
        asset("icons.svg"), name
    )


def init_templates(app: Flask) -> None:
    """Give templates the functions and filters above."""
    app.jinja_env.filters.update(text=text_filter, plain=plain_filter, moment=moment_filter)
    app.jinja_env.globals.update(asset=asset, has_asset=has_asset, icon=icon, page_url=page_url)

    @app.context_processor
    def _page_values() -> dict[str, Any]:
        lang = current_language()
        return {
            "lang": lang,
            "html_lang": i18n.html_lang(lang),
            "text_dir": i18n.direction(lang),
            "url_lang": i18n.url_lang,
            "languages": i18n.LANGUAGES,
            "native_names": i18n.NATIVE_NAMES,
            "html_lang_of": i18n.html_lang,
            "viewer_zone": viewer_zone(),
            "swedish_zone": clock.SWEDEN,
            "offset_label": clock.offset_label,
            "place_label": clock.place_label,
            "now": clock.now(),
            "theme": request.cookies.get(THEME_COOKIE) if has_request_context() else None,
            "demo": services().settings.demo,
            # where it is set; the Host header is only what somebody typed
            "base_url": (services().settings.public_url or (request.host_url if has_request_context() else "")).rstrip(
                "/"
            ),
        }
