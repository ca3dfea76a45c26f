"""E-mail addresses, brought into the one form that is stored and compared."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_


def normalise(address: str) -> str:
    """Lower case, without surrounding space, the domain as people write it (IDNA decoded).

    No question to the DNS: a name server that is down must not keep people out. Raises :class:`Invalid`.
    """
    try:
        found = validate_email(address.strip(), check_deliverability=False, allow_smtputf8=True, test_environment=True)
    except EmailNotValidError as error:
        raise Invalid(N_("This is not an e-mail address. It looks like name@example.org."), field="email") from error
    if len(found.normalized) > 254:
        raise Invalid(N_("This e-mail address is too long."), field="email")
    return found.normalized.casefold()
