"""Events on the site: their pages, the reasons, and a person's word that wins over later runs."""

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
from broadsheet.site.check import check_site
from tests.conftest import Answer, Web, item, rss

WORDS = "harbour mole tide crew crane rope night engine pilot storm quay council lamp signal wreck salvage tug anchor".split()


def report(seed: int) -> str:
    """Return the text of a report, 24 sentences that no other seed gives."""
    chance = random.Random(seed)
    return "".join(f"<p>The {' '.join(chance.choices(WORDS, k=14))}.</p>" for _ in range(24))


BODY, OTHER = report(1), report(2)


def world(web: Web, paper: Callable[..., Newspaper]) -> Newspaper:
    """Two feeds carry one report under different titles; a third has something else."""
    web.pages["/one"] = Answer(rss("One", item(1, title="Ship freed from the mole", text=BODY)))
    web.pages["/two"] = Answer(rss("Two", item(2, title="Vessel is afloat again", text=BODY + "<p>Our own line.</p>")))
    web.pages["/three"] = Answer(rss("Three", item(3, title="Tea grows dear in the hills", text=OTHER)))
    made = paper(*(f"{web.url}/{name}" for name in ("one", "two", "three")))
    made.run()
    return made


def groups(made: Newspaper) -> set[frozenset[str]]:
    titles = {article.id: article.title for article in made.articles()}
    return {frozenset(titles[article] for article in story.articles) for story in made.stories()}


