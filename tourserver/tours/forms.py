"""Forms of the tour: upload, scene, point."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired, MultipleFileField
from sqlalchemy.orm import Session
from wtforms import BooleanField, FloatField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from tourserver.assets.models import Asset
from tourserver.core.forms import RevisionField, TextsField
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Hotspot, Scene


class UploadForm(FlaskForm):
    """New scenes: their pictures, and for a single one its words."""

    picture = MultipleFileField(_l("Panoramas (JPEG, PNG or WebP)"), [FileRequired(_l("Choose a picture."))])
    title = TextsField(_l("Title"))
    alternative = TextsField(_l("Text alternative"), lines=True)
    credit = StringField(_l("Photographer or source"), [Length(max=200)])
    licence = StringField(_l("Licence"), [Length(max=200)])
    is_render = BooleanField(_l("This is a computed picture (render), not a photograph"))


def _angle(label: Any, low: float, high: float, *, needed: bool = True) -> FloatField:
    return FloatField(label, [InputRequired() if needed else Optional(), NumberRange(low, high)])


class SceneForm(FlaskForm):
    """A scene's words and views, degrees."""

    revision = RevisionField()
    title = TextsField(_l("Title"), required=True)
    alternative = TextsField(_l("Text alternative"), lines=True)
    credit = StringField(_l("Photographer or source"), [Length(max=200)])
    licence = StringField(_l("Licence"), [Length(max=200)])
    is_render = BooleanField(_l("This is a computed picture (render), not a photograph"))
    start_yaw = _angle(_l("Start view: yaw, degrees"), -180, 180)
    start_pitch = _angle(_l("Start view: pitch, degrees"), -90, 90)
    start_fov = _angle(_l("Start view: field of view, degrees"), 30, 90)
    north = _angle(_l("North lies at yaw, degrees"), -180, 180)
    min_fov = _angle(_l("Nearest: field of view, degrees"), 30, 90, needed=False)
    max_fov = _angle(_l("Widest: field of view, degrees"), 30, 90, needed=False)

    def values(self) -> dict[str, Any]:
        """For the rules; a limit that is left empty stays as it is."""
        limits = {"min_fov": self.min_fov.data, "max_fov": self.max_fov.data}
        return {
            "title": self.title.texts,
            "alternative": self.alternative.texts,
            "credit": self.credit.data or "",
            "licence": self.licence.data or "",
            "is_render": bool(self.is_render.data),
            "start_yaw": self.start_yaw.data,
            "start_pitch": self.start_pitch.data,
            "start_fov": self.start_fov.data,
            "north": self.north.data,
            **{name: value for name, value in limits.items() if value is not None},
        }


class RegionForm(FlaskForm):
    """A part of the picture to be blurred: an ellipse by its middle and its extent, degrees."""

    yaw = _angle(_l("Yaw of its middle, degrees"), -180, 180)
    pitch = _angle(_l("Pitch of its middle, degrees"), -90, 90)
    width = _angle(_l("Width, degrees"), 0.2, 180)
    height = _angle(_l("Height, degrees"), 0.2, 180)

    def region(self) -> dict[str, Any]:
        """For the rules."""
        return {name: self[name].data for name in ("yaw", "pitch", "width", "height")}


KINDS = [
    SelectChoice("link", _l("Way to another scene")),
    SelectChoice("info", _l("Something to read")),
    SelectChoice("picture", _l("A picture")),
    SelectChoice("video", _l("A film")),
    SelectChoice("document", _l("A document")),
    SelectChoice("outside", _l("A link to another website")),
]

ARRIVALS = [
    SelectChoice("heading", _l("On in the direction in which one walks")),
    SelectChoice("start", _l("At the start view of that scene")),
    SelectChoice("view", _l("At a view that you choose")),
]


class HotspotForm(FlaskForm):
    """A point in the picture."""

    revision = RevisionField()
    kind = RadioField(_l("Kind"), [DataRequired()], choices=KINDS, default="link")
    yaw = _angle(_l("Yaw, degrees"), -180, 180)
    pitch = _angle(_l("Pitch, degrees"), -90, 90)
    label = TextsField(_l("Name"), required=True)
    target = SelectField(_l("Leads to"), choices=[], default="")
    arrival = RadioField(_l("Where one looks on arriving"), choices=ARRIVALS, default="heading")
    target_yaw = _angle(_l("View on arriving: yaw, degrees"), -180, 180, needed=False)
    target_pitch = _angle(_l("View on arriving: pitch, degrees"), -90, 90, needed=False)
    target_fov = _angle(_l("View on arriving: field of view, degrees"), 30, 90, needed=False)
    file = SelectField(_l("File"), choices=[], default="")
    caption_file = SelectField(_l("Captions (WebVTT)"), choices=[], default="")
    url = StringField(_l("Address, such as https://example.org"), [Length(max=2000)])
    body = TextsField(_l("Text (Markdown)"), lines=True)

    def offer(self, scenes: list[Scene], here: Scene, files: list[Asset], label: Any) -> None:
        """Fill the choices of scenes and files."""
        others = [SelectChoice(scene.id, label(scene.title) or scene.key) for scene in scenes if scene.id != here.id]
        none = SelectChoice("", "–")
        self.target.choices = [none, *others]
        named = {"picture": _l("A picture"), "video": _l("A film"), "document": _l("A document")}
        usable = [file for file in files if file.state != "failed"]
        self.file.choices = [none] + [
            SelectChoice(file.id, f"{named[file.kind]}: {file.original_name}", {"data-kind": file.kind})
            for file in usable
            if file.kind in named
        ]
        self.caption_file.choices = [none] + [
            SelectChoice(file.id, file.original_name or file.id) for file in usable if file.kind == "captions"
        ]

    def fill(self, hotspot: Hotspot) -> None:
        """Show a point as it is."""
        self.target.data = hotspot.target_scene_id or ""
        self.file.data = hotspot.asset_id or ""
        self.caption_file.data = hotspot.captions_asset_id or ""

    def point(self, session: Session) -> Point:
        """For the rules."""
        view = (self.target_yaw.data, self.target_pitch.data, self.target_fov.data)
        return Point(
            kind=self.kind.data,
            yaw=self.yaw.data,
            pitch=self.pitch.data,
            label=self.label.texts,
            body=self.body.texts,
            target=session.get(Scene, self.target.data) if self.target.data else None,
            arrival=self.arrival.data or "heading",
            view=view if None not in view else None,
            asset=session.get(Asset, self.file.data) if self.file.data else None,
            captions=session.get(Asset, self.caption_file.data) if self.caption_file.data else None,
            url=self.url.data,
        )


class FileForm(FlaskForm):
    """One file and what it is for."""

    kind = SelectField(
        _l("What it is"),
        choices=[
            SelectChoice("picture", _l("Picture")),
            SelectChoice("video", _l("Film")),
            SelectChoice("captions", _l("Captions")),
            SelectChoice("document", _l("Document")),
            SelectChoice("plan", _l("Plan")),
        ],
    )
    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
