"""Is the site whole? Every internal link leads somewhere, every feed is valid, every page can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import lxml.html
from lxml import etree

from broadsheet import urls
from broadsheet.errors import BroadsheetError
from broadsheet.feeds.parse import parse_feed
from broadsheet.model import Record

_LINKS = (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"))
_ALONE = ("404.html", "offline/index.html")
"""Pages that stand where others are not found."""
_OFF_SITE = frozenset(("a",))
"""Elements whose address may lie elsewhere; all others load something, and nothing is loaded from elsewhere."""


class Checked(Record, frozen=True, kw_only=True):
    """What was checked, and the faults in words, each with the file it is in."""

    pages: int
    links: int
    feeds: int
    faults: tuple[str, ...]


def check_site(root: Path, *, base: str, url: str, addresses: Mapping[str, str] | None = None) -> Checked:
    """Return what is wrong with the site below ``root`` that is published at ``url`` with path ``base``.

    ``addresses`` are the paths that articles were given, each with the path of the page that tells it: itself, or where
    it was published twice the page of the first; empty where nothing need be told. All of them have to answer.
    """
    site_host = urlsplit(url).netloc
    faults: list[str] = []
    leads: dict[str, set[str]] = {}
    moved: dict[str, str] = {}
    links = feeds = 0
    for path in sorted(root.rglob("*.html")):
        name = path.relative_to(root).as_posix()
        found, wrong = _page(path, name, base, site_host)
        faults += wrong
        head = path.read_bytes()[:8192]
        if b'<body class="page-moved"' in head:
            moved[name], wrong = _moved(path, name, base)
            faults += wrong
        # Nothing need lead to what was taken down or leads on itself; the addresses answer all the same.
        if b'<body class="page-gone"' not in head and b'<body class="page-moved"' not in head:
            leads[name] = found
        links += len(found)
        faults += [
            f"{name}: leads to {target}, which is not there"
            for target in sorted(found)
            if not (root / target).is_file()
        ]
    faults += [
        f"{name}: leads to {target}, which has moved itself" for name, target in moved.items() if target in moved
    ]
    faults += _unanswered(root, addresses or {}, moved)
    for path in sorted((*root.rglob("feed.xml"), *root.rglob("feed.json"))):
        feeds += 1
        faults += _feed(path, path.relative_to(root).as_posix(), url)
    faults += _mapped(root, base)
    faults += [f"{name}: no page leads to it" for name in _unreached(leads) if name not in _ALONE]
    faults += [f"{path.relative_to(root)}: a temporary file was left behind" for path in sorted(root.rglob("*.tmp"))]
    return Checked(pages=len(leads), links=links, feeds=feeds, faults=tuple(faults))


def _page(path: Path, name: str, base: str, site_host: str) -> tuple[set[str], list[str]]:
    """Return the files of ours that a page leads to, and what is wrong with the page itself."""
    found: set[str] = set()
    faults: list[str] = []
    data = path.read_bytes()
    try:
        tree = lxml.html.document_fromstring(data, parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        return found, [f"{name}: no HTML ({error})"]
    if not data.rstrip().endswith(b"</html>"):
        faults.append(f"{name}: the page does not end as a page does")
    if len(tree.findall(".//h1")) != 1:
        faults.append(f"{name}: {len(tree.findall('.//h1'))} main headings instead of one")
    for tag, attribute in _LINKS:
        for element in tree.iter(tag):
            address = element.get(attribute)
            if not address or address.startswith(("#", "mailto:")) or element.get("rel") == "canonical":
                continue
            parts = urlsplit(address)
            if parts.netloc and parts.netloc != site_host:
                if tag not in _OFF_SITE:
                    faults.append(f"{name}: <{tag}> loads {address} from elsewhere")
                continue
            target = unquote(parts.path)
            if not target.startswith(base):
                faults.append(f"{name}: {address} lies outside of the site's base path {base}")
                continue
            found.add(_file_of(target, base))
    return found, faults


def _file_of(path: str, base: str) -> str:
    """Return the file that answers at a path of the site."""
    inner = path.removeprefix(base)
    return f"{inner}index.html" if not inner or inner.endswith("/") else inner


def _moved(path: Path, name: str, base: str) -> tuple[str, list[str]]:
    """Return the file that a page which has moved leads to, and what is wrong with how it says so."""
    tree = lxml.html.document_fromstring(path.read_bytes(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    refresh = tree.xpath("string(//meta[@http-equiv='refresh']/@content)").partition("url=")[2]
    canonical = urlsplit(tree.xpath("string(//link[@rel='canonical']/@href)")).path
    wrong = [] if canonical == refresh else [f"{name}: leads to {refresh}, but its canonical address is {canonical}"]
    return _file_of(unquote(refresh), base), wrong


def _unanswered(root: Path, addresses: Mapping[str, str], moved: Mapping[str, str]) -> Iterator[str]:
    """Yield the addresses that were given and do not answer, or not with the page that they should lead to."""
    for given, page in addresses.items():
        if not (root / given).is_file():
            yield f"{given}: the address was given to an article and does not answer"
        elif page == given and given in moved:
            yield f"{given}: leads to {moved[given]}, but the article has a page of its own"
        elif page not in ("", given) and moved.get(given) != page:
            yield f"{given}: does not lead to {page}, which tells the article"


def _mapped(root: Path, base: str) -> Iterator[str]:
    """Yield what the sitemap or one of its parts names that is not there."""
    waiting, seen = ["sitemap.xml"], {"sitemap.xml"}
    while waiting:
        name = waiting.pop()
        try:
            tree = etree.parse(root / name, etree.XMLParser(resolve_entities=False))
        except (etree.XMLSyntaxError, OSError) as error:
            yield f"{name}: no sitemap ({error})"
            continue
        for place in tree.iter("{*}loc"):
            target = _file_of(unquote(urlsplit(place.text or "").path), base)
            if not (root / target).is_file():
                yield f"{name}: names {target}, which is not there"
            elif target.endswith(".xml") and target not in seen:
                seen.add(target)
                waiting.append(target)


def _feed(path: Path, name: str, url: str) -> Iterator[str]:
    try:
        parsed = parse_feed(path.read_bytes(), url=url)
    except BroadsheetError as error:
        yield f"{name}: {error}"
        return
    for problem in parsed.problems:
        yield f"{name}: {problem}"
    if not parsed.feed.title:
        yield f"{name}: no title"
    seen: set[str] = set()
    for entry in parsed.entries:
        if not entry.guid or entry.guid in seen:
            yield f"{name}: entry {entry.title!r} has no id of its own"
        if not (entry.title and urls.is_http(entry.link) and entry.updated):
            yield f"{name}: entry {entry.guid!r} lacks title, link or date"
        seen.add(entry.guid)


def _unreached(leads: dict[str, set[str]]) -> list[str]:
    """Return the pages that cannot be reached from the front page."""
    waiting, seen = ["index.html"], {"index.html"}
    while waiting:
        for target in leads.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return sorted(set(leads) - seen)
