"""Forms of submitting, deciding, rolling back and withdrawing."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField
from wtforms.validators import DataRequired, Length

from tourserver.core.forms import RevisionField
from tourserver.tours.history import LONGEST_REASON
from tourserver.tours.review import CONFIRMATIONS, LONGEST_NOTE


class _Form(FlaskForm):  # type: ignore[misc]  # WTForms has no types: its classes are Any
    pass


class SubmitForm(_Form):
    """What whoever publishes a tour vouches for."""

    faces = BooleanField(_l("Faces and number plates are blurred, or whoever is seen has agreed to be shown."))
    permission = BooleanField(_l("The site has given its permission to show these pictures."))
    protected = BooleanField(
        _l("Nothing protected is shown: no security installation, no trade secret, no work that others have rights in.")
    )
    note = TextAreaField(_l("What is new, for the history and the reviewer"), [Length(max=LONGEST_NOTE)])

    @property
    def confirmed(self) -> list[str]:
        """Names of the confirmations that are ticked."""
        return [name for name in CONFIRMATIONS if self[name].data]


class SendBackForm(_Form):
    """Why a tour isn't published yet."""

    reason = TextAreaField(_l("What is to be mended"), [DataRequired(), Length(max=LONGEST_NOTE)])


class RollBackForm(_Form):
    """Bring an older tour back."""

    seen = RevisionField()
    note = TextAreaField(_l("Why, for the history"), [Length(max=LONGEST_NOTE)])


class WithdrawForm(_Form):
    """Take a scene from the public."""

    reason = TextAreaField(_l("Why"), [DataRequired(), Length(max=LONGEST_REASON)])
