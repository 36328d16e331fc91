"""Memory: what one process holds while it extracts ten thousand pages, the annotated ones over and over.

``PAGES=10000`` sets how many. In each round every digit of a page is another one, so that what is remembered of texts is new.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from benchmarks.measure import CORPUS, Row, apart

PAGES = int(os.environ.get("PAGES", "10000"))
_STEP = 200


def run() -> Iterator[Row]:
    """Extract the pages in a process of its own and compare its memory near the end with that near the beginning."""
    found = apart(_CODE, str(CORPUS / "pages"), str(PAGES), str(_STEP))
    held: list[float] = found["held"]
    tenth = max(1, len(held) // 10)
    # The first tenth loads what is used; peaks count, as they are what a machine must have.
    early, late = max(held[tenth : 2 * tenth] or held), max(held[-tenth:])
    yield Row(
        f"{found['pages']:,} pages in one process", f"{late:.0f} MB in the last tenth", f"{early:.0f} MB in the second tenth",
        late / early, "times", "<= 1.05",
    )  # fmt: skip
    yield Row(
        "its peak", f"{found['peak_mb']} MB", f"{found['pages'] / found['wall']:.0f} pages a second",
        found["cpu"] / found["pages"] * 1000, "ms of CPU a page", "-",
    )  # fmt: skip


_CODE = """
import gzip, itertools
from pathlib import Path
from broadsheet.articles.extract import extract_article
from broadsheet.errors import BroadsheetError

folder, count, step = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
known = json.loads((folder / "gold.json").read_text("utf-8"))
digits = b"0123456789"
held = []
turns = ((number, item) for number in itertools.count() for item in known)
for done, (number, item) in enumerate(itertools.islice(turns, count), 1):
    turn = number % 10
    page = gzip.decompress((folder / item["file"]).read_bytes())
    page = page.translate(bytes.maketrans(digits, digits[turn:] + digits[:turn]))
    try:
        extract_article(page, url=item["url"])
    except BroadsheetError:
        pass
    if done % step == 0 or done == count:
        held.append(int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
result |= {"held": held, "pages": count}
"""
