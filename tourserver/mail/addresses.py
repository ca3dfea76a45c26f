"""Mail and web addresses in the forms that headers, links and calendar entries need."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.mail.plain import one_line


def ascii_domain(address: str) -> str:
    """An e-mail address with its domain in ASCII (RFC 5890), as mail servers know it."""
    local, at, domain = address.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return address


def mailto(address: str) -> str:
    """An address as a URI (RFC 6068): what could be taken for a header or another address is escaped."""
    return "mailto:" + quote(ascii_domain(one_line(address)), safe="@!$'*+-/=_`{|}~.")


def is_web_address(url: str) -> bool:
    """Whether it is an absolute http or https address."""
    return re.match(r"https?://[^/\s]", url, re.IGNORECASE) is not None


def web_address(url: str) -> str:
    """The address with what can't stand in a URI escaped; raises :class:`Invalid` unless it is http(s)."""
    escaped = quote(one_line(url), safe="%:/?#[]@!$&'()*+,;=-._~")
    if not is_web_address(escaped) or not urlsplit(escaped).hostname:
        message = N_("“%(url)s” is not a web address: it must begin with https://.")
        raise Invalid(message, field="url", url=url)
    return escaped
