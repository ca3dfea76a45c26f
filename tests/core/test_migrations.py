"""From the previous release with data in it: nothing is lost, and what moved is where it belongs."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tourserver.core import migrate
from tourserver.core.settings import Settings

NOW = "2026-11-24 10:00:00.000000"
SCENE = {"position": 0, "start_yaw": 0.0, "start_pitch": 0.0, "start_fov": 70.0, "north": 0.0, "revision": 3}


def insert(connection: sa.Connection, table: str, /, **values: Any) -> None:
    reflected = sa.Table(table, sa.MetaData(), autoload_with=connection)
    stamps = {name: NOW for name in ("created_at", "updated_at") if name in reflected.c}
    values = {**stamps, **values}
    typed = {
        name: sa.literal(value, sa.JSON) if isinstance(value, dict | list) else value for name, value in values.items()
    }
    columns = ", ".join(typed)
    places = ", ".join(f":{name}" for name in typed)
    statement = sa.text(f'INSERT INTO "{reflected.fullname}" ({columns}) VALUES ({places})')
    json_columns = [
        sa.bindparam(name, type_=sa.JSON) for name, value in values.items() if isinstance(value, dict | list)
    ]
    connection.execute(statement.bindparams(*json_columns), values)


def fill_first_release(connection: sa.Connection) -> None:
    """A published tour of two scenes that share a picture, as the first release kept it."""
    insert(connection, "node", id="n", slug="malmo", name={"en": "Malmö"}, position=0)
    insert(
        connection, "site", id="s", slug="harbour", node_id="n", state="published", source_language="en",
        name={"en": "Harbour"}, summary={"en": "It works."}, body={}, place="Malmö", figures=[], illustrative=False,
        contact_name="", contact_email="", revision=1,
    )  # fmt: skip
    insert(
        connection, "panorama", id="p", content_hash="a" * 64, original_name="quay.jpg", original_key="originals/a.jpg",
        original_bytes=9, width=4096, height=2048, levels=[], state="ready", warnings=[], credit="A. Berg",
        licence="CC BY 4.0", is_render=True,
    )  # fmt: skip
    for key in ("quay", "hall"):
        insert(
            connection, "scene", id=key, site_id="s", key=key, title={"en": key}, alternative={"en": "Words."},
            panorama_id="p", **SCENE,
        )  # fmt: skip
    insert(
        connection, "hotspot", id="h", scene_id="quay", position=0, kind="link", yaw=1.0, pitch=2.0,
        label={"en": "In"}, body={}, target_scene_id="hall",
    )  # fmt: skip
    scenes: list[dict[str, Any]] = [{"id": key, "panorama": "p", "hotspots": []} for key in ("quay", "hall")]
    insert(
        connection, "tour_revision", id="r", site_id="s", number=1, content={"start": "quay", "scenes": scenes},
        published_at=NOW, published_by="user:x",
    )  # fmt: skip


def test_a_tour_of_the_first_release_survives_the_way_up(database_settings: Settings) -> None:
    url = database_settings.sqlalchemy_url
    migrate.downgrade(url, "0001")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        fill_first_release(connection)
    migrate.upgrade(url)
    with engine.connect() as connection:
        scenes = connection.execute(
            sa.text("SELECT credit, licence, is_render, min_fov, max_fov, revision FROM scene ORDER BY id")
        ).all()
        assert [tuple(row) for row in scenes] == [("A. Berg", "CC BY 4.0", True, 30.0, 90.0, 3)] * 2
        points = connection.execute(sa.text("SELECT kind, target_scene_id, arrival, revision FROM hotspot")).all()
        assert [tuple(row) for row in points] == [("link", "hall", "start", 1)]
        pictures = connection.execute(sa.text("SELECT revision_id, panorama_id FROM tour_revision_panorama")).all()
        assert [tuple(row) for row in pictures] == [("r", "p")], "once, though two scenes show it"
        assert connection.scalar(sa.text("SELECT kind FROM tour_revision")) == "publish"
    for wrong in ("UPDATE hotspot SET kind = 'portal'", "UPDATE scene SET min_fov = 80, max_fov = 40"):
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(sa.text(wrong))
    engine.dispose()


def test_the_way_down_keeps_the_tour(database_settings: Settings) -> None:
    url = database_settings.sqlalchemy_url
    migrate.downgrade(url, "0001")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        fill_first_release(connection)
    migrate.upgrade(url)
    migrate.downgrade(url, "0001")
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM scene")) == 2
        assert connection.scalar(sa.text("SELECT target_scene_id FROM hotspot")) == "hall"
        assert connection.scalar(sa.text("SELECT credit FROM panorama")) == "A. Berg"
    engine.dispose()


def fill_second_release(connection: sa.Connection) -> None:
    """A room that is led, with two questions and somebody in it, as the release before the crew kept it."""
    insert(
        connection, "user", id="u", email="h@example.org", name="Hanna", active=True, fs_uniquifier="x", language="en"
    )
    insert(
        connection, "person", id="p", email="a@example.org", name="Amina", country="MA", organisation="", language="en",
        zone="Africa/Casablanca",
    )  # fmt: skip
    insert(
        connection, "scheduled_session", id="t", slug="walk", kind="guided_tour", state="live", title={"en": "A walk"},
        summary={}, languages=["en"], local_start=NOW, zone="Europe/Stockholm", starts_at=NOW, tzdata_version="2026a",
        duration_minutes=60, visibility="public", sound_url="", contact_name="", contact_email="", revision=1,
    )  # fmt: skip
    insert(
        connection, "registration", id="r", person_id="p", session_id="t", role="participant", state="confirmed",
        headcount=1, country="MA", organisation="", language="en", zone="Africa/Casablanca", uid="r@x", sequence=0,
        stamped_at=NOW,
    )  # fmt: skip
    insert(connection, "room", id="m", session_id="t", name="main", state="open", opened_at=NOW, guide_user_id="u")
    insert(
        connection, "view_chunk", id="v", room_id="m", guide_user_id="u", started_ms=1, scenes=["quay"],
        samples={"version": 1, "deltas": []},
    )  # fmt: skip
    for number, state in enumerate(("pending", "approved")):
        insert(
            connection, "question", id=f"q{number}", room_id="m", registration_id="r", original="Vad är Färgelanda?",
            language="sv", anonymous=False, state=state, reason="", revision=1, asked_at=NOW,
        )  # fmt: skip
    insert(connection, "question_vote", id="w", question_id="q1", registration_id="r", at=NOW)
    for name, who in (("a1", {"registration_id": "r"}), ("a2", {"user_id": "u"})):
        insert(
            connection, "attendance", id=name, room_id="m", device="d", connection=name, process="x", headcount=1,
            began_at=NOW, last_seen_at=NOW, **who,
        )  # fmt: skip


def test_a_led_room_with_questions_survives_the_way_up_and_down(database_settings: Settings) -> None:
    url = database_settings.sqlalchemy_url
    migrate.downgrade(url, "0002")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        fill_second_release(connection)
    migrate.upgrade(url)
    with engine.connect() as connection:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(sa.text(query))]

        assert rows("SELECT guide_actor, premoderated, chat, rules_revision FROM room") == [("user:u", True, "off", 1)]
        assert rows("SELECT guide_actor FROM view_chunk") == [("user:u",)]
        assert rows("SELECT id, original, edited, pinned, priority FROM question ORDER BY id") == [
            ("q0", "Vad är Färgelanda?", "", False, 0),
            ("q1", "Vad är Färgelanda?", "", False, 0),
        ]
        assert rows("SELECT question_id FROM question_vote") == [("q1",)], "nothing fell with the table it hangs on"
        assert rows("SELECT id, crew, free FROM attendance ORDER BY id") == [("a1", False, False), ("a2", True, False)]
    for wrong in (
        "UPDATE question SET state = 'merged' WHERE id = 'q0'",
        "UPDATE room SET chat = 'loud'",
        "UPDATE question SET priority = 3",
    ):
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(sa.text(wrong))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE question SET state = 'merged', merged_into_id = 'q1' WHERE id = 'q0'"))
    migrate.downgrade(url, "0002")
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT guide_user_id FROM room")) == "u"
        assert connection.scalar(sa.text("SELECT state FROM question WHERE id = 'q0'")) == "withdrawn"
        assert connection.scalar(sa.text("SELECT count(*) FROM attendance")) == 2
    engine.dispose()
