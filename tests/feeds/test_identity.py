"""Which entry is this: documents polled one after the other, in memory, and what must come of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.feeds.identity import Keyed, decide, key_entries, link_key
from broadsheet.feeds.parse import parse_feed
from broadsheet.model import Entry

DATE = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Archive:
    """What the store keeps of a feed, in memory: keys for ever, and the newest digest of each article."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.digests: dict[str, str] = {}

    def poll(self, entries: Sequence[Entry]) -> Counter[str]:
        """Take in a document's entries; return the number of new, changed and same ones."""
        keyed = key_entries(entries)
        told: Counter[str] = Counter()
        for decision in decide(keyed, self.keys, self.digests):
            article = decision.article_id or f"a{len(self.digests)}"
            for key in decision.keyed.keys:
                self.keys.setdefault(key, article)
            self.digests[article] = decision.keyed.digest
            told[decision.what] += 1
        return told


def entry(number: int = 1, **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "guid": f"urn:s:{number}", "link": f"https://news.example/a/{number}", "title": f"Story {number}",
        "content": f"<p>Text of story {number}.</p>", "published": DATE + timedelta(minutes=number),
    }  # fmt: skip
    return Entry(**(given | fields))


def polls(*documents: Sequence[Entry]) -> tuple[list[Counter[str]], Archive]:
    archive = Archive()
    return [archive.poll(document) for document in documents], archive


# --------------------------------------------------------------------------------------------------- corpus


@pytest.mark.corpus
def test_sequences(corpus: Path) -> None:
    """Every firm sequence holds, and the proposed ones as docs/reference/identity.md decides them."""
    ours = {"tracking-noise": "as proposed"}
    sequences = json.loads((corpus / "feeds" / "sequences.json").read_text("utf-8"))
    for sequence in sequences:
        assert sequence["status"] == "firm" or ours[sequence["name"]] == "as proposed"
        archive = Archive()
        for number, step in enumerate(sequence["steps"]):
            told = archive.poll(parse_feed(step["body"].encode(), url="https://news.example/feed").entries)
            found = {"new": told["new"], "updated": told["changed"], "total_articles": len(archive.digests)}
            assert found == step["expect"], (sequence["name"], number)


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "articles"), [("id-empty-guid", 3), ("id-no-guid-no-link", 2), ("id-guid-sql", 2)])
def test_hostile_identity_documents(corpus: Path, name: str, articles: int) -> None:
    """Each poll after the first adds nothing."""
    data = (corpus / "hostile" / "feeds" / f"{name}.xml").read_bytes()
    entries = parse_feed(data, url="https://feed.example/feed").entries
    told, archive = polls(entries, entries, entries)
    assert told == [{"new": articles}, {"same": articles}, {"same": articles}]
    assert len(archive.digests) == articles


@pytest.mark.corpus
def test_a_text_that_changes_at_every_poll_stays_one_article(corpus: Path) -> None:
    data = (corpus / "hostile" / "feeds" / "id-flip.xml").read_text("utf-8")
    archive = Archive()
    for number in range(50):
        archive.poll(parse_feed(data.replace("{NONCE}", f"n{number}").encode(), url="https://feed.example/").entries)
    assert len(archive.digests) == 1


def test_a_guid_of_any_length_is_one_key() -> None:
    told, archive = polls([entry(guid="g" * 100_000)], [entry(guid="g" * 100_000)])
    assert told == [{"new": 1}, {"same": 1}]
    assert all(len(key) < 250 for key in archive.keys)


# --------------------------------------------------------------------------------- one entry, polled twice

SAME = {
    "nothing changed": {},
    "markup around the same words": {"content": "<div>Text of   <b>story</b> 1.</div>"},
    "a tracking pixel": {"content": '<p>Text of story 1.</p><img src="https://t.example/1.gif?r=2" width="1" height="1">'},
    "its date": {"published": DATE + timedelta(days=1)},
    "its link": {"link": "https://other.example/b"},
    "trackers on its link": {"link": "https://news.example/a/1?utm_source=x"},
    "its guid, with the link kept": {"guid": "another"},
    "its guid gone": {"guid": ""},
    "white space around its guid": {"guid": " urn:s:1\n"},
    "guid and link, with title and date kept": {"guid": "another", "link": "https://news.example/b/1"},
    "scheme and www of its link": {"guid": "another", "link": "http://www.news.example/a/1"},
}  # fmt: skip
CHANGED = {
    "its title": {"title": "Story 1, corrected"},
    "its text": {"content": "<p>Text of story 1, with more.</p>"},
    "title and text, by guid": {"title": "New title", "content": "<p>New text.</p>", "link": "https://x.example/y"},
    "title and text, by link": {"title": "New title", "content": "<p>New text.</p>", "guid": "another"},
}
NEW = {
    "everything": {"guid": "b", "link": "https://news.example/b", "title": "Another", "content": "<p>Other.</p>"},
    "all but the text": {"guid": "b", "link": "https://news.example/b", "title": "Another"},
    "guid, link and date, with a recurring title": {
        "guid": "b", "link": "https://news.example/b", "published": DATE + timedelta(days=7),
    },
}  # fmt: skip


