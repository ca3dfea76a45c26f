"""The form for a guest of the crew."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from tourserver.live.crew.guests import NAME_LIMIT

ROLES = {
    "speaker": _l("Speaker: sees the next questions, may guide"),
    "co_moderator": _l("Co-moderator: reads and answers questions, polls and chat"),
    "captioner": _l("Captioner: writes what is said"),
}


class GuestForm(FlaskForm):
    """Who helps, and with what."""

    name = StringField(_l("Name, as everyone sees it"), validators=[InputRequired(), Length(max=NAME_LIMIT)])
    role = SelectField(
        _l("What they do"),
        validators=[InputRequired()],
        choices=[SelectChoice(role, words) for role, words in ROLES.items()],
    )
