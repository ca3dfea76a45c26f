"""Who listens to whom; see core/signals. Used by every process: web, worker and the demo's loader."""

from tourserver.core import signals
from tourserver.live import pins
from tourserver.tours import posters, public_files


def connect_signals() -> None:
    """Connect all receivers; connecting twice is the same as once."""
    signals.tour_published.connect(posters.enqueue_for_revision)
    signals.panorama_ready.connect(posters.enqueue_for_panorama)
    public_files.also_shown(pins.of_open_rooms)
