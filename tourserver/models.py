"""All tables, imported once so that metadata, migrations and string foreign keys know them."""

from tourserver.assets import models as assets
from tourserver.core import audit, jobs, preferences, rights, tokens
from tourserver.core.db import Base
from tourserver.live import models as live
from tourserver.live.audience import models as live_audience
from tourserver.live.crew import models as live_crew
from tourserver.live.guiding import models as live_guiding
from tourserver.live.questions import models as live_questions
from tourserver.mail import models as mail
from tourserver.panoramas import models as panoramas
from tourserver.people import models as people
from tourserver.registration import models as registration
from tourserver.sessions import models as sessions
from tourserver.sites import models as sites
from tourserver.tours import models as tours
from tourserver.uploads import models as uploads

__all__ = [
    "Base", "assets", "audit", "jobs", "live", "live_audience", "live_crew", "live_guiding",
    "live_questions", "mail", "panoramas", "people", "preferences", "registration", "rights",
    "sessions", "sites", "tokens", "tours", "uploads",
]  # fmt: skip
