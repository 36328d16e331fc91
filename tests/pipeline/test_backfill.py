"""The way back through a feed's older pages: every entry once, no page twice, nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from broadsheet import pipeline
from broadsheet.engine import Work
from broadsheet.engine.inline import InlineEngine
from broadsheet.feeds import backfill
from broadsheet.model import Backfill, Failed, FeedInfo, Generator, Outcome
from broadsheet.newspaper import Newspaper
from broadsheet.pipeline.run import Report, Run
from broadsheet.store import feeds
from tests.conftest import NOW, Answer, Web, item, rss

WORDPRESS = FeedInfo(generator=Generator(name="https://wordpress.org/?v=6.8", url="https://wordpress.org/?v=6.8"))
HERE = "https://news.example/feed/"
NOT_THERE = Failed("f", "HttpStatus", "404", status=404)
BROKEN = Failed("f", "HttpStatus", "500", status=500)


def atom(numbers: range, older: str = "", rel: str = "prev-archive") -> bytes:
    """Return an Atom document of ours that names the page before it."""
    entries = "".join(
        f"<entry><id>urn:s:{number}</id><title>Story {number}</title><updated>2026-01-{number:02}T10:00:00Z</updated>"
        f'<link href="https://news.example/{number}"/><content type="html">{"Words of the story. " * 60}{number}</content></entry>'
        for number in numbers
    )
    link = f'<link rel="{rel}" href="{older}"/>' if older else ""
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{link}{entries}</feed>'.encode()


class CutOff(InlineEngine):
    """An engine that is interrupted after so many batches."""

    def __init__(self, after: int) -> None:
        self.left = after

    def map(self, work: Work, batches: Iterable[Sequence[Any]]) -> Iterator[Outcome[Any]]:
        for batch in batches:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            yield from super().map(work, [batch])


def following(feed: str) -> str:
    return f'[[feeds]]\nurl = "{feed}"\nmode = "full"\nbackfill = true\n'


def paths(web: Web) -> list[str]:
    return [hit.path for hit in web.hits]


def titles(made: Newspaper) -> list[str]:
    return sorted(article.title for article in made.articles())


# ------------------------------------------------------------------------------------------ what follows a page


@pytest.mark.parametrize(
    ("feed", "url", "next_"),
    [
        (FeedInfo(), HERE, ""),
        (FeedInfo(next_url="/feed/2"), HERE, "https://news.example/feed/2"),
        (FeedInfo(next_url=HERE), HERE, ""),
        (FeedInfo(next_url="https://elsewhere.example/2"), HERE, ""),
        (FeedInfo(next_url="javascript:alert(1)"), HERE, ""),
        (WORDPRESS, HERE, f"{HERE}?paged=2"),
        (WORDPRESS, f"{HERE}?cat=3&paged=2", f"{HERE}?cat=3&paged=3"),
        (WORDPRESS, f"{HERE}?paged=x", f"{HERE}?paged=2"),
    ],
)
def test_where_the_way_back_begins(feed: FeedInfo, url: str, next_: str) -> None:
    assert backfill.begin(feed, url) == Backfill(next=next_)


def test_it_ends_at_the_limit_and_after_two_pages_without_news() -> None:
    def page(progress: Backfill, *, news: bool, limit: int = 100) -> Backfill:
        return backfill.after_page(progress, FeedInfo(next_url=f"/p{progress.pages}"), news=news, limit=limit)

    start = Backfill(next=HERE)
    one = page(start, news=False)
    assert one.next, "an archive may begin with what the feed still holds"
    assert not page(one, news=False).next
    assert page(page(one, news=True), news=False).next
    assert not page(start, news=True, limit=1).next


def test_what_is_not_there_ends_it_and_what_fails_is_tried_three_times() -> None:
    start = Backfill(next=HERE)
    assert not backfill.after_failure(start, NOT_THERE).next
    again = backfill.after_failure(backfill.after_failure(start, BROKEN), BROKEN)
    assert again.next == HERE
    assert not backfill.after_failure(again, BROKEN).next


# ------------------------------------------------------------------------------------------------ in the paper


def test_archives_are_followed_once(web: Web, paper: Callable[..., Newspaper]) -> None:
    """RFC 5005, section 4: each document names the archive before it; the subscription's own state stays its own."""
    web.pages["/feed"] = Answer(atom(range(7, 10), f"{web.url}/2"))
    web.pages["/2"] = Answer(atom(range(4, 8), f"{web.url}/1"))
    web.pages["/1"] = Answer(atom(range(1, 4)))
    made = paper(extra=following(f"{web.url}/feed"))
    report = made.run()
    assert report.articles_new == 9
    assert titles(made) == [f"Story {number}" for number in range(1, 10)]
    assert paths(web) == ["/feed", "/2", "/1"]
    web.hits.clear()
    report = made.run()
    assert [(hit.path, hit.status) for hit in web.hits] == [("/feed", 304)], "the feed's validators, not an archive's"
    assert report.articles_new == 0
    made.update(redo="parse")
    assert len(titles(made)) == 9


