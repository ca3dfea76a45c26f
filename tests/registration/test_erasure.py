import pytest
from sqlalchemy import select

from tests import factories
from tourserver.core.errors import Gone, NotFound
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.live.crew.models import Companion
from tourserver.mail.models import OutboxMessage
from tourserver.people.models import Consent, Person
from tourserver.registration import erasure, invitations, signup
from tourserver.registration.models import Registration
from tourserver.wiring import connect_signals


@pytest.fixture
def registration_id(services: Services) -> str:
    wish = signup.SignUp(
        name="Amina",
        email="amina@example.org",
        country="MA",
        language="en",
        zone="Africa/Casablanca",
        organisation="City",
    )
    with services.db.write() as session:
        scheduled = factories.make_session(session)
        registration = signup.register(session, services, scheduled, wish).registration
    return registration.id


def test_an_erased_person_leaves_no_name_address_link_or_mail_and_stays_in_the_counts(
    services: Services, registration_id: str
) -> None:
    with services.db.write() as session:
        token = services.tokens.issue(session, invitations.JOIN, registration_id)
        assert erasure.erase(session, services, "Amina@Example.org", actor=SYSTEM) == 1
        registration = session.get_one(Registration, registration_id)
        person = session.get_one(Person, registration.person_id)
        assert (person.email, person.name, person.organisation, person.country) == (None, "", "", "ZZ")
        assert person.erased_at is not None
        assert (registration.state, registration.country, registration.organisation) == ("withdrawn", "MA", "")
        with pytest.raises(Gone):
            services.tokens.lookup(session, invitations.JOIN, token)
        assert session.scalars(select(Consent)).all() == []
        for message in session.scalars(select(OutboxMessage)):
            assert message.content == b""
            assert "amina" not in (message.recipient + message.subject).lower()


def test_somebody_who_is_not_stored_cannot_be_erased(services: Services) -> None:
    with services.db.write() as session, pytest.raises(NotFound, match="Nobody is stored"):
        erasure.erase(session, services, "nobody@example.org", actor=SYSTEM)


def test_names_of_colleagues_at_the_persons_devices_go_too(services: Services, registration_id: str) -> None:
    connect_signals()
    with services.db.write() as session:
        session.add(Companion(registration_id=registration_id, device="laptop", name="Bo Ek"))
        session.flush()
        erasure.erase(session, services, "amina@example.org", actor=SYSTEM)
        assert session.scalars(select(Companion.name)).all() == [""]
