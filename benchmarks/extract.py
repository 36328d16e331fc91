"""Extraction: CPU time a page, beside trafilatura with its metadata, and beside one parse with lexbor.

With a template learnt from the site's other pages, as the extract stage has it, and without one, as on a site never seen.
"""

from __future__ import annotations

import gzip
import json
import logging
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from benchmarks.measure import CORPUS, Row, interleaved
from broadsheet.articles.container import is_checked
from broadsheet.articles.extract import extract_article
from broadsheet.articles.page import cut_by
from broadsheet.articles.template import MIN_SAMPLES, Template, learn_template
from broadsheet.errors import ExtractError
from broadsheet.model import Entry

PUBLISHED = datetime(2026, 3, 1, tzinfo=UTC)


class Page(NamedTuple):
    """A page with what the feed says of it: its title and a date."""

    html: bytes
    url: str
    site: str
    entry: Entry


def pages() -> list[Page]:
    """Return the annotated pages of the corpus."""
    folder = CORPUS / "pages"
    return [
        Page(
            gzip.decompress((folder / item["file"]).read_bytes()), item["url"], item["site"],
            Entry(title=(item.get("feed") or {}).get("title", ""), published=PUBLISHED),
        )
        for item in json.loads((folder / "gold.json").read_text("utf-8"))
    ]  # fmt: skip


def with_templates(known: list[Page]) -> list[tuple[Page, Template]]:
    """Return the pages that the container fits that was learnt from their sites' other pages, with the template."""
    of_site: defaultdict[str, list[Page]] = defaultdict(list)
    for page in known:
        of_site[page.site].append(page)
    found = []
    for group in of_site.values():
        for page in group if len(group) > MIN_SAMPLES else ():
            template = learn_template([(other.html, other.url) for other in group if other is not page])
            fits = template.container.selector and cut_by(page.html, page.url, template.container) is not None
            # One page in twenty is judged in both ways, and costs what the general way costs.
            if fits and not is_checked(page.url):
                found.append((page, template))
    return found


def run() -> Iterator[Row]:
    """Measure and yield the rows: medians over pages of each page's median."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    known = pages()
    templates = with_templates(known)
    fitting = [page for page, _ in templates]
    taken = [_taken(page, partial(_ours, page, template), rounds=9) for page, template in templates]
    yield from _rows(f"{len(taken)} with a template", fitting, taken, "median <= 4 ms")
    taken = [_taken(page, partial(_ours, page), rounds=3) for page in known]
    yield from _rows(f"{len(taken)} of sites never seen", known, taken, "ratio <= 1")


def _taken(page: Page, ours: Callable[[], None], rounds: int) -> dict[str, float]:
    from selectolax.lexbor import LexborHTMLParser
    from trafilatura import bare_extraction

    return interleaved(
        {
            "ours": ours,
            "trafilatura": lambda: bare_extraction(page.html, url=page.url, include_comments=False, with_metadata=True),
            "one parse with lexbor": lambda: LexborHTMLParser(page.html),
        },
        rounds,
    )


def _ours(page: Page, template: Template | None = None) -> None:
    try:
        extract_article(page.html, url=page.url, entry=page.entry, template=template)
    except ExtractError:
        return


def _rows(what: str, measured: list[Page], taken: list[dict[str, float]], bar: str) -> Iterator[Row]:
    sizes = sorted(len(page.html) / 1000 for page in measured)
    middle = {name: statistics.median(one[name] for one in taken) * 1000 for name in taken[0]}
    for peer in ("trafilatura", "one parse with lexbor"):
        yield Row(
            f"{what}, {sizes[len(sizes) // 2]:.0f} kB", f"{middle['ours']:.1f} ms", f"{peer} {middle[peer]:.1f} ms",
            statistics.median(one["ours"] / one[peer] for one in taken), "ours / peer", bar if peer == "trafilatura" else "-",
        )  # fmt: skip
