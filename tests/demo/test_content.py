"""The demo's content: complete in three languages, consistent, and true to its pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pycountry
import pytest
from PIL import Image

from tourserver.core.i18n import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "panoramas"
DEMO = PICTURES / "demo"
TEXTS = {"name", "summary", "body", "title", "alternative", "label", "value"}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
Record = dict[str, Any]


def read(name: str) -> Any:
    """One file of the demo."""
    return json.loads((DEMO / name).read_text(encoding="utf-8"))


NODES: list[Record] = read("nodes.json")
THEMES: list[Record] = read("themes.json")
SESSIONS: list[Record] = read("sessions.json")
PEOPLE: Record = read("people.json")
SITES: list[Record] = [read(f"sites/{path.name}") for path in sorted((DEMO / "sites").glob("*.json"))]
SCENES: list[Record] = [scene for site in SITES for scene in site.get("scenes", [])]

every_site = pytest.mark.parametrize("site", SITES, ids=lambda site: site["slug"])
every_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene["key"])
every_session = pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session["key"])


def texts_of(thing: Any, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """All texts below a thing, with the way to each."""
    if isinstance(thing, list):
        for number, item in enumerate(thing):
            yield from texts_of(item, f"{path}[{number}]")
    elif isinstance(thing, dict):
        for key, value in thing.items():
            here = f"{path}.{key}"
            if key in TEXTS and isinstance(value, dict):
                if not (key == "body" and thing.get("kind") == "link"):
                    yield here, value
            else:
                yield from texts_of(value, here)


ALL_TEXTS = [
    *texts_of(NODES, "nodes"),
    *texts_of(THEMES, "themes"),
    *texts_of(SESSIONS, "sessions"),
    *(pair for site in SITES for pair in texts_of(site, site["slug"])),
]


def length(text: str, language: str) -> int:
    """Words; for Chinese, characters."""
    if language == "zh_Hans":
        return len(re.findall(r"[\u4e00-\u9fff]", text))
    return len(re.findall(r"\w+(?:[’'-]\w+)*", text))


def test_there_are_ten_sites_and_four_of_them_have_tours() -> None:
    assert len(SITES) == 10
    assert sorted(len(site["scenes"]) for site in SITES if "scenes" in site) == [1, 2, 2, 3]


def test_every_text_is_there_in_all_languages_and_nothing_else() -> None:
    assert len(ALL_TEXTS) > 150
    for path, texts in ALL_TEXTS:
        assert set(texts) == set(LANGUAGES), path
        assert all(value.strip() == value and value for value in texts.values()), path


def test_no_text_shouts_or_carries_html() -> None:
    for path, texts in ALL_TEXTS:
        for value in texts.values():
            assert not re.search(r"[!！<>]", value), path


def test_chinese_is_chinese_with_its_own_punctuation() -> None:
    for path, texts in ALL_TEXTS:
        chinese = texts["zh_Hans"]
        if path.endswith((".value", ".name")):
            continue
        assert re.search(r"[\u4e00-\u9fff]", chinese), path
        assert not re.search(r"[\u4e00-\u9fff][,;:?()]", chinese), f"{path}: half-width punctuation"
        assert "你" not in chinese, f"{path}: the reader is 您"


def test_swedish_says_du_and_not_ni_to_the_reader() -> None:
    for path, texts in ALL_TEXTS:
        assert not re.search(r"\b(ni|er|ert|era)\b", texts["sv"].lower()), path


@every_site
def test_a_site_has_what_its_page_shows(site: Record) -> None:
    assert (DEMO / "sites" / f"{site['slug']}.json").is_file()
    assert site["source_language"] in LANGUAGES
    assert site["place"]
    assert site["contact_name"]
    assert site["contact_email"].endswith("@example.org")
    assert len(site["figures"]) == 3
    assert site["illustrative"] is True


@every_site
def test_a_summary_is_one_sentence_and_a_body_is_short_enough_to_read(site: Record) -> None:
    for language in LANGUAGES:
        summary, body = site["summary"][language], site["body"][language]
        assert len(re.findall(r"[.。](?:\s|$|(?<=。))", summary)) == 1, summary
        low, high = (150, 330) if language == "zh_Hans" else (80, 150)
        assert low <= length(body, language) <= high, (language, length(body, language))


@every_site
def test_a_site_without_tour_says_that_it_is_to_come(site: Record) -> None:
    sentences = {
        "en": "tour of the site is to come",
        "sv": "rundtur på platsen kommer",
        "zh_Hans": "导览正在制作中",
    }
    for language, sentence in sentences.items():
        assert (sentence in site["body"][language]) is ("scenes" not in site)


@every_site
def test_a_site_lies_in_sweden(site: Record) -> None:
    assert 55 <= site["latitude"] <= 69.1
    assert 10.9 <= site["longitude"] <= 24.2


def test_slugs_are_unique_ascii_and_undated() -> None:
    for things in (NODES, THEMES, SITES, SESSIONS):
        slugs = [thing["slug"] for thing in things]
        assert len(slugs) == len(set(slugs))
        for slug in slugs:
            assert SLUG.fullmatch(slug), slug
            assert not re.search(r"20\d\d", slug), slug


def test_every_node_and_theme_is_used_and_none_is_unknown() -> None:
    assert {site["node"] for site in SITES} == {node["slug"] for node in NODES}
    assert {theme for site in SITES for theme in site["themes"]} == {theme["slug"] for theme in THEMES}


def test_the_icons_of_themes_are_in_the_sprite() -> None:
    icons = json.loads((ROOT / "static" / "src" / "icons.json").read_text(encoding="utf-8"))
    assert {theme["icon"] for theme in THEMES} <= set(icons)


@every_scene
def test_a_picture_is_there_and_twice_as_wide_as_high(scene: Record) -> None:
    with Image.open(PICTURES / scene["file"]) as picture:
        assert picture.format == "JPEG"
        assert picture.width == 2 * picture.height >= 4096


def test_every_picture_is_used_once() -> None:
    assert sorted(scene["file"] for scene in SCENES) == sorted(path.name for path in PICTURES.glob("*.jpg"))


@every_scene
def test_a_scene_is_credited_and_marked_as_computed(scene: Record) -> None:
    assert SLUG.fullmatch(scene["key"])
    assert scene["render"] is True
    assert scene["credit"]
    assert scene["licence"] == "Computed picture made for this project"


@every_scene
def test_angles_are_degrees_within_the_sphere(scene: Record) -> None:
    assert 30 <= scene["view"]["fov"] <= 90
    assert -180 <= scene["north"] <= 180
    for point in (scene["view"], *scene["hotspots"]):
        assert -180 <= point["yaw"] <= 180
        assert -90 <= point["pitch"] <= 90


@every_scene
def test_points_are_far_enough_apart_to_be_pressed(scene: Record) -> None:
    for one, other in combinations(scene["hotspots"], 2):
        turn = abs((one["yaw"] - other["yaw"] + 180) % 360 - 180)
        assert max(turn, abs(one["pitch"] - other["pitch"])) >= 8, (one["label"]["en"], other["label"]["en"])


@every_scene
def test_info_points_have_a_text_of_readable_length_and_links_have_none(scene: Record) -> None:
    for point in scene["hotspots"]:
        if point["kind"] == "link":
            assert point["body"] == {}
            continue
        assert point["kind"] == "info"
        assert point["to"] is None
        for language, text in point["body"].items():
            low, high = (50, 130) if language == "zh_Hans" else (30, 60)
            assert low <= length(text, language) <= high, (
                point["label"]["en"],
                language,
                length(text, language),
            )


@every_site
def test_links_lead_to_other_scenes_of_the_same_site_and_every_scene_can_be_reached(site: Record) -> None:
    scenes = {scene["key"]: scene for scene in site.get("scenes", [])}
    assert len(scenes) == len(site.get("scenes", []))
    to = {key: {point["to"] for point in scene["hotspots"] if point["kind"] == "link"} for key, scene in scenes.items()}
    for key, targets in to.items():
        assert targets <= set(scenes) - {key}
    for start in scenes:
        reached, waiting = {start}, [start]
        while waiting:
            for target in to[waiting.pop()] - reached:
                reached.add(target)
                waiting.append(target)
        assert reached == set(scenes)


@every_session
def test_a_session_is_complete_and_shows_sites_that_exist(session: Record) -> None:
    assert session["kind"] in {"webinar", "guided_tour"}
    assert session["visibility"] in {"public", "unlisted"}
    assert session["languages"]
    assert 5 <= session["duration_minutes"] <= 720
    assert session["capacity"] is None or session["capacity"] > 0
    assert ZoneInfo(session["zone"])
    assert not session["sound_url"] or session["sound_url"].startswith("https://meet.example.org/")
    assert session["contact_email"].endswith("@example.org")
    sites = {site["slug"]: site for site in SITES}
    assert set(session["sites"]) <= set(sites)
    if session["kind"] == "guided_tour":
        assert all("scenes" in sites[slug] for slug in session["sites"])


def test_one_session_is_live_two_are_to_come_and_one_has_been() -> None:
    starts = {session["key"]: session["starts"] for session in SESSIONS}
    assert len(starts) == len(SESSIONS)
    assert starts["live"] == {"minutes": -5}
    days = sorted(start["days"] for start in starts.values() if "days" in start)
    assert days[0] < 0
    assert days[1:] == [3, 9]
    for start in starts.values():
        assert set(start) == {"minutes"} or re.fullmatch(r"[012]\d:[0-5]\d", start["local"])


def test_people_have_addresses_that_reach_nobody_and_real_countries_and_zones() -> None:
    everyone = [PEOPLE["admin"], *PEOPLE["hosts"], *PEOPLE["delegates"]]
    addresses = [person["email"] for person in everyone]
    assert len(addresses) == len(set(addresses))
    assert all(address.endswith("@example.org") for address in addresses)
    assert all(person["name"] for person in everyone)
    assert len(PEOPLE["hosts"]) == 2
    for delegate in PEOPLE["delegates"]:
        assert pycountry.countries.get(alpha_2=delegate["country"])
        assert delegate["language"] in LANGUAGES
        assert ZoneInfo(delegate["zone"])


def test_questions_come_from_delegates_in_several_languages_and_some_wait() -> None:
    questions = PEOPLE["questions"]
    assert {question["language"] for question in questions} == {"en", "fr", "zh_Hans"}
    assert {question["state"] for question in questions} == {"pending", "approved"}
    for question in questions:
        assert 0 <= question["delegate"] < len(PEOPLE["delegates"])
        assert 0 < len(question["text"]) <= 1000
        assert isinstance(question["anonymous"], bool)
