"""Articles that were published twice: one page with both sources, and both addresses answer, whatever came first."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from broadsheet import parse_feed
from broadsheet.cli import cli
from broadsheet.newspaper import Newspaper
from broadsheet.site import search
from broadsheet.site.check import check_site
from broadsheet.store import site
from tests.conftest import NOW, Answer, Web, item, rss
from tests.e2e.test_stories import report, say
from tests.site.test_search import found as search_for

TEXT, OTHER = report(11), report(12)
MOLE, WIRE = "Ship freed from the mole", "https://wire.example/a/1"
LATER = "Mon, 02 Mar 2026 11:40:00 GMT"
ONE, TWO = "News/Harbour Wire/World", "News/Harbour Wire/Trade"


def world(web: Web, paper: Callable[..., Newspaper], sections: dict[str, str], **more: str) -> Newspaper:
    """Return a newspaper with a feed for each name, filed where it says."""
    made = paper(**more)
    tables = "".join(
        f'[[feeds]]\nurl = "{web.url}/{name}"\nsection = "{section}"\nmode = "{more.get("mode", "full")}"\n'
        for name, section in sections.items()
    )
    made.config_file.write_text(made.config_file.read_text("utf-8") + tables, "utf-8")
    for name in sections:
        web.pages.setdefault(f"/{name}", Answer(rss(name, "")))
    return Newspaper(made.folder, environ={}, clock=lambda: NOW)


def channels(web: Web, paper: Callable[..., Newspaper]) -> Newspaper:
    return world(web, paper, {"one": ONE, "two": TWO})


def carry(web: Web, name: str, *items: str) -> None:
    web.pages[f"/{name}"] = Answer(rss(name, "".join(items)))


def addresses(made: Newspaper) -> dict[str, str]:
    """Return title -> path of each article's own address."""
    with made.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT json_extract(CAST(data AS TEXT), '$.title'), permalink FROM articles")
        return {row[0]: row[1] for row in rows}


def read(made: Newspaper, path: str) -> str:
    return (made.folder / "public" / path).read_text("utf-8")


def faults(made: Newspaper) -> tuple[str, ...]:
    with made.store.read() as connection:
        given = site.addresses(connection)
    return check_site(made.folder / "public", base="/", url="https://paper.example/", addresses=given).faults


def leads_to(made: Newspaper, path: str, page: str) -> bool:
    text = read(made, path)
    return (
        'class="page-moved"' in text
        and f'content="0; url=/{page}"' in text
        and f'<link rel="canonical" href="https://paper.example/{page}">' in text
    )


def standing(made: Newspaper) -> dict[str, list[str]]:
    """Return the articles of each list, by title, in their order."""
    with made.store.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT lists.path, json_extract(CAST(articles.data AS TEXT), '$.title') FROM list_items "
            "JOIN lists ON lists.id = list_id JOIN articles ON articles.id = article_id ORDER BY list_id, position"
        ).all()
    found: dict[str, list[str]] = {}
    for path, title in rows:
        found.setdefault(path, []).append(title)
    return found


def places(made: Newspaper) -> dict[str, list[str]]:
    """Return the articles of each list, by id, in their order."""
    query = "SELECT path, article_id FROM list_items JOIN lists ON lists.id = list_id ORDER BY list_id, position"
    found: dict[str, list[str]] = {}
    with made.store.read() as connection:
        for path, article in connection.exec_driver_sql(query):
            found.setdefault(path, []).append(article)
    return found


def tree(made: Newspaper) -> dict[str, bytes]:
    root = made.folder / "public"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


FIRST = item(1, title="Ship freed from the mole", text=TEXT, link="https://wire.example/a/1")
AGAIN = item(2, title="The ship is free", text=TEXT, link="https://wire.example/a/1", date=LATER)


