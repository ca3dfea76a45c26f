"""The form of a question that is to be answered after its session."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from tourserver.live.questions.followups import ANSWER_LIMIT


class FollowUpForm(FlaskForm):
    """Who answers until when, and the answer."""

    revision = HiddenField(validators=[InputRequired(), Regexp(r"^\d{1,9}$")])
    owner = SelectField(_l("Answered by"), validators=[Optional()])
    due_on = DateField(_l("Until"), validators=[InputRequired()])
    answer = TextAreaField(_l("Answer"), validators=[Optional(), Length(max=ANSWER_LIMIT)])
