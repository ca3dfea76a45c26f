"""Uploads on both databases, below HTTP."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.uploads.sending import files, pieces, sha256
from tourserver.core import clock, preferences
from tourserver.core.actors import Actor
from tourserver.core.errors import Conflict, Gone, Invalid, NotFound
from tourserver.core.services import Services
from tourserver.uploads import assembling, refusals, rules, upkeep
from tourserver.uploads.models import Upload, UploadChunk

CONTENT = bytes(range(100)) * 2 + b"end"


def begin(services: Services, owner: Actor, content: bytes = CONTENT, chunk: int = 7, **values: Any) -> str:
    with services.db.write() as session:
        wish = {"purpose": "note", "thing": "", "name": "n", "size": len(content), "most_bytes": 1000, **values}
        return rules.begin(session, owner, chunk_bytes=chunk, **wish).id


def put(services: Services, owner: Actor, upload: str, number: int, piece: bytes) -> bool:
    chunk = UploadChunk(upload_id=upload, number=number, bytes=len(piece), digest=sha256(piece))
    return assembling.take_chunk(services, owner, upload, chunk, piece)


def made(services: Services) -> int:
    with services.db.read() as session:
        return int(preferences.get(session, "made") or "0")


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """What each gives or raises when all run at the same time."""
    found: list[Any] = [None] * len(tasks)
    barrier = threading.Barrier(len(tasks))

    def run(index: int) -> None:
        barrier.wait(10)
        try:
            found[index] = tasks[index]()
        except Exception as error:
            found[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), content=st.binary(min_size=1, max_size=60), chunk=st.integers(1, 20))
def test_pieces_in_any_order_and_any_number_of_times_make_the_same_file(
    services: Services, owner: Actor, received: list[str], data: st.DataObject, content: bytes, chunk: int
) -> None:
    content = b"x" + content
    upload, parts = begin(services, owner, content, chunk), pieces(content, chunk)
    order = data.draw(st.permutations([*range(len(parts)), *data.draw(st.lists(st.sampled_from(range(len(parts)))))]))
    seen: set[int] = set()
    for number in order:
        if seen != set(range(len(parts))):
            with pytest.raises(Conflict) as missing:
                assembling.finish(services, owner, upload)
            assert missing.value.state == {"missing": sorted(set(range(len(parts))) - seen)}
        assert put(services, owner, upload, number, parts[number]) == (number not in seen)
        seen.add(number)
    answer = assembling.finish(services, owner, upload)
    assert answer["digest"] == sha256(content) == received[-1]
    assert files(services) == []


def test_two_windows_that_finish_at_once_make_one_thing_and_get_one_answer(
    services: Services, owner: Actor, received: list[str]
) -> None:
    for turn in range(1, 6):
        upload = begin(services, owner, chunk=100)
        for number, piece in enumerate(pieces(CONTENT, 100)):
            put(services, owner, upload, number, piece)
        answers = at_once(*[partial(assembling.finish, services, owner, upload)] * 4)
        assert answers == [{"number": turn, "digest": sha256(CONTENT), "by": owner.reference}] * 4
        assert made(services) == turn
    assert files(services) == []


def test_two_windows_that_send_the_same_pieces_at_once_keep_each_once(services: Services, owner: Actor) -> None:
    upload, parts = begin(services, owner, chunk=50), pieces(CONTENT, 50)
    for number, piece in enumerate(parts):
        news = at_once(*[partial(put, services, owner, upload, number, piece)] * 4)
        assert sorted(news) == [False, False, False, True], news
    assert len(files(services)) == len(parts)


def test_of_two_contents_sent_at_once_one_is_kept_whole(services: Services, owner: Actor, received: list[str]) -> None:
    for _turn in range(5):
        upload = begin(services, owner, b"a" * 50, chunk=50)
        one, other = b"a" * 50, b"b" * 50
        found = at_once(*(partial(put, services, owner, upload, 0, piece) for piece in (one, other)))
        assert sorted(type(each).__name__ for each in found) == ["Conflict", "bool"], found
        kept = one if found[0] is True else other
        assert assembling.finish(services, owner, upload)["digest"] == sha256(kept)
    assert files(services) == []


def test_nobody_begins_more_than_allowed_however_fast(
    services: Services, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_OPEN", 3)
    found = at_once(*[partial(begin, services, owner)] * 6)
    assert len([each for each in found if isinstance(each, str)]) == 3, found


def test_a_refusal_stays_and_frees_the_space(services: Services, owner: Actor, received: list[str]) -> None:
    upload = begin(services, owner, b"bad file", chunk=8)
    put(services, owner, upload, 0, b"bad file")
    for _again in range(2):
        with pytest.raises(Invalid, match="It begins with bad") as refused:
            assembling.finish(services, owner, upload)
        assert (refused.value.code, refused.value.field) == ("bad_word", "file")
    assert len(received) == 1
    assert files(services) == []
    with pytest.raises(Gone):
        put(services, owner, upload, 0, b"bad file")


def test_a_trouble_that_passes_leaves_the_upload_to_be_finished_again(
    services: Services, owner: Actor, received: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(services, owner, b"a file", chunk=8)
    put(services, owner, upload, 0, b"a file")

    def full(*_: Any) -> None:
        raise refusals.disk_full()

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(refusals.NoRoom):
            assembling.finish(services, owner, upload)
    assert list((services.settings.files / "scratch").iterdir()) == []
    assert assembling.finish(services, owner, upload)["number"] == 1


def test_a_drop_while_it_is_put_together_leaves_nothing_and_makes_nothing(
    services: Services, owner: Actor, received: list[str]
) -> None:
    for _turn in range(5):
        before = made(services)
        upload = begin(services, owner, chunk=20)
        for number, piece in enumerate(pieces(CONTENT, 20)):
            put(services, owner, upload, number, piece)
        finished, _dropped = at_once(
            partial(assembling.finish, services, owner, upload),
            partial(assembling.drop, services, owner, upload),
        )
        with services.db.read() as session:
            state = session.get_one(Upload, upload).state
        if isinstance(finished, dict):
            assert (state, made(services)) == ("used", before + 1)
        else:
            assert isinstance(finished, Gone), finished
            assert (state, made(services)) == ("gone", before)
        assert files(services) == []


def test_what_nobody_went_on_with_for_a_day_is_removed_with_its_pieces(
    services: Services, owner: Actor, received: list[str]
) -> None:
    old, young, used = begin(services, owner), begin(services, owner), begin(services, owner, b"abc")
    for upload in (old, young):
        put(services, owner, upload, 0, CONTENT[:7])
    put(services, owner, used, 0, b"abc")
    assembling.finish(services, owner, used)
    with services.db.write() as session:
        for upload in (old, used):
            session.get_one(Upload, upload).expires_at = clock.now() - timedelta(seconds=1)
    upkeep.remove_expired(services)
    upkeep.remove_expired(services)
    with services.db.read() as session:
        assert list(session.scalars(select(Upload.id))) == [young]
        assert list(session.scalars(select(UploadChunk.upload_id))) == [young]
    assert [key.split("/")[1] for key in files(services)] == [young]
    with pytest.raises(NotFound):
        assembling.finish(services, owner, old)


def test_a_piece_lets_an_upload_live_for_another_day(services: Services, owner: Actor) -> None:
    upload = begin(services, owner)
    with services.db.write() as session:
        session.get_one(Upload, upload).expires_at = clock.now() + timedelta(minutes=1)
    put(services, owner, upload, 0, CONTENT[:7])
    with services.db.read() as session:
        assert session.get_one(Upload, upload).expires_at > clock.now() + timedelta(hours=23)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("turbine_hall.jpg", "Turbine hall"),
        ("wind-park-north.PNG", "Wind park north"),
        ("Kajen - norra.webp", "Kajen - norra"),
        ("R0010045.JPG", "R0010045"),
        ("räksmörgås.jpeg", "Räksmörgås"),
        ("港口.jpg", "港口"),
        ("ميناء.jpg", "ميناء"),
        ("a.b.jpg", "A.b"),
        ("___.jpg", ""),
        (".jpg", ""),
        ("", ""),
    ],
)
def test_a_file_name_gives_a_title(name: str, title: str) -> None:
    from tourserver.tours.receive import title_of

    assert title_of(name) == title
