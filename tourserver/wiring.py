"""Who listens to whom; see core/signals. Used by every process: web, worker and the demo's loader."""

from tourserver.core import signals
from tourserver.live import pins, revisions
from tourserver.live import uses as room_uses
from tourserver.live.crew import companions
from tourserver.live.questions import followups
from tourserver.panoramas import uses
from tourserver.people import invitations
from tourserver.registration import changes
from tourserver.sessions import withdrawals
from tourserver.sites import rules as sites
from tourserver.studio import letters
from tourserver.tours import posters, public_files, review
from tourserver.tours import uses as tour_uses


def connect_signals() -> None:
    """Connect all receivers; connecting twice is the same as once."""
    signals.tour_published.connect(posters.enqueue_for_revision)
    signals.tour_published.connect(revisions.offer)
    signals.panorama_ready.connect(posters.enqueue_for_panorama)
    signals.panorama_ready.connect(review.pictures_ready)
    signals.session_changed.connect(changes.enqueue)
    signals.submission_changed.connect(letters.enqueue_for_submission)
    signals.tour_withdrawn.connect(withdrawals.enqueue)
    signals.person_erased.connect(companions.forget)
    signals.room_ended.connect(followups.of_ended_room)
    signals.room_reopened.connect(followups.of_reopened_room)
    invitations.name_scopes("node", sites.name_of_node)
    invitations.name_scopes("site", sites.name_of_site)
    public_files.also_shown(pins.of_open_rooms)
    for used in (tour_uses.of_scenes, tour_uses.of_removed_parts, tour_uses.of_submissions, tour_uses.of_revisions):
        uses.register(used, release=tour_uses.release)
    uses.register(room_uses.of_rooms)
