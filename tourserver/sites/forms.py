"""The site's form."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, FloatField, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Email, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from tourserver.core.forms import RevisionField, TextsField
from tourserver.people.names import one_line
from tourserver.sites.models import Node, Site, Theme


class SiteForm(FlaskForm):
    """All of a site but its tour."""

    revision = RevisionField()
    name = TextsField(_l("Name"), required=True)
    summary = TextsField(_l("The result in one sentence"))
    body = TextsField(_l("What was done, and what others can learn (Markdown)"), lines=True)
    node = SelectField(_l("Regional node"), [DataRequired()])
    themes = SelectMultipleField(_l("Themes"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    place = StringField(_l("Municipality"), [Length(max=120)])
    latitude = FloatField(_l("Latitude, degrees north"), [Optional(), NumberRange(-90, 90)])
    longitude = FloatField(_l("Longitude, degrees east"), [Optional(), NumberRange(-180, 180)])
    contact_name = StringField(_l("Contact"), [Length(max=120)])
    contact_email = EmailField(_l("Contact's e-mail"), [Optional(), Email(), Length(max=254)])

    def offer(self, nodes: list[Node], themes: list[Theme], label: Any) -> None:
        """Fill the choices; ``label`` gives a text's words in the page's language."""
        self.node.choices = [SelectChoice(node.slug, label(node.name)) for node in nodes]
        self.themes.choices = [SelectChoice(theme.slug, label(theme.name)) for theme in themes]

    def fill(self, site: Site) -> None:
        """Show a site as it is."""
        self.revision.data = str(site.revision)
        self.node.data = site.node.slug
        self.themes.data = [theme.slug for theme in site.themes]

    def values(self, nodes: list[Node]) -> dict[str, Any]:
        """Column values for the rules."""
        node = next(node for node in nodes if node.slug == self.node.data)
        return {
            "node_id": node.id,
            "name": self.name.texts,
            "summary": self.summary.texts,
            "body": self.body.texts,
            "place": one_line(self.place.data or "", 120),
            "latitude": self.latitude.data,
            "longitude": self.longitude.data,
            "contact_name": one_line(self.contact_name.data or "", 120),
            "contact_email": (self.contact_email.data or "").strip(),
        }