def test_an_article_in_two_channels_is_one_page_with_both(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = channels(web, paper)
    carry(web, "one", FIRST)
    carry(web, "two", AGAIN)
    made.run()
    where = addresses(made)
    first, second = where["Ship freed from the mole"], where["The ship is free"]
    page = read(made, first)
    (places,) = re.findall(r"<h2>Published in 2 places</h2>.*?</ul>", page, re.DOTALL)
    assert places.count("Harbour Wire") == 2
    assert places.index("World") < places.index("Trade")
    assert places.count('href="https://wire.example/a/1"') == 2
    assert re.findall(r'datetime="([^"]*)"', places) == ["2026-03-02T10:01Z", "2026-03-02T11:40Z"]
    assert "The ship is free" in places, "the title that it had there"
    assert leads_to(made, second, first)
    assert not list((made.folder / "public" / "story").glob("*")), "one article is no event with two reports"
    assert faults(made) == ()
    assert standing(made)["latest/"] == ["Ship freed from the mole"], "once in a list"
    lists = standing(made)
    assert [titles for path, titles in lists.items() if path.startswith("channel/")] == [
        ["Ship freed from the mole"], ["The ship is free"],
    ]  # fmt: skip
    (channel,) = [path for path, titles in lists.items() if titles == ["The ship is free"]]
    assert f'href="/{first}"' in read(made, f"{channel}index.html"), "it leads to the one page"
    (entry,) = parse_feed((made.folder / "public" / f"{channel}feed.xml").read_bytes()).entries
    assert (entry.guid, entry.link) == (f"https://paper.example/{second}", f"https://paper.example/{first}")
    assert len(parse_feed((made.folder / "public" / "feed.xml").read_bytes()).entries) == 1
    assert made.build().pages_written == 0
    before = tree(made)
    made.build(full=True)
    assert tree(made) == before


def test_what_stood_at_its_own_address_yesterday_answers_for_ever(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Two articles are found to be one after both were printed: places are kept, and the first page tells it."""
    made = channels(web, paper)
    carry(web, "one", FIRST)
    carry(web, "two", item(2, title="The ship is free", text=OTHER, link="https://wire.example/a/1", date=LATER))
    made.run()
    where, lists = addresses(made), standing(made)
    first, second = where["Ship freed from the mole"], where["The ship is free"]
    assert lists["latest/"] == ["Ship freed from the mole", "The ship is free"]
    event = {entry.guid for entry in parse_feed((made.folder / "public" / "feed.xml").read_bytes()).entries}

    carry(web, "two", AGAIN)
    made.run()
    assert leads_to(made, second, first)
    assert standing(made) == lists, "lists never shift"
    latest = read(made, "latest/index.html")
    assert latest.count(f'href="/{first}"') >= 2
    assert second not in latest
    assert {entry.guid for entry in parse_feed((made.folder / "public" / "feed.xml").read_bytes()).entries} == event
    (entry,) = parse_feed((made.folder / "public" / "latest/feed.xml").read_bytes()).entries
    assert entry.guid == f"https://paper.example/{first}"
    assert faults(made) == ()

    carry(web, "two", item(2, title="The ship is free", text=OTHER, link="https://wire.example/a/1", date=LATER))
    made.run()
    assert "page-article" in read(made, second), "another text is another article again"
    assert "Published in" not in read(made, first)
    assert standing(made) == lists
    assert faults(made) == ()


def test_split_makes_both_pages_whole_again(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = channels(web, paper)
    carry(web, "one", FIRST)
    carry(web, "two", AGAIN, item(3, text=OTHER))
    made.run()
    where, lists = addresses(made), standing(made)
    first, second = where["Ship freed from the mole"], where["The ship is free"]
    say(made, "story", "split", f"https://paper.example/{second}")
    made.build()
    assert "page-article" in read(made, second)
    assert "Published in" not in read(made, first)
    now = standing(made)
    assert now["latest/"] == [*lists["latest/"], "The ship is free"], "it enters the lists that it was kept out of"
    assert all(now[path][: len(titles)] == titles for path, titles in lists.items())
    assert all(len(set(titles)) == len(titles) for titles in now.values())
    assert faults(made) == ()
    made.update(redo="relate")
    made.build()
    assert standing(made) == now, "for good"
    assert "page-article" in read(made, second)
    before = tree(made)
    made.build(full=True)
    assert tree(made) == before


def test_what_is_whole_again_is_found_again(
    web: Web, paper: Callable[..., Newspaper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words come back into a part of the search's index that was closed long ago."""
    monkeypatch.setattr(search, "LEVELS", (16, 8, 4))
    made = channels(web, paper)
    carry(web, "one", FIRST)
    carry(web, "two", AGAIN)
    made.run()
    carry(web, "one", FIRST, *(item(number, text=report(number)) for number in range(100, 130)))
    made.run()
    assert search_for(made, "ship") == {MOLE}
    say(made, "story", "split", f"https://paper.example/{addresses(made)['The ship is free']}")
    made.build()
    assert search_for(made, "ship") == {MOLE, "The ship is free"}


@pytest.mark.parametrize("taken", ["first", "second"])
def test_a_takedown_of_one_leaves_the_other(web: Web, paper: Callable[..., Newspaper], taken: str) -> None:
    made = channels(web, paper)
    carry(web, "one", FIRST)
    carry(web, "two", AGAIN)
    made.run()
    where = addresses(made)
    first, second = where["Ship freed from the mole"], where["The ship is free"]
    gone, left = (first, second) if taken == "first" else (second, first)
    say(made, "takedown", f"https://paper.example/{gone}")
    made.build()
    assert "page-gone" in read(made, gone)
    page = read(made, left)
    assert "page-article" in page
    assert "Published in" not in page
    assert f'href="/{left}"' in read(made, "latest/index.html")
    assert faults(made) == ()


def test_a_paper_of_an_older_version_is_put_right(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Both pages stand for a year; the first run that knows of doubles finds them, and no address or list moves."""
    made = channels(web, paper)
    carry(web, "one", FIRST)
    carry(web, "two", item(2, title="The ship is free", text=OTHER, link="https://wire.example/a/1", date=LATER))
    made.run()
    lists, where = standing(made), addresses(made)
    with made.store.begin() as connection:  # the text that an older version found no double of
        connection.exec_driver_sql(
            "UPDATE bodies SET text = (SELECT max(text) FROM bodies), html = (SELECT max(html) FROM bodies)"
        )
        connection.exec_driver_sql("UPDATE meta SET value = '2' WHERE key = 'stage:relate'")
    made.run()
    assert leads_to(made, where["The ship is free"], where[MOLE])
    assert (standing(made), addresses(made)) == (lists, where)
    assert faults(made) == ()


def test_the_sitemap_names_what_is_there(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Its part stands from the first article on, whichever report of the event that tells was taken down before."""
    made = channels(web, paper)
    made.run()
    carry(web, "one", FIRST)
    made.update()
    carry(web, "two", AGAIN)
    made.update()
    with made.store.read() as connection:
        (story,) = set(connection.exec_driver_sql("SELECT story_id FROM articles").scalars())
    say(made, "takedown", f"https://paper.example/2026/03/20/{story}.html")
    made.build()
    assert faults(made) == ()
    (made.folder / "public" / "sitemap" / "stories-1.xml").unlink()
    assert faults(made) == ("sitemap.xml: names sitemap/stories-1.xml, which is not there",)
    (made.folder / "public" / "sitemap.xml").write_text("<", "utf-8")
    assert "sitemap.xml: no sitemap" in str(faults(made))


def test_check_finds_an_address_that_does_not_answer(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = channels(web, paper)
    carry(web, "one", FIRST, item(3, text=OTHER))
    carry(web, "two", AGAIN)
    made.run()
    where = addresses(made)
    first, second, third = where[MOLE], where["The ship is free"], where["Story 3 about the works"]
    root = made.folder / "public"
    moved = (root / second).read_text("utf-8")
    (root / second).write_text(moved.replace(f"/{first}", f"/{third}"), "utf-8")
    assert faults(made) == (f"{second}: does not lead to {first}, which tells the article",)
    (root / second).write_text(
        moved.replace(f'canonical" href="https://paper.example/{first}', 'canonical" href="/'), "utf-8"
    )
    assert faults(made) == (f"{second}: leads to /{first}, but its canonical address is /",)
    (root / second).unlink()
    assert faults(made) == (f"{second}: the address was given to an article and does not answer",)
    (root / second).write_text(moved, "utf-8")
    (root / third).write_text(moved.replace(f"/{first}", f"/{second}"), "utf-8")
    assert set(faults(made)) == {
        f"{third}: leads to {second}, which has moved itself",
        f"{third}: leads to {second}, but the article has a page of its own",
    }
    assert "which has moved itself" in say(made, "check")


VICTIM = item(1, title=MOLE, text=f"{TEXT[:-4]} tug.</p>", link=WIRE, guid="same")
CLAIMS = {
    "all but a link in the text": item(
        1, title=MOLE, text=f'{TEXT[:-4]} <a href="https://rope.example/">tug</a>.</p>', link=WIRE, guid="same"
    ),
    "all but the title": item(1, title=f"{MOLE}!", text=f"{TEXT[:-4]} tug.</p>", link=WIRE, guid="same"),
    "guid and link": item(1, title="Buy rope", text=OTHER, link=WIRE, guid="same"),
    "link and text": item(
        2, title=MOLE, text=TEXT + "<p>Buy rope.</p>", link=WIRE, date="Mon, 02 Mar 1998 10:00:00 GMT"
    ),
    "text": item(2, title=MOLE, text=TEXT, link="https://rope.example/a", date="Mon, 02 Mar 1998 10:00:00 GMT"),
}


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
@pytest.mark.parametrize("other", CLAIMS.values(), ids=list(CLAIMS))
def test_nobody_takes_anothers_page(
    web: Web, paper: Callable[..., Newspaper], order: tuple[str, str], other: str
) -> None:
    """Feeds of different publishers may claim the same guid, address and text: both stay, in both orders."""
    made = world(web, paper, {"one": "News/Harbour Wire", "two": "News/Rope Dealer"})
    documents = {"one": VICTIM, "two": other}
    for name in order:
        carry(web, name, documents[name])
        made.run()
    with made.store.read() as connection:
        paths = [row[0] for row in connection.exec_driver_sql("SELECT permalink FROM articles")]
    assert len(paths) == 2
    pages = [read(made, path) for path in paths]
    assert all("page-article" in page for page in pages)
    assert any("Ship freed from the mole" in page and "Harbour Wire" in page for page in pages)
    assert faults(made) == ()


def test_the_very_same_from_two_publishers_is_one_page_with_both(web: Web, paper: Callable[..., Newspaper]) -> None:
    """As of a source and a collection: nothing that a reader would see is different, so nothing can be taken or put in."""
    made = world(web, paper, {"one": "News/Harbour Wire", "two": "News/Best of the Coast"})
    carry(web, "one", item(1, title=MOLE, text=TEXT, link=WIRE, guid="same"))
    made.run()
    (first,) = addresses(made).values()
    carry(web, "two", item(1, title=MOLE, text=TEXT, link=WIRE, guid="same", date=LATER))
    made.run()
    with made.store.read() as connection:
        (second,) = (path for path in site.addresses(connection) if path != first)
    assert leads_to(made, second, first)
    (told,) = re.findall(r"Published in 2 places.*?</ul>", read(made, first), re.DOTALL)
    assert told.index("Harbour Wire") < told.index("Best of the Coast")
    assert faults(made) == ()
    linked = f'{TEXT[:-4]} <a href="https://rope.example/">tug</a>.</p>'
    carry(web, "two", item(1, title=MOLE, text=linked, link=WIRE, guid="same", date=LATER))
    made.run()
    assert "page-article" in read(made, second), "what is no longer the same is whole again"
    assert "rope.example" not in read(made, first)
    assert faults(made) == ()


def test_a_page_shows_as_much_as_each_of_its_sources_allows(web: Web, paper: Callable[..., Newspaper]) -> None:
    """What is published whole is not hidden behind an excerpt; a change of the mode is heeded at once."""
    made = channels(web, paper)
    carry(web, "one", FIRST)
    made.run()
    text = made.config_file.read_text("utf-8")
    made.config_file.write_text(text.replace('mode = "full"', 'mode = "excerpt"', 1), "utf-8")
    carry(web, "two", AGAIN)
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        again.run()
        where = addresses(again)
        first, second = where["Ship freed from the mole"], where["The ship is free"]
        assert "page-article" in read(again, second)
        assert faults(again) == ()
    made.config_file.write_text(text, "utf-8")
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        again.run()
        assert leads_to(again, second, first)
        assert faults(again) == ()


def test_another_report_of_the_event_stands_beside_the_one_page(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = world(web, paper, {"one": ONE, "two": TWO, "three": "News/Mole Gazette"})
    carry(web, "one", FIRST)
    carry(web, "two", AGAIN)
    carry(web, "three", item(3, title="Vessel is afloat again", text=TEXT + "<p>Our own line is long.</p>" * 9))
    made.run()
    where = addresses(made)
    first, second, third = (
        where[name] for name in ("Ship freed from the mole", "The ship is free", "Vessel is afloat again")
    )
    (story,) = (made.folder / "public" / "story").glob("*.html")
    text = story.read_text("utf-8")
    assert "2 sources report this" in text
    assert "<h4>Published in 2 places</h4>" in text
    for page in (text, read(made, third), read(made, first), read(made, "index.html")):
        assert second not in page
    assert leads_to(made, second, first)
    say(made, "story", "pin", f"https://paper.example/{second}")
    made.build()
    assert re.search(rf'class="leads">.*?href="/{first}"', story.read_text("utf-8"), re.DOTALL), "its page leads"
    assert faults(made) == ()
    say(made, "export", "json", str(made.folder / "out"))
    rows = [json.loads(line) for line in (made.folder / "out" / "articles.jsonl").read_text("utf-8").splitlines()]
    assert {row["title"]: bool(row["double_of"]) for row in rows} == {
        "Ship freed from the mole": False, "The ship is free": True, "Vessel is afloat again": False,
    }  # fmt: skip
    for name, field in (("hugo", "aliases"), ("jekyll", "redirect_from")):
        say(made, "export", name, str(made.folder / name), "--permalinks")
        posts = [
            path.read_text("utf-8") for path in (made.folder / name).rglob("*.*") if path.suffix in (".md", ".html")
        ]
        assert [f'"/{first}"' in post for post in posts if re.search(rf'{field}:\s+- "/{second}"', post)] == [True], (
            name
        )
    say(made, "export", "markdown", str(made.folder / "posts"))
    names = [path.stem for path in (made.folder / "posts").rglob("*.md")]
    assert len([name for name in names if second.rpartition("/")[2].removesuffix(".html") in name]) == 0
    assert len([name for name in names if first.rpartition("/")[2].removesuffix(".html") in name]) == 1


def test_the_order_of_arrival_in_one_run_does_not_matter(
    web: Web, paper: Callable[..., Newspaper], tmp_path: Path
) -> None:
    """The same articles that come to the site together, by whichever feeds first, make the same bytes."""
    items = {
        name: [
            item(number, title=f"{name} {number} of the works", text=report(number), link=f"https://wire.example/{number}")
            for number in range(20, 26) if number % 3 != shift
        ]
        for shift, name in enumerate(("one", "two", "three"))
    }  # fmt: skip
    sections = {"one": ONE, "two": TWO, "three": "News/Harbour Wire/Ships"}
    trees = []
    for seed in range(3):
        made = world(web, paper, sections, name=f"paper{seed}")
        order = list(sections)
        random.Random(seed).shuffle(order)
        for name in order:
            carry(web, name, *items[name])
            made.update(only_feed=f"{web.url}/{name}")
        made.build()
        assert faults(made) == ()
        assert sum(b'class="page-moved"' in body for body in tree(made).values()) == 6
        trees.append(tree(made))
    assert trees[0] == trees[1] == trees[2]


def test_a_double_costs_what_it_changes(web: Web, paper: Callable[..., Newspaper]) -> None:
    """However many articles there are: two addresses and the lists that it enters; the search has its newest part made anew."""
    made = channels(web, paper)
    carry(web, "one", *(item(number, text=report(number)) for number in range(100, 220)))
    made.run()
    carry(web, "one", FIRST)
    made.run()
    before = tree(made)
    carry(web, "two", AGAIN)
    made.run()
    where = addresses(made)
    changed = {path for path, body in tree(made).items() if before.get(path) != body and not path.startswith("search/")}
    channel = next(path for path, titles in standing(made).items() if titles == ["The ship is free"])
    assert changed == {where[MOLE], where["The ship is free"], f"{channel}index.html", f"{channel}feed.xml"}


class Desk:
    """Feeds of one publisher and one of another whose items come, change and go as chance has it."""

    def __init__(self, web: Web, made: Newspaper, chance: random.Random) -> None:
        self._web, self._made, self._chance = web, made, chance
        self._items: dict[str, dict[int, str]] = {name: {} for name in ("one", "two", "three", "four")}

    def step(self) -> str:
        """Do something and return what."""
        what = self._chance.choice(["publish", "publish", "publish", "change", "split", "takedown", "pin"])
        if what in ("publish", "change"):
            name, number = self._chance.choice(list(self._items)), self._chance.randrange(4)
            text = report(number) if what == "publish" else report(self._chance.randrange(40, 43))
            date = f"Mon, 02 Mar 2026 {8 + self._chance.randrange(4):02}:{number:02}:00 GMT"
            self._items[name].setdefault(number, date)
            self._items[name][number] = item(
                number, title=f"{self._chance.choice(['Ships', 'Boats'])} and the story of {'abcd'[number]}", text=text,
                link=f"https://wire.example/{number}", date=date, guid=f"{name}{number}",
            )  # fmt: skip
            carry(self._web, name, *self._items[name].values())
            self._made.update()
            return f"{what} {name} {number}"
        paths = sorted(addresses(self._made).values())
        if paths:
            path = f"https://paper.example/{self._chance.choice(paths)}"
            words = ("takedown",) if what == "takedown" else ("story", what)
            CliRunner().invoke(cli, ["-C", str(self._made.folder), *words, path])
            return f"{what} {path}"
        return "nothing"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_all_addresses_answer(web: Web, paper: Callable[..., Newspaper], seed: int) -> None:
    """Items come twice, change, are split off and taken down: no list shifts, and a whole print makes the same bytes."""
    sections = {"one": ONE, "two": TWO, "three": "News/Harbour Wire/Ships", "four": "News/Mole Gazette/All"}
    made = world(web, paper, sections)
    made.run()
    desk = Desk(web, made, random.Random(seed))
    done: list[str] = []
    lists: dict[str, list[str]] = {}
    for _ in range(8):
        done += [desk.step() for _ in range(random.Random(seed * 100 + len(done)).randint(1, 3))]
        made.build()
        assert faults(made) == (), done
        now = places(made)
        assert all(now[path][: len(ids)] == ids for path, ids in lists.items()), done
        assert all(len(set(ids)) == len(ids) for ids in now.values()), done
        lists = now
        before = tree(made)
        made.build(full=True)
        assert {path for path, body in tree(made).items() if before.get(path) != body} == set(), done
