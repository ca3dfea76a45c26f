"""A zero byte in an address or a form: PostgreSQL takes none in a text."""

from __future__ import annotations

from tests import factories
from tourserver.app import create_app
from tourserver.core.settings import Settings


def test_a_zero_byte_is_no_reason_to_break(database_settings: Settings) -> None:
    app = create_app(database_settings)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    services = app.extensions["tourserver"]
    try:
        with services.db.write() as session:
            site = factories.make_site(session)
            walk = factories.make_session(session)
        admin = factories.administrator(app)
        codes = {
            path: admin.get(path).status_code
            for path in (
                "/en/sites?theme=%00",
                "/en/sites?node=%00",
                "/en/sites?q=%00",
                "/en/sites/%00",
                "/en/sites/%00/tour.json",
                "/en/sessions/%00",
                "/live/%00",
                "/host/%00",
                "/j/%00",
                "/studio/sites/%00",
                "/studio/staff/%00",
                f"/studio/sites/{site.slug}/tour/scenes/%00",
                "/studio/sessions/%00",
            )
        }
        typed = {"name": "A\0", "email": "a@example.org", "country": "SE", "language": "en", "organisation": "\0"}
        codes["sign-up"] = admin.post(f"/en/sessions/{walk.slug}/register", data=typed).status_code
        typed = {"revision": "1", "name-en": "A\0", "summary-en": "B", "node": site.node.slug, "place": "\0"}
        codes["site"] = admin.post(f"/studio/sites/{site.slug}", data=typed).status_code
        typed = {"name": "A\0", "email": "b@example.org", "password": "x\0" * 12, "language": "en"}
        codes["staff"] = admin.post("/studio/staff", data=typed).status_code
        assert {path: code for path, code in codes.items() if code >= 500} == {}
    finally:
        services.close()
