"""The sign-up form and the form for a new mail."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from tourserver.core.errors import Invalid
from tourserver.core.i18n import LANGUAGES, NATIVE_NAMES
from tourserver.core.web import message
from tourserver.people import countries, emails


def an_address(_form: FlaskForm, field: EmailField) -> None:
    """The rules check this too; asked here, it is said together with all else that is wrong."""
    try:
        emails.normalise(field.data or "")
    except Invalid as error:
        raise ValidationError(message(error)) from error


class SignUpForm(FlaskForm):
    """Who takes part."""

    name = StringField(
        _l("Your name"), [DataRequired(_l("Enter your name: the hosts greet you by it.")), Length(max=120)]
    )
    email = EmailField(
        _l("E-mail"), [DataRequired(_l("Enter your e-mail: the link to join is sent there.")), an_address]
    )
    country = SelectField(_l("Country"), [DataRequired(_l("Choose a country from the list, or “prefer not to say”."))])
    language = SelectField(
        _l("Language"), [DataRequired()], choices=[SelectChoice(code, NATIVE_NAMES[code]) for code in LANGUAGES]
    )
    organisation = StringField(_l("Organisation"), [Optional(), Length(max=160)])

    def offer(self, lang: str) -> None:
        """Fill the countries in the page's language; none is chosen beforehand."""
        first = [("", _l("Choose")), (countries.UNDISCLOSED, _l("Prefer not to say"))]
        self.country.choices = [SelectChoice(code, name) for code, name in [*first, *countries.choices(lang)]]


class ResendForm(FlaskForm):
    """Where the link should go once more."""

    email = EmailField(_l("E-mail you registered with"), [DataRequired(), an_address])
