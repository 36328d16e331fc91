"""Whatever strangers send: ``python -m tests.fuzz --examples 10000 --seconds 60``, which is ``make fuzz N=10000``.

A target makes of any bytes what a parser is given, and checks what must hold whatever they are: no exception but ours, what is
written is read back equal, no name leads out of its folder. Three ways try it: Hypothesis, with bytes, texts and pieces of what
the parsers know; atheris, which changes bytes towards code that was not reached yet (where it is installed); and pieces repeated,
twice as many each time, which may take about twice the time.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import lxml.etree
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from broadsheet import encoding, selectors, text, urls
from broadsheet.articles import rules
from broadsheet.articles.extract import extract_article
from broadsheet.articles.sanitize import sanitize_html
from broadsheet.configfile import parse_config
from broadsheet.errors import (
    AddressRefused,
    ConfigError,
    ExtractError,
    FetchError,
    LimitExceeded,
    ParseError,
    StoreError,
)
from broadsheet.export import frontmatter
from broadsheet.export.names import safe_name
from broadsheet.export.prose import markdown
from broadsheet.feeds import discover, markup, sitemap
from broadsheet.feeds.dates import parse_date
from broadsheet.feeds.opml import Subscription, read_opml, write_opml
from broadsheet.feeds.parse import parse_feed
from broadsheet.feeds.scrape import scrape_feed
from broadsheet.limits import value
from broadsheet.model import Entry, Output, Scrape
from broadsheet.net.client import retry_after
from broadsheet.net.decode import Decoder
from broadsheet.net.guard import Guard
from broadsheet.net.robots import Robots
from broadsheet.site.outfeeds import OutEntry, OutFeed, atom, json_feed
from broadsheet.site.write import Writer
from tests.articles.test_sanitize import faults

URL = "https://news.example/a/"
WHEN = datetime(2026, 3, 12, 10, 30, tzinfo=UTC)
_LIMIT = 200_000
STEEP = 3.0
"""Times the time for twice as much: four is the square."""
_ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def said(data: bytes) -> str:
    """Return the bytes as a text; those that are none become half characters, which a text should not have."""
    return data.decode("utf-8", "surrogateescape")


def parts(data: bytes, count: int) -> list[str]:
    """Return the bytes as so many texts."""
    found = said(data).split("\x1f", count - 1)
    return found + [""] * (count - len(found))


# ------------------------------------------------------------------------------------------------------ targets: what comes in


def feed(data: bytes) -> None:
    """Feeds of any format: with their headers, as sitemaps, as pages with selectors."""
    for content_type in (None, "text/xml; charset=gbk"):
        with suppress(ParseError):
            for entry in parse_feed(data, url=URL, content_type=content_type).entries:
                assert all(moment is None or moment.tzinfo is UTC for moment in (entry.published, entry.updated))
    with suppress(ParseError):
        sitemap.parse_sitemap(data, url=URL)
    with suppress(ParseError):
        scrape_feed(data, Scrape(list="p, li, item", title="a", link="a"), url=URL, reference=WHEN)


def sanitise(data: bytes) -> None:
    """Markup: what comes out is on the allow-list for two parsers, and stays so when it is cleaned again."""
    safe = sanitize_html(said(data), base_url=URL)
    assert faults(safe) == []
    assert faults(sanitize_html(safe, base_url=URL)) == []
    markdown(safe)
    markup.resolve_links(said(data), URL)


def extract(data: bytes) -> None:
    """A page, and an entry with the same words."""
    for entry in (None, Entry(title="A title", link=URL, content=said(data))):
        with suppress(ExtractError, LimitExceeded):
            article = extract_article(data, url=URL, entry=entry)
            assert faults(article.html) == []
            article.text.encode()
    assert all(candidate.url.startswith("http") for candidate in discover.discover(data, URL))


def date(data: bytes) -> None:
    """Dates of feeds and of headers."""
    for reference in (None, WHEN):
        found = parse_date(said(data), reference=reference)
        assert found is None or (found.tzinfo is UTC and found.year >= 1900)
    pause = retry_after({"retry-after": said(data)}, WHEN.timestamp())
    assert pause is None or pause >= 0


def url(data: bytes) -> None:
    """Addresses: canonical once and for all, absolute ones of the web only, and none that the guard is in doubt about."""
    address = said(data)
    once = urls.canonical(address)
    assert urls.canonical(once) == once
    joined = urls.resolve(URL, address)
    assert not joined or re.match(r"https?://|mailto:|[a-z][a-z0-9+.-]*:", joined)
    assert not (kept := urls.web_only(address)) or urls.is_http(kept)
    for function in (urls.unwrap, urls.strip_trackers, urls.host, urls.registrable_domain, urls.without_userinfo):
        function(address)
    discover.known_feed_addresses(address)
    with suppress(AddressRefused):
        href, host, port = Guard().check_url(address)
        assert href.startswith(("http://", "https://"))
        assert host
        assert 0 < port < 65536


def subscriptions(data: bytes) -> None:
    """OPML lists: what was read and is written is read back equal."""
    for body in (data, b"<opml><body><outline " + data + b"/></body></opml>"):
        with suppress(ParseError):
            found = read_opml(body)
            written = write_opml(found.feeds, found.title)
            assert write_opml(read_opml(written).feeds, read_opml(written).title) == written
    name, section = (" ".join(_ILLEGAL.sub("", part)[: value("feed_title")].split()) or "x" for part in parts(data, 2))
    given_ = Subscription(url=URL, title=name, section=(section,))
    assert read_opml(write_opml([given_], name)).feeds == (given_,)


def configuration(data: bytes) -> None:
    """Configurations, rules and selectors."""
    written = said(data)
    for document in (written, f"[site]\n{written}", f"[[feeds]]\n{written}", f"[poll]\ntimeout = {written}"):
        with suppress(ConfigError):
            parse_config(document)
        with suppress(ConfigError):
            rules.read_rules(document)
    with suppress(ConfigError):
        rules.from_site_config(written)
    if not text.selector_fault(written):
        with suppress(LimitExceeded):
            selectors.finder(written)(lxml.etree.fromstring("<p><a href='x'>y</a></p>"))


def codings(data: bytes) -> None:
    """Compressed bodies and labels of character sets: never more than was allowed."""
    for coding in ("gzip", "deflate", "br", "zstd"):
        with suppress(FetchError):
            decoder = Decoder(coding, _LIMIT, URL)
            decoder.feed(data)
            assert len(decoder.body()) <= _LIMIT
    encoding.to_utf8(data, f"text/html; charset={said(data[:20])}").data.decode("utf-8")


def robots(data: bytes) -> None:
    """robots.txt, as a host may write it."""
    learnt = Robots("Broadsheet/1 (+https://paper.example/)", {}, WHEN.timestamp)
    learnt.learn("https://news.example", data.decode("utf-8", "replace"))
    assert learnt.allows("https://news.example", URL) in (True, False)
    assert learnt.delay("https://news.example") >= 0


# ------------------------------------------------------------------------------------------------------ targets: what goes out


def slug(data: bytes) -> None:
    """Names of files: plain, short, below their folder, wherever the site is copied to."""
    name = said(data)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", made := urls.slug(name, text.digest(name)))
    assert len(made) <= 80
    safe = safe_name(name)
    assert not {safe} & {"", ".", ".."}
    assert not set(safe) & set('/\\:*?"<>|\0\n\r')
    assert len(safe.encode()) <= 255


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz"))


def path(data: bytes) -> None:
    """Paths of the site: written below its folder or refused."""
    root = _folder() / "site"
    shutil.rmtree(root, ignore_errors=True)
    writer = Writer(root, lambda paths: {})
    with suppress(StoreError, OSError, UnicodeError):
        writer.write([Output(path=said(data), body=b"x")])
    assert {found.name for found in _folder().iterdir()} <= {"site"}
    for written in writer.written:
        assert (root / written).resolve().is_relative_to(root.resolve())


def documents(data: bytes) -> None:
    """What we write, read back: YAML, JSON and XML hold the very text."""
    title, body = parts(data, 2)
    whole = {"title": title, "tags": [title, body], "nested": {body or "key": title}}
    fields = json.loads(json.dumps(whole).replace("\\ud", "\\u0"))  # half characters have no place in YAML
    assert frontmatter.read(frontmatter.page(fields, "text").decode()) == (fields, "text")
    entry = OutEntry(
        id=URL, title=title, url=URL, original=URL, html=body, published=WHEN, updated=WHEN, author=title, source=body,
        source_url=URL, language="en", categories=(title,),
    )  # fmt: skip
    made = OutFeed(title=title, url=URL, self_url=URL, language="en", entries=(entry,), updated=WHEN)
    read = lxml.etree.fromstring(atom(made))
    kept, kept_body = _ILLEGAL.sub("", title), _ILLEGAL.sub("", body)
    space = {"a": "http://www.w3.org/2005/Atom"}
    assert [node.text or "" for node in read.xpath("a:title | a:entry/a:title", namespaces=space)] == [kept, kept]
    assert [node.text or "" for node in read.xpath("a:entry/a:content", namespaces=space)] == [kept_body] * bool(body)
    (item,) = json.loads(json_feed(made))["items"]
    assert (item.get("title", ""), item.get("content_html", "")) == (kept, kept_body)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        feed, sanitise, extract, date, url, subscriptions, configuration, codings, robots, slug, path, documents,
    )
}  # fmt: skip

PIECES = [
    b"<rss version='2.0'><channel>", b"<item>", b"</item>", b"<title>", b"</title>", b"<link>", b"<guid>",
    b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<entry>", b"<content type='xhtml'>", b"<div>", b"</div>", b"<![CDATA[",
    b"]]>", b"<!--", b"-->", b"<!DOCTYPE rss [", b"<!ENTITY a 'b'>", b"]>", b"&a;", b"&#xD800;", b"&#0;", b"&", b"<", b">",
    b'"', b"'", b"\x00", b"\xff", b"\xed\xa0\x80", b"\x1f", b"\r\n", b"\n---\n", b"{", b"}", b"[", b"]", b'"items":[', b"1e999",
    b"<p>", b"<a href='", b"javascript:", b"<svg>", b"<math>", b"<style>", b"<table>", b"<td>", b"<noscript>", b"<template>",
    b"<img src=x srcset='y 2x' onerror=1", b"<li>", b"<br>", b"Mon, 02 Nov 2026 10:00:00 GMT", b"2026-03-02T10:00:00+14:00",
    b"9999999999", "前天 下午 3时".encode(), "３ヶ月前".encode(), b"http://", b"https://[::1]:80/", b"//", b"/../", b"..", b"\\",
    b"%2e%2e%2f", b"?utm_source=x", b"#", b"@", b":", b"0x7f.1", b"xn--", "ß.例え".encode(), "\u202e\u200b\ufeff".encode(),
    b"CON", b"index", b"title = ", b"[site]\n", b"[[feeds]]\n", b"url = ", b"''' ", b"# ", b"<opml><body>", b"<outline text='",
    b"xmlUrl='", b"User-agent: *\n", b"Disallow: /", b"*$", b"Crawl-delay: ", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"//div[",
    b":is(", b"a > b", b"(?i)", b"{{ x }}", b"{% raw", b"{{< x",
]  # fmt: skip
ANYTHING = (
    st.binary(max_size=300)
    | st.text(max_size=120).map(lambda made: made.encode("utf-8", "surrogatepass"))
    | st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=25).map(b"".join)
)


def examples(name: str, count: int) -> None:
    """Try a target on so many examples; raise what it raises."""

    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(ANYTHING)
    def tried(data: bytes) -> None:
        TARGETS[name](data)

    tried()


# ----------------------------------------------------------------------------------------------------------------- linear work


def growth(name: str, piece: bytes, least: float = 0.1) -> tuple[float, int, float]:
    """Return (how many times the time of half as many, bytes, seconds) for a piece repeated until that takes a while.

    No figure, 0, where a mebibyte takes less: what grew with the square would not.
    """
    target, size = TARGETS[name], 1 << 12
    before = _seconds(target, piece * (size // len(piece)))
    while size < 1 << 20:
        size *= 2
        now = _seconds(target, piece * (size // len(piece)))
        if now >= least:
            times = [now / before]
            while len(times) < 3 and times[-1] > STEEP:  # a busy machine, or something loaded: again
                half = _seconds(target, piece * (size // 2 // len(piece)))
                times.append(_seconds(target, piece * (size // len(piece))) / half)
            return min(times), size, now
        before = now
    return 0.0, size, before


def _seconds(target: Callable[[bytes], None], data: bytes) -> float:
    started = time.process_time()
    target(data)
    return max(time.process_time() - started, 1e-6)


# ------------------------------------------------------------------------------------------------------------- the campaign


def guided(name: str, seconds: int, folder: Path) -> tuple[int, str]:
    """Let atheris try a target for so long, in a process of its own; return how many inputs it tried and what it found."""
    corpus = folder / name
    corpus.mkdir()
    for number in range(0, len(PIECES), 5):
        (corpus / str(number)).write_bytes(b"".join(PIECES[number : number + 5]))
    command = [sys.executable, "-c", _GUIDE, name, str(corpus), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    counted = re.findall(r"Done (\d+) runs|stat::number_of_executed_units: (\d+)|^#(\d+)", done.stderr, re.MULTILINE)
    count = max((int(next(filter(None, numbers))) for numbers in counted), default=0)
    return count, "" if done.returncode == 0 and count else done.stderr[-3000:]


_GUIDE = """
import sys
import atheris