def say(made: Newspaper, *words: str) -> str:
    done = CliRunner().invoke(cli, ["-C", str(made.folder), *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def faults(made: Newspaper) -> tuple[str, ...]:
    return check_site(made.folder / "public", base="/", url="https://paper.example/").faults


def story_pages(made: Newspaper) -> list[Path]:
    return sorted((made.folder / "public" / "story").glob("*.html"))


def test_an_event_has_a_page_with_all_its_reports(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = world(web, paper)
    assert len(groups(made)) == 2
    (page,) = story_pages(made)
    text = page.read_text("utf-8")
    assert "Ship freed from the mole" in text
    assert "Vessel is afloat again" in text
    assert re.search(r"\d+ % of the text is the same", text)
    assert "2 sources report this" in text
    assert f"/story/{page.name}" in (made.folder / "public" / "index.html").read_text("utf-8")
    assert faults(made) == ()


LATER = "Mon, 02 Mar 2026 11:40:00 GMT"


def test_what_differs_between_copies_is_shown_on_demand(web: Web, paper: Callable[..., Newspaper]) -> None:
    ours = "<p>Our &lt;img src=x onerror=alert(1)&gt; line.</p>"
    web.pages["/one"] = Answer(rss("One", item(1, title="Ship freed from the mole", text=BODY)))
    web.pages["/two"] = Answer(rss("Two", item(2, title="Vessel is afloat again", text=BODY + ours, date=LATER)))
    made = paper(*(f"{web.url}/{name}" for name in ("one", "two")))
    made.run()
    (page,) = story_pages(made)
    (shown,) = re.findall(r'<details class="differs">.*?</details>', page.read_text("utf-8"), re.DOTALL)
    assert "Where the text differs from that of One" in shown
    assert re.findall(r"<(ins|del)>(.*?)</", shown) == [("ins", "Our &lt;img src=x onerror=alert(1)&gt; line.")]
    assert made.build().pages_written == 0, "the same page in every build"

    web.pages["/two"] = Answer(rss("Two", item(2, title="Vessel is afloat again", text=BODY, date=LATER)))
    made.run()
    assert "<details" not in page.read_text("utf-8"), "it follows the text"
    assert faults(made) == ()


@pytest.mark.parametrize(("mode", "quoted"), [("full", True), ("excerpt", True), ("link", False)])
def test_a_comparison_quotes_no_more_than_the_mode_allows(
    web: Web, paper: Callable[..., Newspaper], mode: str, quoted: bool
) -> None:
    long = "<p>Our own line is " + "very " * 60 + "long.</p><p>Short.</p>"
    web.pages["/one"] = Answer(rss("One", item(1, title="Ship freed from the mole", text=BODY)))
    web.pages["/two"] = Answer(rss("Two", item(2, title="Vessel is afloat again", text=BODY + long, date=LATER)))
    made = paper(*(f"{web.url}/{name}" for name in ("one", "two")), mode=mode)
    made.run()
    (page,) = story_pages(made)
    text = page.read_text("utf-8")
    assert bool(re.search("<(ins|del)>Short.</", text)) == quoted
    assert ("very very" in text) == (mode == "full")
    assert ("One more passage differs" in text) == (mode == "excerpt")


def test_a_subscriber_gets_an_event_once(web: Web, paper: Callable[..., Newspaper]) -> None:
    """The newspaper's own feed has an entry an event, and keeps its id when another report follows."""
    made = world(web, paper)
    feed = parse_feed((made.folder / "public" / "feed.xml").read_bytes())
    assert len(feed.entries) == 2
    event = next(entry for entry in feed.entries if "2 sources report this" in entry.content)
    web.pages["/three"] = Answer(
        rss("Three", item(5, title="Mole: the ship is free", text=BODY, date="Mon, 02 Mar 2026 12:00:00 GMT"))
    )
    made.run()
    again = parse_feed((made.folder / "public" / "feed.xml").read_bytes())
    told = next(entry for entry in again.entries if "3 sources report this" in entry.content)
    assert told.guid == event.guid
    assert len(again.entries) == 2
    assert faults(made) == ()


def test_a_persons_word_wins_over_later_runs(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = world(web, paper)
    by_title = {article.title: article.id for article in made.articles()}
    ship, vessel, tea = (
        next(key for title, key in by_title.items() if title.startswith(word)) for word in ("Ship", "Vessel", "Tea")
    )
    assert "of the text is the same" in say(made, "story", "show", ship)
    (page,) = story_pages(made)

    say(made, "story", "split", vessel)
    made.update(redo="relate")
    assert all(len(group) == 1 for group in groups(made))
    made.build()
    assert 'class="page-moved"' in page.read_text("utf-8"), "the story's address answers"
    assert faults(made) == ()

    say(made, "story", "merge", vessel, tea)
    made.update(redo="relate")
    assert frozenset({"Vessel is afloat again", "Tea grows dear in the hills"}) in groups(made)

    say(made, "story", "merge", ship, vessel)
    say(made, "story", "pin", tea)
    made.update(redo="relate")
    (story,) = made.stories()
    assert story.articles[0] == tea
    say(made, "export", "json", str(made.folder / "out"))
    (line,) = (made.folder / "out" / "stories.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["articles"][0] == tea, "exports tell it as the site does"
    made.build()
    assert any("Tea grows dear" in path.read_text("utf-8") for path in story_pages(made))
    assert faults(made) == ()


def test_an_unknown_article_is_named(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = world(web, paper)
    from broadsheet.errors import UsageError

    done = CliRunner().invoke(cli, ["-C", str(made.folder), "story", "split", "nothing"])
    assert isinstance(done.exception, UsageError)
    assert "names 0 articles" in str(done.exception)


def test_stories_that_grow_together_keep_both_addresses(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = world(web, paper)
    web.pages["/three"] = Answer(rss("Three", item(3, title="Tea grows dear in the hills", text=OTHER)))
    web.pages["/four"] = Answer(
        rss("Four", item(4, title="Hill tea costs more", text=OTHER, date="Mon, 02 Mar 2026 09:00:00 GMT"))
    )
    text = made.config_file.read_text("utf-8") + f'[[feeds]]\nurl = "{web.url}/four"\nsection = "News"\nmode = "full"\n'
    made.config_file.write_text(text, "utf-8")
    with Newspaper(made.folder, environ={}) as again:
        again.run()
        first = set(story_pages(again))
        assert len(first) == 2
        ids = [story.articles[0] for story in again.stories()]
        say(again, "story", "merge", ids[0], ids[1])
        again.build()
        assert set(story_pages(again)) >= first
        moved = [path for path in story_pages(again) if 'class="page-moved"' in path.read_text("utf-8")]
        assert len(moved) == 1
        assert faults(again) == ()
