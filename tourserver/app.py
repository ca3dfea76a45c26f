"""The application: small steps, in reading order. This page shows everything that is switched on."""

from __future__ import annotations

import time
import uuid

import flask_babel
import structlog
from flask import Flask, Response, abort, g, jsonify, render_template, request
from flask_babel import Babel
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from tourserver import models
from tourserver.core import compressed, web
from tourserver.core.errors import TourserverError
from tourserver.core.i18n import N_
from tourserver.core.paths import resource
from tourserver.core.ratelimit import limiter
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.live import sockets
from tourserver.live import views as live
from tourserver.live.crew import studio as live_crew
from tourserver.live.records import views as live_records
from tourserver.mail import views as dev_mail
from tourserver.pages import embed, health
from tourserver.pages import views as pages
from tourserver.people import invitation_views, security
from tourserver.people import views as people
from tourserver.registration import studio as registration_studio
from tourserver.registration import views as registration
from tourserver.sessions import studio as sessions_studio
from tourserver.sessions import views as sessions
from tourserver.sites import studio as sites_studio
from tourserver.studio import grants, nodes, setup, staff
from tourserver.studio import views as studio
from tourserver.tours import asset_views, editor_api, media, planning, points, previews
from tourserver.tours import receive as tours_receive
from tourserver.tours import studio as tours_studio
from tourserver.tours import studio_archive as tours_archive
from tourserver.tours import studio_history as tours_history
from tourserver.tours import studio_review as tours_review
from tourserver.tours import views as tours
from tourserver.uploads import views as uploads
from tourserver.wiring import connect_signals

log = structlog.get_logger()

csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from settings; opens the database and makes the data folder."""
    settings = settings or Settings()
    services = Services.start(settings)
    app = Flask(
        "tourserver",
        static_folder=str(resource("static")),
        template_folder=str(resource("templates")),
        root_path=str(resource("templates").parent),
    )
    app.extensions["tourserver"] = services
    _configure_requests(app)
    _configure_flask(app, services)
    _configure_languages(app)
    _configure_security_headers(app, services)
    _configure_limits(app, settings)
    _configure_staff_accounts(app, services)
    _configure_templates(app)
    _configure_errors(app)
    _register_features(app, settings)
    connect_signals()
    sockets.init_app(app, services)
    return app


def _configure_flask(app: Flask, services: Services) -> None:
    settings = services.settings
    with services.db.read() as session:
        https = _table_exists(services) and services.public_url(session).startswith("https://")
    app.config.update(
        SECRET_KEY=services.keys.secret_key,
        SESSION_COOKIE_NAME="tourserver_staff",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        MAX_CONTENT_LENGTH=(settings.max_upload_mb + 1) * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        WTF_CSRF_TIME_LIMIT=None,  # lives as long as the session: a form left open overnight still works
        TOURSERVER_HTTPS=https,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.session_interface = web.CookiesOfPages()
    csrf.init_app(app)
    compressed.init_app(app)


def _table_exists(services: Services) -> bool:
    from sqlalchemy import inspect

    return inspect(services.db.engine).has_table(models.preferences.Preference.__tablename__)


def _configure_languages(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(resource("translations"))
    Babel(app, locale_selector=web.current_language, timezone_selector=web.viewer_zone)
    app.jinja_env.add_extension("jinja2.ext.i18n")


def _configure_security_headers(app: Flask, services: Services) -> None:
    https = app.config["TOURSERVER_HTTPS"]
    Talisman(
        app,
        force_https=False,  # the proxy in front redirects; this process speaks plain HTTP to it
        session_cookie_secure=https,
        strict_transport_security=https,
        referrer_policy="strict-origin-when-cross-origin",
        content_security_policy={
            "default-src": "'self'",
            "img-src": ["'self'", "blob:"],
            "media-src": ["'self'", "blob:"],
            "worker-src": ["'self'", "blob:"],
            "connect-src": "'self'",
            "object-src": "'none'",
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        },
        permissions_policy={
            "browsing-topics": "()",
            "camera": "()",
            "geolocation": "()",
            "gyroscope": "(self)",
            "accelerometer": "(self)",
            "microphone": "()",
            "screen-wake-lock": "(self)",
        },
    )


def _configure_limits(app: Flask, settings: Settings) -> None:
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url or "memory://"
    app.config["RATELIMIT_STRATEGY"] = "moving-window"
    app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = True  # while Redis is away each process counts for itself
    limiter.init_app(app)


def _configure_staff_accounts(app: Flask, services: Services) -> None:
    security.init_app(app, services)


def _configure_templates(app: Flask) -> None:
    web.init_templates(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


TITLES = {
    400: N_("This request can't be read"),
    403: N_("Not allowed"),
    404: N_("There is no such page"),
    405: N_("This page doesn't take that"),
    409: N_("Somebody else changed this first"),
    410: N_("This is no longer here"),
    413: N_("The file is too large"),
    422: N_("Something is missing or wrong"),
    429: N_("Too many requests"),
    500: N_("Something went wrong here"),
    503: N_("The server is busy or being repaired"),
}


def _error_page(status: int, text: str, code: str) -> tuple[Response | str, int]:
    if web.wants_json() or request.path.endswith(".json"):
        return jsonify({"error": {"code": code, "message": text}}), status
    title = flask_babel.gettext(TITLES.get(status, TITLES[500]))
    return render_template("errors/error.html", status=status, title=title, message=text, code=code), status


def _configure_errors(app: Flask) -> None:
    @app.errorhandler(TourserverError)
    def _known(error: TourserverError) -> tuple[Response | str, int]:
        return _error_page(error.status, web.message(error), error.code)

    @app.errorhandler(CSRFError)
    def _csrf(error: CSRFError) -> tuple[Response | str, int]:
        text = flask_babel.gettext("This form was open for too long. Go back, reload the page and send it again.")
        return _error_page(400, text, "csrf")

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> tuple[Response | str, int] | HTTPException:
        status = error.code or 500
        if status < 400:
            return error
        known = {
            404: N_("The address may be mistyped, or the page was taken away."),
            413: N_("It is larger than this server takes. Choose a smaller file."),
        }
        text = flask_babel.gettext(known[status]) if status in known else ""
        return _error_page(status, text, f"http_{status}")

    @app.errorhandler(Exception)
    def _unknown(error: Exception) -> tuple[Response | str, int]:
        # the rule and not the path: paths may carry tokens
        log.exception("request.failed", rule=request.url_rule.rule if request.url_rule else "-")
        number = g.get("request_id", "-")
        text = flask_babel.gettext("It was noted with the number %(number)s. Try again in a moment.", number=number)
        return _error_page(500, text, "server_error")


def _configure_requests(app: Flask) -> None:
    @app.before_request
    def _begin() -> None:
        g.request_id = uuid.uuid4().hex[:12]
        g.began = time.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)
        # PostgreSQL takes no zero byte in a text; no address of ours has one; forms are cleaned by the rules
        if "\0" in request.path or any("\0" in value for value in request.args.values()):
            abort(404)

    @app.after_request
    def _end(response: Response) -> Response:
        if request.path.startswith("/static/dist/"):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif request.path.startswith("/studio") and response.mimetype == "text/html":
            response.headers["Cache-Control"] = "private, no-store"
        elif response.mimetype == "text/html" and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-cache"
        if response.mimetype == "text/html" and "no-store" in response.headers.get("Cache-Control", ""):
            response.headers["Referrer-Policy"] = "no-referrer"  # a private page's address is nobody's business
        if origins := g.get("frame_ancestors"):  # this runs after Talisman, as it was registered before it
            _let_frame(response, origins)
        if "began" in g and not request.path.startswith(("/static/", "/media/")):
            # the rule and not the path: paths may carry tokens
            rule = request.url_rule.rule if request.url_rule else "-"
            took = round((time.monotonic() - g.began) * 1000, 1)
            log.info("request", method=request.method, rule=rule, status=response.status_code, ms=took)
        return response


def _let_frame(response: Response, origins: list[str]) -> None:
    """Let pages of these origins show this one in a frame; all else of the policy stays."""
    policy = response.headers.get("Content-Security-Policy", "")
    closed, opened = "frame-ancestors 'none'", f"frame-ancestors {' '.join(origins)}"
    if closed in policy:
        response.headers["Content-Security-Policy"] = policy.replace(closed, opened)
        response.headers.pop("X-Frame-Options", None)  # it knows no list of origins


def _register_features(app: Flask, settings: Settings) -> None:
    for blueprint in (
        pages.bp,
        embed.bp,
        health.bp,
        people.bp,
        invitation_views.welcome_bp,
        sites_studio.studio_bp,
        tours.bp,
        media.bp,
        tours_studio.studio_bp,
        tours_review.review_bp,
        tours_history.history_bp,
        editor_api.editor_bp,
        points.points_bp,
        planning.planning_bp,
        previews.preview_bp,
        asset_views.media_bp,
        asset_views.files_bp,
        tours_receive.receive_bp,
        tours_archive.archive_bp,
        uploads.uploads_bp,
        sessions.bp,
        sessions_studio.studio_bp,
        registration.bp,
        registration_studio.studio_bp,
        live.bp,
        live_crew.crew_bp,
        live_records.record_bp,
        live_records.questions_bp,
        studio.bp,
        setup.bp,
        staff.bp,
        grants.bp,
        nodes.bp,
    ):
        app.register_blueprint(blueprint)
    if settings.demo:
        app.register_blueprint(dev_mail.bp)
