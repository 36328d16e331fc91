"""A feed whose dates are whole hours off: learnt, shown, fixed by hand; articles get the right dates and keep their addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from click.testing import CliRunner

from broadsheet.cli import cli
from broadsheet.model import Article
from broadsheet.newspaper import Newspaper
from tests.conftest import NOW, Answer, Web, item, rss

EIGHT = timedelta(hours=8)


def http_date(moment: datetime) -> str:
    return f"{moment:%a, %d %b %Y %H:%M:%S} GMT"


def told_at(number: int, true: datetime, *, ahead: timedelta = timedelta(0), link: str = "") -> str:
    """Return an item that says it was published ``ahead`` of when it was."""
    return item(number, date=http_date(true + ahead), link=link)


def dates(made: Newspaper) -> dict[str, Article]:
    return {article.title.split()[1]: article for article in made.articles()}


def state(made: Newspaper) -> dict[str, tuple[int, str]]:
    """Return offset and evidence of each feed, by the last part of its address, as status shows them."""
    done = CliRunner().invoke(cli, ["-C", str(made.folder), "status", "--json"], catch_exceptions=False)
    feeds = json.loads(done.stdout)["feeds"]
    return {feed["url"].rsplit("/", 1)[1]: (feed["zone_offset"], feed["zone_by"]) for feed in feeds}


def test_beijing_time_labelled_gmt(web: Web, paper: Callable[..., Newspaper]) -> None:
    """All items lie in the future, as in the ancestor's feeds: they get their true times and lead nothing by their labels."""
    true = {number: NOW - timedelta(minutes=25 * number + 5) for number in range(7)}
    feed = "".join(told_at(number, when, ahead=EIGHT) for number, when in true.items())
    web.pages["/beijing"] = Answer(rss("Beijing", feed))
    web.pages["/right"] = Answer(rss("Right", told_at(50, NOW - timedelta(minutes=1), link="https://right.example/50")))
    clock = [NOW]
    made = paper(f"{web.url}/beijing", f"{web.url}/right", now=lambda: clock[0])
    made.run()
    found = dates(made)
    for number, when in true.items():
        assert found[str(number)].published == when
        assert found[str(number)].published_source == "feed"
    assert state(made) == {"beijing": (8, "future"), "right": (0, "")}
    addresses = set((made.folder / "public").rglob("*.html"))

    clock[0] += timedelta(hours=3)
    web.pages["/beijing"] = Answer(rss("Beijing", feed + told_at(9, clock[0] - timedelta(minutes=9), ahead=EIGHT)))
    made.run()
    assert dates(made)["9"].published == clock[0] - timedelta(minutes=9), "new items are right at once"
    assert addresses <= set((made.folder / "public").rglob("*.html")), "no address moves"
    assert made.run().pages_written == 0


def test_few_items_in_the_future_are_dated_by_the_day(web: Web, paper: Callable[..., Newspaper]) -> None:
    feed = "".join(told_at(number, NOW, ahead=timedelta(hours=3)) for number in range(4))
    web.pages["/feed"] = Answer(rss("Feed", feed))
    made = paper(f"{web.url}/feed")
    made.run()
    assert {article.published_source for article in made.articles()} == {"clamped"}
    assert state(made) == {"feed": (0, "")}
    assert all(article.published is not None and article.published <= NOW for article in made.articles())


def test_twins_tell(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Nothing lies in the future any more, but three reports stand in two other feeds, eight hours earlier each."""
    true = {number: NOW - timedelta(hours=20 + number) for number in range(4)}
    shifted = "".join(told_at(number, when, ahead=EIGHT) for number, when in true.items())
    web.pages["/shifted"] = Answer(rss("Shifted", shifted))
    for name in ("one", "two"):
        right = "".join(told_at(n, when, link=f"https://{name}.example/{n}") for n, when in true.items())
        web.pages[f"/{name}"] = Answer(rss(name, right))
    made = paper(extra=sections(web, "one", "shifted", "two"))
    made.run()
    assert state(made) == {"shifted": (8, "twins"), "one": (0, ""), "two": (0, "")}
    with_feed = {(article.feed_id, article.title): article.published for article in made.articles()}
    for number, when in true.items():
        assert {found for (_, title), found in with_feed.items() if title.startswith(f"Story {number} ")} == {when}


def sections(web: Web, *names: str, more: str = "") -> str:
    """Return feeds of different publishers."""
    return "".join(
        f'[[feeds]]\nurl = "{web.url}/{name}"\nsection = "News/{name}"\nmode = "full"\n{more}\n' for name in names
    )


def test_a_person_fixes_it(web: Web, paper: Callable[..., Newspaper]) -> None:
    true = NOW - timedelta(days=2)
    web.pages["/feed"] = Answer(rss("Feed", told_at(1, true, ahead=timedelta(hours=-5))))
    made = paper(extra=sections(web, "feed"))
    made.run()
    assert dates(made)["1"].published == true - timedelta(hours=5)
    fix(made.config_file, 'zone_offset = "-5"')
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        again.run()
        assert dates(again)["1"].published == true
        assert state(again) == {"feed": (-5, "config")}
    fix(made.config_file, 'zone_offset = "0"')
    with Newspaper(made.folder, environ={}, clock=lambda: NOW) as again:
        again.run()
        assert dates(again)["1"].published == true - timedelta(hours=5)


def fix(path: Path, line: str) -> None:
    kept = [old for old in path.read_text("utf-8").splitlines() if not old.startswith("zone_offset")]
    path.write_text("\n".join([*kept, line]) + "\n", "utf-8")


def test_the_source_mends_it(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Twenty items that are right take the offset back; those that lay in the future keep what was put right."""
    clock = [NOW]
    wrong = {number: NOW - timedelta(minutes=10 * number + 10) for number in range(6)}
    feed = "".join(told_at(number, when, ahead=EIGHT) for number, when in wrong.items())
    web.pages["/feed"] = Answer(rss("Feed", feed))
    made = paper(f"{web.url}/feed", now=lambda: clock[0])
    made.run()
    assert state(made) == {"feed": (8, "future")}
    clock[0] += timedelta(days=2)
    right = {number: clock[0] - timedelta(minutes=10 * number) for number in range(20, 40)}
    web.pages["/feed"] = Answer(rss("Feed", feed + "".join(told_at(number, when) for number, when in right.items())))
    made.run()
    assert state(made) == {"feed": (0, "")}
    assert {number: dates(made)[str(number)].published for number in wrong | right} == wrong | right
