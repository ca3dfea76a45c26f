"""Signing in, by Flask-Security: argon2id, generic answers, sign-out by POST, safe ways back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, g
from flask_babel import lazy_gettext as _l
from flask_security import LoginForm, Security, SQLAlchemySessionUserDatastore
from flask_security.signals import user_authenticated
from sqlalchemy.orm import scoped_session, sessionmaker
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from tourserver.core import audit
from tourserver.core.errors import Invalid
from tourserver.core.paths import resource
from tourserver.core.ratelimit import limiter
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.people.accounts import MAX_PASSWORD
from tourserver.people.emails import normalise
from tourserver.people.models import Role, User
from tourserver.people.paths import safe_path

FAILED = (_l("E-mail or password is wrong."), "error")
"""The one answer to every failed sign-in: it tells nobody who has an account, nor which half was right."""


def _as_stored(address: str | None) -> str:
    """An address as accounts have it; what is none stays as it is and finds nobody."""
    try:
        return normalise(address or "")
    except Invalid:
        return (address or "").strip()


class SignInForm(LoginForm):
    """E-mail and password."""

    email = EmailField(_l("E-mail"), [InputRequired(), Length(max=254)], filters=[_as_stored])
    password = PasswordField(_l("Password"), [InputRequired(), Length(max=MAX_PASSWORD)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # a way back to elsewhere is forgotten; the library would refuse the sign-in without saying why
        self.next.data = safe_path(self.next.data or "") or ""


class Accounts(SQLAlchemySessionUserDatastore):
    """The users, read through a scoped session that gives its connection back at once.

    Flask-Login reads the account at the start of a request; were the connection kept until its end, each staff
    page would hold two, and a sign-in could not write while it still reads.
    """

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Any:
        """The user with one attribute, with all columns and without a session."""
        try:
            return super().find_user(case_insensitive, **kwargs)
        finally:
            self.db.session.remove()


def init_app(app: Flask, services: Services) -> None:
    """Configure sign-in at /studio/sign-in and sign-out at /studio/sign-out."""
    app.config.update(
        SECURITY_PASSWORD_SALT=services.keys.password_salt,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a scheme
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        # plain argon2id, as people/accounts.py makes it, without the library's HMAC before it
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_LOGIN_URL="/studio/sign-in",
        SECURITY_LOGOUT_URL="/studio/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_FRESHNESS=timedelta(minutes=-1),  # nothing asks for the password again: no page for it
        SECURITY_POST_LOGIN_VIEW="/studio",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_LOGIN_USER_TEMPLATE="people/sign_in.html",
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_JOIN_USER_ROLES=False,  # rights are grants, there is no table of roles
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        SECURITY_STATIC_FOLDER=None,
        SECURITY_I18N_DOMAIN="messages",
        SECURITY_I18N_DIRNAME=str(resource("translations")),
        SECURITY_MSG_GENERIC_AUTHN_FAILED=FAILED,
        SECURITY_MSG_INVALID_PASSWORD=FAILED,
        SECURITY_MSG_USER_DOES_NOT_EXIST=FAILED,
        SECURITY_MSG_DISABLED_ACCOUNT=FAILED,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=app.config["TOURSERVER_HTTPS"],
    )
    _register(app, services)
    _brake(app)
    _note(app, services)


def _register(app: Flask, services: Services) -> None:
    sessions = scoped_session(sessionmaker(services.db.engine, expire_on_commit=False))
    security = Security(app, Accounts(sessions, User, Role), login_form=SignInForm)
    # a session cookie is the only way in: tokens in headers and addresses are not taken
    security.login_manager.request_loader(lambda _request: None)

    @app.teardown_appcontext
    def _give_back(_error: BaseException | None) -> None:
        sessions.remove()


def _brake(app: Flask) -> None:
    view: Any = app.view_functions["security.login"]
    app.view_functions["security.login"] = limiter.limit("20 per 5 minutes", methods=["POST"])(view)


def _note(app: Flask, services: Services) -> None:
    @user_authenticated.connect_via(app)
    def _signed_in(_app: Flask, user: User, **_: Any) -> None:
        with services.db.write() as session:
            audit.record(session, Actor("user", user.id), "staff.sign_in", "user", user.id)
        g.pop("language", None)