def test_without_the_setting_nothing_is_followed(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(atom(range(1, 4), f"{web.url}/2"))
    paper(f"{web.url}/feed").run()
    assert paths(web) == ["/feed"]


def test_wordpress_has_pages_that_it_does_not_name(web: Web, paper: Callable[..., Newspaper]) -> None:
    generator = "<generator>https://wordpress.org/?v=6.8</generator>"
    web.pages["/feed"] = Answer(rss("News", generator + item(3)))
    web.pages["/feed?paged=2"] = Answer(rss("News", generator + item(2)))
    web.pages["/feed?paged=3"] = Answer(rss("News", generator + item(1)))
    made = paper(extra=following(f"{web.url}/feed"))
    assert made.run().articles_new == 3
    assert paths(web) == ["/feed", "/feed?paged=2", "/feed?paged=3", "/feed?paged=4"]


def test_a_server_that_answers_the_same_for_ever_is_left_alone(web: Web, paper: Callable[..., Newspaper]) -> None:
    for path in ("/feed", *(f"/{number}" for number in range(10))):
        web.pages[path] = Answer(atom(range(1, 4), f"{web.url}/{int(path[1:]) + 1 if path[1:].isdigit() else 0}"))
    made = paper(extra=following(f"{web.url}/feed"))
    assert made.run().articles_new == 3
    assert paths(web) == ["/feed", "/0", "/1"]


def test_a_page_in_trouble_is_asked_for_again_in_the_next_run(web: Web, paper: Callable[..., Newspaper]) -> None:
    web.pages["/feed"] = Answer(atom(range(5, 8), f"{web.url}/1"))
    web.pages["/1"] = Answer(b"", 500)
    clock = [NOW]
    made = paper(extra=following(f"{web.url}/feed"), now=lambda: clock[0])
    report = made.run()
    assert report.articles_new == 3
    assert any("/1 answered 500" in line for line in report.failures)
    web.pages["/1"] = Answer(atom(range(1, 5)))
    clock[0] += timedelta(hours=1)
    assert made.run().articles_new == 4


def test_a_run_that_was_cut_off_goes_on_where_it_stood(web: Web, paper: Callable[..., Newspaper]) -> None:
    """Cut off between the page and its merge: it is merged without another request, and the way goes on behind it."""
    web.pages["/feed"] = Answer(atom(range(7, 10), f"{web.url}/2"))
    web.pages["/2"] = Answer(atom(range(4, 8), f"{web.url}/1"))
    web.pages["/1"] = Answer(atom(range(1, 4)))
    made = paper(extra=following(f"{web.url}/feed"))
    with made.store.begin() as connection:
        feeds.sync(connection, made.subscriptions())
    run = Run(
        folder=made.folder, config=made.config, store=made.store, engine=CutOff(after=1), now=NOW, clock=lambda: NOW,
        report=Report(started=NOW),
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        pipeline.update(run)
    assert paths(web) == ["/feed", "/2"]
    made.run()
    assert titles(made) == [f"Story {number}" for number in range(1, 10)]
    assert paths(web) == ["/feed", "/2", "/feed", "/1"]
