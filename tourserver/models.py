"""All tables, imported once so that metadata, migrations and string foreign keys know them."""

from tourserver.core import audit, jobs, preferences, rights, tokens
from tourserver.core.db import Base
from tourserver.live import models as live
from tourserver.mail import models as mail
from tourserver.panoramas import models as panoramas
from tourserver.people import models as people
from tourserver.registration import models as registration
from tourserver.sessions import models as sessions
from tourserver.sites import models as sites
from tourserver.tours import models as tours

__all__ = [
    "Base", "audit", "jobs", "live", "mail", "panoramas", "people", "preferences", "registration", "rights",
    "sessions", "sites", "tokens", "tours",
]  # fmt: skip
