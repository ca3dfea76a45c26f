"""Form fields that several features use: one text in all languages, country and zone choices."""

from __future__ import annotations

from typing import Any

import wtforms
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Form, FormField, HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from tourserver.core.db import Texts
from tourserver.core.errors import TourserverError
from tourserver.core.i18n import LANGUAGES
from tourserver.core.web import message


class RevisionField(HiddenField):
    """The revision of a thing that a form was opened with."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default="0", **kwargs)

    @property
    def seen(self) -> int:
        """As a number; what is none was never a revision, so that the save counts as a stale one."""
        text = str(self.data or "")
        return int(text) if text.isdecimal() and len(text) < 10 else 0


class LineTexts(Form):
    """One line in each language."""

    en = StringField("English", [Length(max=200)])
    sv = StringField("Svenska", [Length(max=200)])
    zh_Hans = StringField("中文", [Length(max=200)])


class ParagraphTexts(Form):
    """Some lines in each language."""

    en = TextAreaField("English", [Length(max=20_000)])
    sv = TextAreaField("Svenska", [Length(max=20_000)])
    zh_Hans = TextAreaField("中文", [Length(max=20_000)])


class TextsField(FormField):
    """``{language: text}`` as a form field; rendered by the macro ``texts`` of templates/macros/texts.html."""

    def __init__(self, label: Any, *, lines: bool = False, required: bool = False, **kwargs: Any) -> None:
        super().__init__(ParagraphTexts if lines else LineTexts, label, **kwargs)
        self.multiline = lines
        self.needs_one = required

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """At least one language where the field is required."""
        good: bool = super().validate(form)
        if good and self.needs_one and not any(self.texts.values()):
            self.form.en.errors = [*self.form.en.errors, str(_l("Fill in at least one language."))]
            return False
        return good

    @property
    def errors(self) -> list[str]:
        """The messages of all languages in one list, as other fields have theirs."""
        return [str(text) for texts in self.form.errors.values() for text in texts]

    @property
    def texts(self) -> Texts:
        """The languages that are filled in, trimmed, line ends as ``\\n``."""
        texts = {lang: self.form[lang].data or "" for lang in LANGUAGES}
        found = {lang: text.replace("\r\n", "\n").replace("\0", "").strip() for lang, text in texts.items()}
        return {lang: text for lang, text in found.items() if text}

    @property
    def missing(self) -> list[str]:
        """Languages without a text."""
        return [lang for lang in LANGUAGES if lang not in self.texts]


def show_error(form: FlaskForm, error: TourserverError) -> None:
    """Put a rule's error where it belongs: at its field, or above the form."""
    field: wtforms.Field | None = form[error.field] if error.field and error.field in form else None
    if field is None:
        form.form_errors = [*form.form_errors, message(error)]
    elif isinstance(field, TextsField):
        field.form.en.errors = [*field.form.en.errors, message(error)]
    else:
        field.errors = [*field.errors, message(error)]
