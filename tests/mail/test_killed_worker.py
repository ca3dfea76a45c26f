from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

from sqlalchemy import update

from tests.mail.conftest import Rows, configured
from tests.mail.samples import parsed, small
from tests.mail.smtp import Post, serving
from tests.servers import environment
from tourserver.core import clock
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.mail import outbox, sending
from tourserver.mail.models import OutboxMessage

DELIVER = """
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.mail.sending import deliver_due
deliver_due(Services.start(Settings()))
"""


def deliver_and_kill(settings: Settings, post: Post, after: int) -> None:
    """Run a worker and kill -9 it as soon as the server has kept ``after`` messages."""
    process = subprocess.Popen([sys.executable, "-c", DELIVER], env=environment(settings))
    try:
        deadline = time.monotonic() + 60
        while len(post.taken) < after:
            assert process.poll() is None, "the worker ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()


def test_kill_nine_in_the_middle_loses_nothing_and_repeats_only_the_same_bytes(services: Services, rows: Rows) -> None:
    post = Post(delay=0.004)
    queued: dict[str, bytes] = {}
    with services.db.write() as session:
        for stream in range(40):
            for number in range(3):
                row = outbox.queue(session, f"s{stream}", "x", number, small(f"{stream}.{number}"))
                queued[row.message_id] = row.content
    with serving(post) as port:
        mailing = configured(services, smtp_url=f"smtp://127.0.0.1:{port}")
        kills = (7, 45, 90)
        for after in kills:
            deliver_and_kill(mailing.settings, post, after)
            assert any(row.state == "sending" for row in rows())
            with services.db.write() as session:  # five minutes later
                past = clock.now() - timedelta(seconds=1)
                session.execute(update(OutboxMessage).where(OutboxMessage.state == "sending").values(leased_until=past))
        sending.deliver_due(mailing)
    assert {row.state for row in rows()} == {"sent"}
    arrived = Counter(str(parsed(content)["Message-ID"]) for content in post.taken)
    assert set(arrived) == set(queued)
    # at most the one message that was in hand at each kill came twice
    assert sum(arrived.values()) - len(arrived) <= len(kills)
    assert all(content == queued[str(parsed(content)["Message-ID"])] for content in post.taken)
    for stream in range(40):
        order = [subject for subject in post.subjects() if subject.startswith(f"{stream}.")]
        assert list(dict.fromkeys(order)) == [f"{stream}.{number}" for number in range(3)]
        assert order == sorted(order)
