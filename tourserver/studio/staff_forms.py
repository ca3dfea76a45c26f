"""Forms of invitations and grants."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, EmailField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Email, Length

from tourserver.core.web import plain_filter
from tourserver.people.invitations import ROLE_NAMES
from tourserver.sites import catalogue
from tourserver.sites.models import Site
from tourserver.studio.forms import LANGUAGE_CHOICES


class _Form(FlaskForm):  # type: ignore[misc]  # WTForms has no types: its classes are Any
    pass


class GrantForm(_Form):
    """A role and where it holds."""

    role = SelectField(_l("Role"), [DataRequired()])
    scope = SelectField(_l("Where"), [DataRequired()])

    def offer(self, session: Session) -> None:
        """Fill the choices: every node and every site."""
        self.role.choices = [SelectChoice(role, gettext(words)) for role, words in ROLE_NAMES.items()]
        self.role.default = "site_owner"
        nodes = [
            SelectChoice(f"node:{node.id}", gettext("Node: %(name)s", name=plain_filter(node.name)))
            for node in catalogue.nodes(session)
        ]
        sites = sorted(session.scalars(select(Site)).unique(), key=lambda site: plain_filter(site.name))
        self.scope.choices = [
            SelectChoice("", gettext("Choose a place")),  # none is the likely one
            SelectChoice("global:", gettext("Everything (administrators only)")),
            *nodes,
            *(SelectChoice(f"site:{one.id}", gettext("Site: %(name)s", name=plain_filter(one.name))) for one in sites),
        ]

    @property
    def place(self) -> tuple[str, str]:
        """The scope and its id."""
        scope, _, scope_id = (self.scope.data or "").partition(":")
        return scope, scope_id


class InviteForm(GrantForm):
    """Somebody who is to get a mail with a link."""

    name = StringField(_l("Person's name"), [DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail"), [DataRequired(), Email(), Length(max=254)])
    language = SelectField(_l("Language of the mail"), [DataRequired()], choices=LANGUAGE_CHOICES)

    def values(self) -> dict[str, Any]:
        """For the rule."""
        scope, scope_id = self.place
        return {
            "name": self.name.data,
            "email": self.email.data,
            "language": self.language.data,
            "role": self.role.data,
            "scope": scope,
            "scope_id": scope_id,
        }


class NodeForm(_Form):
    """A node's settings."""

    second_reviewer = BooleanField(_l("Somebody else than the submitter looks at each tour before it is published"))
