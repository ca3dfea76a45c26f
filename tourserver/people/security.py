"""Signing in, by Flask-Security: argon2id, generic answers, sign-out by POST, safe ways back."""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from flask_babel import lazy_gettext as _l
from flask_security import Security, SQLAlchemySessionUserDatastore
from flask_security.signals import user_authenticated
from sqlalchemy.orm import scoped_session, sessionmaker

from tourserver.core import audit
from tourserver.core.ratelimit import limiter
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.people.models import Role, User


def _register(app: Flask, services: Services) -> None:
    """Put Flask-Security on the application, with a session of its own that is given back after each request."""
    sessions = scoped_session(sessionmaker(services.db.engine, expire_on_commit=False))
    Security(app, SQLAlchemySessionUserDatastore(sessions, User, Role))

    @app.teardown_appcontext
    def _give_back(_error: BaseException | None) -> None:
        sessions.remove()


def init_app(app: Flask, services: Services) -> None:
    """Configure sign-in at /studio/sign-in."""
    failed = (_l("E-mail or password is wrong."), "error")
    app.config.update(
        SECURITY_PASSWORD_SALT=services.keys.password_salt,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the scheme's name
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        # plain argon2id, as people/accounts.py makes it, without the library's HMAC before it
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_LOGIN_URL="/studio/sign-in",
        SECURITY_LOGOUT_URL="/studio/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW="/studio",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_LOGIN_USER_TEMPLATE="people/sign_in.html",
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_JOIN_USER_ROLES=False,  # rights are grants, there is no table of roles
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        SECURITY_MSG_GENERIC_AUTHN_FAILED=failed,
        SECURITY_MSG_INVALID_PASSWORD=failed,
        SECURITY_MSG_USER_DOES_NOT_EXIST=failed,
        SECURITY_MSG_DISABLED_ACCOUNT=failed,
        SECURITY_MSG_EMAIL_NOT_PROVIDED=(_l("Enter your e-mail."), "error"),
        SECURITY_MSG_PASSWORD_NOT_PROVIDED=(_l("Enter your password."), "error"),
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
    )
    _register(app, services)
    views: dict[str, Any] = app.view_functions
    views["security.login"] = limiter.limit("20 per 5 minutes", methods=["POST"])(views["security.login"])

    @user_authenticated.connect_via(app)
    def _signed_in(_app: Flask, user: User, **_: Any) -> None:
        with services.db.write() as session:
            audit.record(session, Actor("user", user.id), "staff.sign_in", "user", user.id)
        g.pop("language", None)