@pytest.mark.parametrize("what", SAME)
def test_the_same_entry(what: str) -> None:
    assert polls([entry()], [entry(**SAME[what])])[0][1] == {"same": 1}


@pytest.mark.parametrize("what", CHANGED)
def test_a_changed_entry(what: str) -> None:
    told, archive = polls([entry()], [entry(**CHANGED[what])])
    assert told[1] == {"changed": 1}
    assert len(archive.digests) == 1


@pytest.mark.parametrize("what", NEW)
def test_a_new_entry(what: str) -> None:
    assert polls([entry()], [entry(**NEW[what])])[0][1] == {"new": 1}


def test_a_key_holds_no_character_nul() -> None:
    """PostgreSQL takes none, and SQLite's JSON, in which keys are looked up, ends a text there."""
    keyed = key_entries([Entry(guid="a\0b", title="One"), Entry(guid="a\0c", title="Two")])
    assert [item.keys[0] for item in keyed] == ["g:a\ufffdb", "g:a\ufffdc"]


def test_a_key_once_seen_is_kept_for_ever() -> None:
    """An entry whose guid changed is known by the old and by the new one."""
    _, archive = polls([entry()], [entry(guid="second")])
    assert archive.poll([entry(guid="second", link="https://x.example/1", title="T")]) == {"changed": 1}
    assert archive.poll([entry(link="https://x.example/2", title="U")]) == {"changed": 1}


# ------------------------------------------------------------------------------------------- bad documents


@pytest.mark.parametrize("count", [2, 3, 30])
def test_one_guid_for_all_is_no_identity(count: int) -> None:
    """Title and link decide where the guid says nothing; later polls know every entry again, in any order."""
    entries = [entry(number, guid="same") for number in range(count)]
    told, _ = polls(entries, list(reversed(entries)), [entry(99, guid="same"), *entries[:-1]])
    assert told == [{"new": count}, {"same": count}, {"same": count - 1, "new": 1}]


def test_one_guid_and_one_link_for_all() -> None:
    entries = [entry(number, guid="x", link="https://news.example/") for number in range(10)]
    told, _ = polls(entries, [entry(10, guid="x", link="https://news.example/"), *entries])
    assert told == [{"new": 10}, {"same": 10, "new": 1}]


def test_a_guid_that_is_new_at_every_poll() -> None:
    """Feeds that make up guids at random: the link knows the entries."""
    documents = [[entry(number, guid=f"{number}-{poll}") for number in range(20)] for poll in range(10)]
    told, archive = polls(*documents)
    assert told == [{"new": 20}, *[{"same": 20}] * 9]
    assert len(archive.digests) == 20


def test_entries_that_repeat_each_other_are_one() -> None:
    told, _ = polls([entry(1), entry(1), entry(2)], [entry(2), entry(1), entry(1)])
    assert told == [{"new": 2}, {"same": 2}]


def test_two_entries_with_one_guid_and_different_texts_are_two() -> None:
    """A guid collision inside a document costs nobody their article."""
    told, _ = polls([entry(1, guid="x"), entry(2, guid="x"), *(entry(number) for number in range(3, 60))])
    assert told == [{"new": 59}]


def test_entries_without_title_are_told_apart_by_their_text() -> None:
    notes = [entry(number, guid="", link="", title="") for number in range(5)]
    told, _ = polls(notes, notes)
    assert told == [{"new": 5}, {"same": 5}]


def test_entries_without_anything_but_their_dates() -> None:
    bare = [Entry(raw={"published": f"2026-03-0{number}"}) for number in range(1, 4)]
    told, _ = polls(bare, bare)
    assert told == [{"new": 3}, {"same": 3}]


def test_an_entry_does_not_take_the_article_of_another() -> None:
    """Two entries that lead to one article by weaker keys: it goes to the one that its guid names."""
    first = entry(1)
    thief = entry(2, guid="thief", link=first.link, title="Thief")
    told, archive = polls([first], [thief, first])
    assert told[1] == {"new": 1, "same": 1}
    assert len(archive.digests) == 2


def test_an_entry_without_guid_beside_one_with_the_same_title() -> None:
    """Both are kept where their texts differ, in either order, and neither is taken for the other later."""
    full = entry(1)
    bare = entry(1, guid="", link="", content="<p>Another text.</p>")
    told, archive = polls([full, bare], [bare, full], [full, bare])
    assert told == [{"new": 2}, {"same": 2}, {"same": 2}]
    assert len(archive.digests) == 2
    told, _ = polls([bare, full], [full, bare])
    assert told == [{"new": 2}, {"same": 2}]


def test_an_entry_without_guid_that_repeats_one_with_it_is_left_out() -> None:
    told, _ = polls([entry(1), entry(1, guid="", link="")], [entry(1, guid="", link=""), entry(1)])
    assert told == [{"new": 1}, {"same": 1}]


def test_nothing_gives_nothing() -> None:
    assert key_entries([]) == []
    assert decide([], {}, {}) == []


