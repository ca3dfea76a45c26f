"""E-mail addresses, brought into the one form that is stored, compared and sent to."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_

LONGEST = 254
"""Characters that an address may have (RFC 5321, erratum 1690)."""


def normalise(address: str) -> str:
    """Lower case without surrounding space, the domain in ASCII (IDNA 2008), so that one mailbox has one form.

    The domain is kept as mail servers know it: other spellings are lost on the way (an older IDNA turns
    ``straße.de`` into ``strasse.de``, which is somebody else's). No question to the DNS: a name server that is
    down must not keep people out. Raises :class:`Invalid`.
    """
    address = address.strip()
    if len(address) > LONGEST:
        raise Invalid(N_("This e-mail address is too long."), field="email")
    local, _, _ = address.rpartition("@")
    if local and not local.isascii():
        raise Invalid(
            N_("Many mail servers can't deliver to this address: before the @ it has letters beyond a–z. Use another."),
            field="email",
        )
    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise Invalid(N_("This is not an e-mail address. It looks like name@example.org."), field="email") from error
    if found.ascii_email is None or len(found.ascii_email) > LONGEST:
        raise Invalid(N_("This e-mail address is too long."), field="email")
    return found.ascii_email.lower()
