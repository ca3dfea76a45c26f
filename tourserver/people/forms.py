"""The invited officer's form."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from tourserver.people.accounts import MAX_PASSWORD, MIN_PASSWORD


class WelcomeForm(FlaskForm):
    """Name and password of a new account."""

    name = StringField(_l("Your name"), [DataRequired(), Length(max=120)])
    password = PasswordField(_l("Choose a password"), [InputRequired(), Length(min=MIN_PASSWORD, max=MAX_PASSWORD)])


class AcceptForm(FlaskForm):
    """Nothing but the form's token."""
