"""The first administrator of an empty installation, made on the command line."""

from __future__ import annotations

from sqlalchemy import select

from tourserver.core import rights
from tourserver.core.errors import Conflict
from tourserver.core.i18n import N_
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.people import accounts
from tourserver.sites import seed


def first_administrator(settings: Settings, *, email: str, name: str, password: str) -> None:
    """Make an account with the role admin; refused when there is an administrator already."""
    services = Services.start(settings)
    try:
        with services.db.write() as session:
            if session.scalar(select(rights.Grant.id).where(rights.Grant.role == "admin").limit(1)):
                raise Conflict(N_("There is an administrator already. Further staff are added in Studio, Staff."))
            user = accounts.create_user(session, email=email, name=name, password=password, actor=SYSTEM)
            rights.grant(session, Actor("user", user.id), "admin", "global", by=SYSTEM)
            seed.nodes_and_themes(session)
    finally:
        services.close()
