"""Forms of the tour: upload, scene, point."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from wtforms import BooleanField, FloatField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from tourserver.core.forms import RevisionField, TextsField
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Hotspot, Scene


class UploadForm(FlaskForm):
    """A new scene: its picture first, then its words."""

    picture = FileField(_l("Panorama (JPEG, PNG or WebP)"), [FileRequired(_l("Choose a picture."))])
    title = TextsField(_l("Title"), required=True)
    alternative = TextsField(_l("Text alternative"), lines=True)
    credit = StringField(_l("Photographer or source"), [Length(max=200)])
    licence = StringField(_l("Licence"), [Length(max=200)])
    is_render = BooleanField(_l("This is a computed picture (render), not a photograph"))


def _angle(label: Any, low: float, high: float) -> FloatField:
    return FloatField(label, [InputRequired(), NumberRange(low, high)])


class SceneForm(FlaskForm):
    """A scene's words and views, degrees."""

    revision = RevisionField()
    title = TextsField(_l("Title"), required=True)
    alternative = TextsField(_l("Text alternative"), lines=True)
    start_yaw = _angle(_l("Start view: yaw, degrees"), -180, 180)
    start_pitch = _angle(_l("Start view: pitch, degrees"), -90, 90)
    start_fov = _angle(_l("Start view: field of view, degrees"), 30, 90)
    north = _angle(_l("North lies at yaw, degrees"), -180, 180)

    def values(self) -> dict[str, Any]:
        """For the rules."""
        return {
            "title": self.title.texts,
            "alternative": self.alternative.texts,
            "start_yaw": self.start_yaw.data,
            "start_pitch": self.start_pitch.data,
            "start_fov": self.start_fov.data,
            "north": self.north.data,
        }


class HotspotForm(FlaskForm):
    """A point in the picture."""

    revision = RevisionField()
    kind = RadioField(
        _l("Kind"),
        [DataRequired()],
        choices=[SelectChoice("link", _l("Way to another scene")), SelectChoice("info", _l("Something to read"))],
        default="link",
    )
    yaw = _angle(_l("Yaw, degrees"), -180, 180)
    pitch = _angle(_l("Pitch, degrees"), -90, 90)
    label = TextsField(_l("Name"), required=True)
    body = TextsField(_l("Text (Markdown), for something to read"), lines=True)
    target = SelectField(_l("Leads to"), choices=[])

    def offer(self, scenes: list[Scene], here: Scene, label: Any) -> None:
        """Fill the choice of scenes."""
        others = [SelectChoice(scene.id, label(scene.title)) for scene in scenes if scene.id != here.id]
        self.target.choices = [SelectChoice("", "–"), *others]

    def fill(self, hotspot: Hotspot) -> None:
        """Show a point as it is."""
        self.target.data = hotspot.target_scene_id or ""

    def point(self, session: Session) -> Point:
        """For the rules."""
        return Point(
            kind=self.kind.data,
            yaw=self.yaw.data,
            pitch=self.pitch.data,
            label=self.label.texts,
            body=self.body.texts,
            target=session.get(Scene, self.target.data) if self.target.data else None,
        )
