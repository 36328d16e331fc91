"""A small web of news for runs that are disturbed: feeds, pages and pictures, in two editions, the same at every start."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.conftest import Answer, Web, item, rss

FEEDS, ITEMS = 5, 6
NOW = (datetime(2026, 3, 10, 12, tzinfo=UTC), datetime(2026, 3, 11, 12, tzinfo=UTC))
"""When each edition is read."""
WORDS = (
    "harbour council bridge ferry lantern winter market barge tariff engineer archive signal orchard museum turbine "
    "copper senate glacier pilot canal quarry festival reservoir tunnel"
).split()


class World(Web):
    """Serves edition 0, then edition 1: two more items a feed, one item changed, one feed gone for a while."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures = {number: _picture(number) for number in range(FEEDS)}
        self.edition = 0

    @property
    def edition(self) -> int:
        """Which edition is served."""
        return self._edition

    @edition.setter
    def edition(self, edition: int) -> None:
        self._edition = edition
        pages = {
            f"/{feed}.png": Answer(body, headers={"Content-Type": "image/png"}) for feed, body in self._pictures.items()
        }
        for feed in range(FEEDS):
            numbers = range(ITEMS + 2 * edition)
            pages[f"/{feed}.xml"] = Answer(
                rss(f"Paper {feed}", "".join(self._item(feed, number, edition) for number in numbers))
            )
            for number in numbers:
                body = f"<html><body><article><h1>{_title(feed, number)}</h1>{_text(feed, number, 14)}</article></body></html>"
                pages[f"/{feed}/{number}"] = Answer(body.encode(), headers={"Content-Type": "text/html"})
        if edition:
            pages["/3.xml"] = Answer(b"closed", 503)
        self.pages = dict(pages)

    def publish(self, step: int) -> None:
        """Serve edition 1 with one item changed and one new, others at each step."""
        self.edition = 1
        feed = step % FEEDS
        new = item(
            100 + step, title=f"Step {step} of the {WORDS[step % len(WORDS)]}", text=_text(feed, 100 + step, 14),
            date=f"{NOW[1] + timedelta(minutes=step):%a, %d %b %Y %H:%M:%S} GMT",
            link=f"{self.url}/{feed}/{100 + step}", guid=f"urn:{feed}:{100 + step}",
        )  # fmt: skip
        changed = self._item(feed, step % ITEMS, 1).replace("</p>", f" Corrected at step {step}.</p>", 1)
        others = "".join(self._item(feed, number, 1) for number in range(ITEMS + 2) if number != step % ITEMS)
        self.pages[f"/{feed}.xml"] = Answer(rss(f"Paper {feed}", new + changed + others))

    def config(self) -> str:
        """Return the configuration of a newspaper that reads this web."""
        tables = "".join(
            f'[[feeds]]\nurl = "{self.url}/{feed}.xml"\nsection = "{"News" if feed % 2 else "世界"}/Paper {feed}"\nmode = "full"\n'
            for feed in range(FEEDS)
        )
        return (
            '[site]\ntitle = "The Disturbed"\nurl = "https://paper.example/"\n[poll]\ndelay = 0\nper_host = 8\ntimeout = 10\n'
            f'max_interval = 0\nallow_private = ["{self.address}"]\n[engine]\nkind = "inline"\n{tables}'
        )

    def _item(self, feed: int, number: int, edition: int) -> str:
        # Feeds 0 and 1 report the same events; feed 2 gives beginnings, so that pages are fetched.
        told = 0 if feed == 1 and number % 2 else feed
        text = _text(told, number, 2 if feed == 2 else 14)
        if edition and number == 1:
            text += "<p>A correction was added on the second day.</p>"
        if number % 3 == 0:
            text += f'<img src="{self.url}/{feed}.png" alt="a picture" width="200" height="150">'
        date = datetime(2026, 3, 8, tzinfo=UTC) + timedelta(hours=7 * number, minutes=feed)
        return item(
            number, title=_title(told, number), text=text, date=f"{date:%a, %d %b %Y %H:%M:%S} GMT",
            link=f"{self.url}/{feed}/{number}", guid=f"urn:{feed}:{number}",
        )  # fmt: skip


def _title(feed: int, number: int) -> str:
    words = [WORDS[(5 * feed + 3 * number + step * (feed + 2)) % len(WORDS)] for step in range(5)]
    return f"{' '.join(words).capitalize()} in {feed}{number}"


def _text(feed: int, number: int, count: int) -> str:
    return "".join(f"<p>{sentence}</p>" for sentence in _sentences(feed, number, count))


def _sentences(feed: int, number: int, count: int) -> Iterator[str]:
    for part in range(count):
        words = [WORDS[(7 * feed + 11 * number + 13 * part + step * (part + 3)) % len(WORDS)] for step in range(16)]
        yield f"{' '.join(words).capitalize()}, as part {part} of report {number} from {feed} says."


def _picture(number: int) -> bytes:
    from PIL import Image

    written = io.BytesIO()
    Image.new("RGB", (200, 150), (40 * number, 90, 160)).save(written, "PNG")
    return written.getvalue()
