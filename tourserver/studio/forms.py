"""Forms of setup and staff."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    URLField,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from tourserver.core.i18n import LANGUAGES, NATIVE_NAMES

LANGUAGE_CHOICES = [SelectChoice(code, NATIVE_NAMES[code]) for code in LANGUAGES]


class SetupForm(FlaskForm):
    """Values of the installation that are kept in the database."""

    public_url = URLField(_l("Public address"), [Optional(), Length(max=200)])
    sender_name = StringField(_l("Sender's name"), [Optional(), Length(max=100)])
    sender_email = EmailField(_l("Sender's e-mail"), [Optional(), Email(), Length(max=254)])


class EmbedForm(FlaskForm):
    """Whose pages may show our tours."""

    origins = TextAreaField(_l("Sites that may show our tours"), [Optional(), Length(max=15_000)])


class TestMailForm(FlaskForm):
    """Where the test mail goes."""

    recipient = EmailField(_l("Send a test mail to"), [DataRequired(), Email(), Length(max=254)])


class StaffForm(FlaskForm):
    """A new member of staff."""

    name = StringField(_l("Person's name"), [DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail"), [DataRequired(), Email(), Length(max=254)])
    password = PasswordField(_l("First password"), [InputRequired(), Length(min=12, max=200)])
    language = SelectField(_l("Language"), choices=LANGUAGE_CHOICES)
    admin = BooleanField(_l("Administrator: sites, sessions, staff and setup"))


class StaffChangeForm(FlaskForm):
    """A member of staff's rights; a new password where one is given."""

    name = StringField(_l("Person's name"), [DataRequired(), Length(max=120)])
    language = SelectField(_l("Language"), choices=LANGUAGE_CHOICES)
    admin = BooleanField(_l("Administrator: sites, sessions, staff and setup"))
    active = BooleanField(_l("May sign in"))
    password = PasswordField(_l("New password"), [Optional(), Length(min=12, max=200)])
