"""Addresses for ever: ``python -m tests.e2e.permanence``, which is ``make permanence ARTICLES=100000 UPDATES=1000 CHANGES=100``.

A newspaper grows from update to update; now and then its theme changes, so that every page is printed anew; items change their
titles, and feeds drop what is old. After each update every address that was ever given has to be the same article's, and to answer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from broadsheet.newspaper import Newspaper
from tests.conftest import Answer, Web, item, rss
from tests.e2e.crash import articles
from tests.e2e.world import NOW

FEEDS = 5


@dataclass
class Permanence:
    """What was found."""

    given: dict[str, str] = field(default_factory=dict)
    """Every address that was ever given -> the article that it was given to."""
    faults: list[str] = field(default_factory=list)
    retitled: int = 0

    def judge(self, paper: Path, update: int) -> None:
        """Compare the addresses of the store and the files of the site with what was given before."""
        now = {path: number for number, path, _ in articles(paper) if path}
        moved = [path for path, number in self.given.items() if now.get(path) != number]
        dead = [path for path in now if not (paper / "public" / path).is_file()]
        if moved:
            self.faults.append(f"update {update}: {len(moved)} addresses changed or lost, as {moved[0]}")
        if dead:
            self.faults.append(f"update {update}: {len(dead)} addresses do not answer, as {dead[0]}")
        self.given |= now


def _item(number: int, *, retitled: bool) -> str:
    return item(
        number, title=f"{'Corrected: report' if retitled else 'Report'} {number} on the works",
        text=f"<p>{' '.join(f'word{number * 31 + part}' for part in range(60))}.</p>",
        date=f"{NOW[0] + timedelta(minutes=number):%a, %d %b %Y %H:%M:%S} GMT", guid=f"urn:{number}",
    )  # fmt: skip


def grow(folder: Path, total: int, updates: int, changes: int) -> Permanence:
    """Bring a newspaper to so many articles in so many updates, with so many changes of its theme between them."""
    web, found = Web(), Permanence()
    tables = "".join(
        f'[[feeds]]\nurl = "{web.url}/{feed}"\nsection = "News/Paper {feed}"\nfull_text = "never"\n'
        for feed in range(FEEDS)
    )
    (folder / "broadsheet.toml").write_text(
        f'[site]\ntitle = "The Permanent"\nurl = "https://paper.example/"\ntheme = "own"\n[poll]\ndelay = 0\nper_host = {FEEDS}\n'
        f'max_interval = 0\nallow_private = ["{web.address}"]\n[engine]\nkind = "inline"\n{tables}',
        "utf-8",
    )
    (folder / "own" / "templates").mkdir(parents=True)
    (folder / "own" / "assets").mkdir()
    now, published = NOW[1], 0
    for update in range(updates):
        if changes and update % max(1, updates // changes) == 0:
            (folder / "own" / "assets" / "custom.css").write_text(f"p {{ margin: {update + 1}px }}", "utf-8")
        count = total * (update + 1) // updates - published
        for feed in range(FEEDS):
            # Each feed keeps the last of what it had, under a new title, and begins with what is new.
            own = [number for number in range(published, published + count) if number % FEEDS == feed]
            body = "".join(_item(number, retitled=False) for number in own)
            if published >= FEEDS:
                body += _item(published - 1 - (published - 1 - feed) % FEEDS, retitled=True)
                found.retitled += 1
            web.pages[f"/{feed}"] = Answer(rss(f"Paper {feed}", body))
        published += count
        now += timedelta(hours=1)
        with Newspaper(folder, environ={}, clock=lambda now=now: now) as paper:  # type: ignore[misc]
            paper.run()
        found.judge(folder, update)
    if len(found.given) != total:
        found.faults.append(f"{len(found.given)} addresses of {total} items")
    web.close()
    return found


def main() -> int:
    """Let a newspaper grow and print what was found; return 1 where an address changed or was lost."""
    parser = argparse.ArgumentParser(description="Let a newspaper grow and change, and look at its addresses.")
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--updates", type=int, default=1_000)
    parser.add_argument("--changes", type=int, default=100)
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = grow(Path(folder), given.articles, given.updates, given.changes)
    sys.stdout.write(
        f"{len(found.given)} addresses after {given.updates} updates, {given.changes} changes of the theme and {found.retitled} "
        f"new titles: {len(found.faults)} faults; {time.monotonic() - started:.0f} s\n"
    )
    for fault in found.faults[:20]:
        sys.stdout.write(f"{fault}\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