# ---------------------------------------------------------------------------------------------------- keys

LINKS = {
    "https://www.News.example:443/a?utm_source=x&b=1#top": "news.example/a?b=1",
    "https://news.example/changelog#v2": "news.example/changelog#v2",
    "https://news.example/#!/a/1": "news.example/#!/a/1",
    "https://news.example/a#xtor=RSS-1": "news.example/a",
    "https://news.example/a#:~:text=x": "news.example/a",
    "https://news.example/a#comments": "news.example/a",
    "http://news.example/a/": "news.example/a/",
    "https://news.example/": "",
    "https://news.example": "",
    "https://news.example/?p=1": "news.example/?p=1",
    "https://u:p@news.example/a": "news.example/a",
    "mailto:a@b.example": "",
    "urn:uuid:1": "",
    "/relative": "",
    "": "",
}


@pytest.mark.parametrize("link", LINKS)
def test_link_key(link: str) -> None:
    assert link_key(link) == LINKS[link]


BURNED = """<rss xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel>
<item><link>https://feedproxy.example/~r/a/~3/x1/</link><title>{0} 1</title>{1}</item>
<item><link>https://feedproxy.example/~r/a/~3/x2/</link><title>{0} 2</title>{2}</item></channel></rss>"""


def burned(title: str, *originals: str) -> Sequence[Entry]:
    links = [f"<feedburner:origLink>{link}</feedburner:origLink>" if link else "" for link in originals]
    return parse_feed(BURNED.format(title, *links).encode(), url="https://a.example/feed").entries


def test_an_article_is_known_by_the_link_that_counts_readers_and_by_its_own() -> None:
    """Without guids, and with titles that change at the same time: only the links say that these are the same."""
    own = [entry(number, guid="", link=f"https://a.example/{number}", title=f"Last {number}") for number in (1, 2)]
    told, archive = polls(
        burned("Before", "", ""), burned("Between", "https://a.example/1", "https://a.example/2"), own
    )
    assert told == [{"new": 2}, {"changed": 2}, {"changed": 2}]
    assert len(archive.digests) == 2


def test_one_original_for_all_does_not_make_entries_one() -> None:
    told, archive = polls(
        burned("News", *["https://a.example/page"] * 2), burned("News", *["https://a.example/page"] * 2)
    )
    assert told == [{"new": 2}, {"same": 2}]
    assert len(archive.digests) == 2


def test_one_address_that_counts_readers_for_all_is_no_key() -> None:
    entries = [
        msgspec.structs.replace(found, links=burned("x", "", "")[0].links)
        for found in burned("News", "https://a.example/1", "https://a.example/2")
    ]
    assert [sum(key.startswith("l:") for key in keyed.keys) for keyed in key_entries(entries)] == [1, 1]


texts = st.sampled_from(["", "a", "b", "https://news.example/a", "https://news.example/"]) | st.text(max_size=8)
entries_of_any_kind = st.builds(
    Entry, guid=texts, link=texts, title=texts, content=texts, summary=texts,
    published=st.none() | st.just(DATE) | st.just(DATE + timedelta(days=1)),
)  # fmt: skip


@given(st.lists(entries_of_any_kind, max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_document_polled_again_brings_nothing_new(entries: list[Entry]) -> None:
    """Whatever feeds write: every entry has a key, articles are told apart within a document, and a second look at the
    same document changes nothing."""
    keyed = key_entries(entries)
    assert all(item.keys for item in keyed)
    keys = [key for item in keyed for key in item.keys]
    assert len(set(keys)) == len(keys)
    assert len(keyed) <= len(entries)
    archive = Archive()
    assert archive.poll(entries) == ({"new": len(keyed)} if keyed else {})
    assert archive.poll(entries) == ({"same": len(keyed)} if keyed else {})
    assert len(archive.digests) == len(keyed)


@given(st.lists(entries_of_any_kind, max_size=8), st.lists(entries_of_any_kind, max_size=8))
@settings(max_examples=300, deadline=None)
def test_no_article_is_given_to_two_entries_of_a_document(before: list[Entry], after: list[Entry]) -> None:
    archive = Archive()
    archive.poll(before)
    keyed: list[Keyed] = key_entries(after)
    decisions = decide(keyed, archive.keys, archive.digests)
    known = [decision.article_id for decision in decisions if decision.article_id]
    assert len(known) == len(set(known))
    fresh = [decision.keyed.keys[0] for decision in decisions if decision.what == "new"]
    assert not set(fresh) & set(archive.keys)


@given(st.lists(st.lists(entries_of_any_kind, max_size=5), min_size=1, max_size=4), st.randoms())
@settings(max_examples=200, deadline=None)
def test_a_feed_that_comes_to_rest_brings_nothing_new(documents: list[list[Entry]], chance: Any) -> None:
    """After any history: a document that stays as it is, in whatever order, is the same from its second poll on."""
    archive = Archive()
    for document in documents:
        archive.poll(document)
    last = list(documents[-1])
    archive.poll(last)
    for _ in range(3):
        chance.shuffle(last)
        assert set(archive.poll(last)) <= {"same"}
