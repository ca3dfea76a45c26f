"""What somebody is told who comes without a cursor."""

from __future__ import annotations

from tests.live.factories import World, host_of, person_of, vote
from tests.live.test_questions import approve, ask
from tourserver.core.services import Services
from tourserver.live import rooms, snapshots
from tourserver.live.guiding import guide
from tourserver.live.guiding.guide import make_view
from tourserver.live.questions import asking
from tourserver.tours import document


def test_the_public_snapshot_holds_what_everyone_may_know(services: Services, open_world: World) -> None:
    shown, hidden = ask(services, open_world, "Shown?"), ask(services, open_world, "Hidden?")
    approve(services, open_world, shown)
    with services.db.write() as session:
        asking.make_live(session, open_world.room_id, shown, 2, actor=host_of(open_world))
        vote(session, open_world.room_id, shown, open_world.people[1])
        guide.take(session, open_world.room_id, actor=host_of(open_world))
        view = make_view(open_world.scenes[1], 10, 5, 70)
        guide.show_scene(session, open_world.room_id, view, actor=host_of(open_world))
    with services.db.read() as session:
        snapshots.consistent(session)
        room = rooms.get(session, open_world.room_id)
        revisions, documents = snapshots.Tours(document.build).documents(session, room, "sv")
        state = snapshots.public(session, room, documents)
    assert state["room"]["state"] == "open"
    assert state["guide"] == {"id": host_of(open_world).reference, "name": "Hanna Host"}
    assert (state["view"]["scene"], state["view"]["by"]) == (open_world.scenes[1], "Hanna Host")
    assert state["tour"][0]["name"]["value"] == "Hamnen"
    assert [scene["id"] for scene in state["tour"][0]["scenes"]] == open_world.scenes
    assert [(one["id"], one["votes"]) for one in state["questions"]] == [(shown, 1)]
    assert state["live_question"] == shown
    assert hidden not in str(state)
    assert len(revisions) == 1


def test_a_persons_snapshot_holds_their_own_questions_and_votes(services: Services, open_world: World) -> None:
    mine = ask(services, open_world, "Mine?", anonymous=True)
    other = ask(services, open_world, "Other?", person=1)
    approve(services, open_world, other)
    with services.db.write() as session:
        vote(session, open_world.room_id, other, open_world.people[0])
    with services.db.read() as session:
        room = rooms.get(session, open_world.room_id)
        state = snapshots.person(session, room, person_of(open_world).id)
    assert [(one["id"], one["state"], one["anonymous"]) for one in state["questions"]] == [(mine, "pending", True)]
    assert state["votes"] == [other]


def test_the_crews_snapshot_holds_every_question(services: Services, open_world: World) -> None:
    first = ask(services, open_world, "First?", anonymous=True)
    second = ask(services, open_world, "Second?", person=1)
    with services.db.write() as session:
        asking.decline(session, open_world.room_id, second, 1, "Off topic", actor=host_of(open_world))
    with services.db.read() as session:
        state = snapshots.staff(session, rooms.get(session, open_world.room_id))
    assert [(one["id"], one["author"]) for one in state["questions"]] == [(first, None), (second, "Amina Diallo")]
    assert state["questions"][1]["reason"] == "Off topic"