with atheris.instrument_imports(include=["broadsheet"]):
    from tests.fuzz import TARGETS
name, corpus, seconds = sys.argv[1:]
flags = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=60", "-rss_limit_mb=2048", f"-artifact_prefix={corpus}-"]
atheris.Setup([sys.argv[0], *flags, corpus], TARGETS[name])
atheris.Fuzz()
"""


def main() -> int:
    """Try all targets in all ways and print what was found; return 1 where anything was."""
    parser = argparse.ArgumentParser(description="Try parsers and writers on anything.")
    parser.add_argument("--examples", type=int, default=10_000, help="of Hypothesis, each target")
    parser.add_argument("--seconds", type=int, default=60, help="of atheris, each target")
    parser.add_argument("--only", choices=sorted(TARGETS), nargs="*", default=list(TARGETS))
    asked = parser.parse_args()
    found, coverage = 0, find_spec("atheris") is not None
    if not coverage:
        sys.stdout.write("atheris is not installed (pip install 'broadsheet[fuzz]'); examples and growth only\n")
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.only:
            started, faults_, inputs = time.monotonic(), list[str](), 0
            try:
                examples(name, asked.examples)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                faults_.append(f"{type(error).__name__}: {error} {getattr(error, '__notes__', '')}")
            worst = max(((*growth(name, piece), piece) for piece in PIECES), key=lambda grown: grown[:1])
            if worst[0] > STEEP:
                faults_.append(
                    f"{worst[3]!r} repeated: {worst[0]:.1f} times the time for twice, {worst[2]:.1f} s at {worst[1]:,} bytes"
                )
            if coverage and asked.seconds:
                inputs, told = guided(name, asked.seconds, Path(folder))
                faults_ += [told] if told else []
            sys.stdout.write(
                f"{name}: {asked.examples:,} examples, {inputs:,} inputs guided by coverage, {len(PIECES)} pieces repeated up to "
                f"1 MiB; {len(faults_)} faults; {time.monotonic() - started:.0f} s\n"
            )
            for fault in faults_:
                sys.stdout.write(f"  {fault}\n")
            sys.stdout.flush()
            found += len(faults_)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
