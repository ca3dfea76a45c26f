"""The pages of the demo's mailbox; registered only in the demo."""

from __future__ import annotations

import io
import re

from flask import Blueprint, Response, render_template, send_file
from markupsafe import Markup, escape

from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.core.web import services
from tourserver.mail import mailbox

bp = Blueprint("dev_mail", __name__, url_prefix="/dev/mail")

_LINK = re.compile(r"https?://[^\s<>\"']+")


@bp.get("")
def messages() -> Response:
    """What arrived, newest first."""
    found = mailbox.messages(services().settings.mailbox)
    return _private(render_template("mail/dev_list.html", messages=found))


@bp.get("/<name>")
def show(name: str) -> Response:
    """One message: headers, text, files. Its HTML is never put into the page: it is in the whole message."""
    letter = mailbox.read(services().settings.mailbox, name)
    return _private(render_template("mail/dev_show.html", letter=letter, text=linked(letter.text)))


@bp.get("/<name>/raw")
def raw(name: str) -> Response:
    """The whole message as it came, to open in a mail program."""
    letter = mailbox.read(services().settings.mailbox, name)
    return _file(letter.raw, name, "message/rfc822")


@bp.get("/<name>/files/<int:number>")
def attachment(name: str, number: int) -> Response:
    """One of its files."""
    letter = mailbox.read(services().settings.mailbox, name)
    if number >= len(letter.attachments):
        raise NotFound(N_("There is no such file in this message."))
    found = letter.attachments[number]
    return _file(found.content, found.filename, found.mime_type)


def linked(text: str) -> Markup:
    """Plain text as paragraphs with its web addresses as links."""
    paragraphs = (paragraph.strip("\n").split("\n") for paragraph in re.split(r"\n\s*\n", text.strip()))
    return Markup("\n").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(_linked_line(line) for line in lines)) for lines in paragraphs
    )


def _linked_line(line: str) -> Markup:
    parts: list[str] = []
    end = 0
    for found in _LINK.finditer(line):
        url = found.group().rstrip(".,;:!?)")
        parts.append(escape(line[end : found.start()]))
        parts.append(Markup('<a href="{0}">{0}</a>').format(url))
        end = found.start() + len(url)
    parts.append(escape(line[end:]))
    return Markup("").join(parts)


def _private(page: str) -> Response:
    response = Response(page, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _file(content: bytes, name: str, mime_type: str) -> Response:
    # as an attachment in every case: what came by mail is never shown as a page of this site
    response = send_file(io.BytesIO(content), mime_type, as_attachment=True, download_name=name, etag=False)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
