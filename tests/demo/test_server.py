"""The demo's web, asked over real HTTP."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from typing import Any

import pytest
from lxml import etree, html

from broadsheet.demo import Change, DemoServer, changes, load_sources
from broadsheet.demo.feeds import entry_url
from broadsheet.demo.markup import to_text
from broadsheet.demo.server import CLOSED, GONE, SILENT
from tests.demo.conftest import ask

SOURCES = load_sources()
FEEDS = [source.path for source in SOURCES]
ROOTS = {"rss": "rss", "atom": "feed", "rdf": "RDF"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.slug)
def test_every_feed_is_well_formed(server: DemoServer, source: Any) -> None:
    reply = ask(server, source.path)
    assert reply.status == 200
    assert source.encoding in reply.headers["content-type"]
    if source.format == "json":
        document = json.loads(reply.body)
        assert document["version"] == "https://jsonfeed.org/version/1.1"
        assert len(document["items"]) == len(source.entries)
        return
    root = etree.fromstring(reply.body)
    assert etree.QName(root).localname == ROOTS[source.format]
    assert root.getroottree().docinfo.encoding.lower() == source.encoding
    assert len(root.xpath("//*[local-name()='item' or local-name()='entry']")) == len(source.entries)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.slug)
def test_every_page_holds_its_article(server: DemoServer, source: Any) -> None:
    for entry in source.entries:
        reply = ask(server, entry_url(source, entry, ""))
        assert reply.status == 200
        page = html.fromstring(reply.body.decode(source.encoding))
        assert page.xpath("string(//h1)").strip() == entry.title
        for mark in page.xpath("//sup"):
            mark.drop_tree()
        shown = "".join(page.text_content().split())
        missing = [line for line in to_text(entry.body).splitlines() if "".join(line.split()) not in shown]
        assert missing == []
        assert len(page.xpath("//a")) > 8, "a page has more than its article"


@pytest.mark.parametrize("path", [*FEEDS[:5], entry_url(SOURCES[0], SOURCES[0].entries[0], ""), "/haiwan/media/qr.png"])
def test_both_validators_are_honoured(server: DemoServer, path: str) -> None:
    first = ask(server, path)
    by_tag = ask(server, path, If_None_Match=first.headers["etag"])
    by_date = ask(server, path, If_Modified_Since=first.headers["last-modified"])
    assert (by_tag.status, by_tag.body) == (304, b"")
    assert (by_date.status, by_date.body) == (304, b"")
    assert by_tag.headers["etag"] == first.headers["etag"]
    stale = ask(server, path, If_None_Match='"old"', If_Modified_Since=first.headers["last-modified"])
    assert stale.status == 200, "a tag beats a date"


def test_a_date_that_cannot_be_read_is_no_validator(server: DemoServer) -> None:
    assert ask(server, FEEDS[0], If_Modified_Since="yesterday").status == 200


def test_text_is_compressed_for_those_who_accept_it(server: DemoServer) -> None:
    plain, small = ask(server, FEEDS[0]), ask(server, FEEDS[0], Accept_Encoding="gzip")
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body)
    assert "content-encoding" not in ask(server, "/haiwan/media/tea-cup.jpg", Accept_Encoding="gzip").headers


def test_head_gives_headers_only(server: DemoServer) -> None:
    reply = ask(server, FEEDS[0], "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["content-length"]) == len(ask(server, FEEDS[0]).body)


def test_one_feed_has_moved(server: DemoServer) -> None:
    reply = ask(server, "/patch-cable/old-feed.xml")
    assert reply.status == 301
    assert reply.headers["location"] == f"{server.url}/patch-cable/atom.xml"


def test_broken_feeds_are_broken_in_their_own_ways(server: DemoServer) -> None:
    assert ask(server, GONE).status == 404
    closed = ask(server, CLOSED)
    assert (closed.status, closed.headers["retry-after"]) == (503, "3600")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(server, SILENT)
    assert server.hits[-1] == ("GET", SILENT, 0)


def test_the_slow_feed_is_slow() -> None:
    with DemoServer(slow=0.4) as server:
        started = time.perf_counter()
        ask(server, "/lamplight-review/feed.xml")
        assert time.perf_counter() - started >= 0.4


@pytest.mark.parametrize("path", ["/robots.txt", "/", "/harbour-post/", "/lighthouse-supplement/", "/yuanfan/"])
def test_other_pages_are_there(server: DemoServer, path: str) -> None:
    assert ask(server, path).status == 200


@pytest.mark.parametrize("path", ["/nothing", "/harbour-post", "/haiwan/media/none.jpg", "/haiwan/media/../feed.xml"])
def test_everything_else_is_not(server: DemoServer, path: str) -> None:
    assert ask(server, path).status == 404


def test_front_pages_lead_to_their_feeds(server: DemoServer) -> None:
    page = html.fromstring(ask(server, "/harbour-post/").body)
    assert page.xpath("//link[@rel='alternate']/@href") == [f"{server.url}/harbour-post/feed.xml"]


def everything(server: DemoServer) -> dict[str, bytes]:
    """Return the body of every feed and page, with the server's own address taken out."""
    paths = [source.path for source in load_sources(server.edition)] + [
        entry_url(source, entry, "") for source in load_sources(server.edition) for entry in source.entries
    ]
    return {path: ask(server, path).body.replace(server.url.encode(), b"BASE") for path in paths}


def test_two_starts_give_the_same_bytes() -> None:
    with DemoServer(slow=0) as one, DemoServer(slow=0) as other:
        assert one.url != other.url
        assert everything(one) == everything(other)


def test_the_second_edition_changes_what_is_listed_and_nothing_else() -> None:
    with DemoServer(slow=0) as server:
        first = everything(server)
        server.edition = 2
        second = everything(server)
    listed = {
        entry_url(source, entry, ""): (source.slug, entry.slug)
        for source in load_sources(2)
        for entry in source.entries
    }
    bodies = {
        path: html.fromstring(body.decode("gb18030" if "/yuanfan/" in path else "utf-8"))
        for edition in (first, second)
        for path, body in edition.items()
        if path in listed
    }
    assert bodies
    changed_feeds = {path.split("/")[1] for path in FEEDS if first[path] != second[path]}
    assert changed_feeds == {change.source for change in changes()}
    added = {listed[path] for path in second.keys() - first.keys()}
    assert added == {(change.source, change.slug) for change in changes() if change.kind == "added"}
    old, new = ({(s.slug, e.slug): e for s in load_sources(n) for e in s.entries} for n in (1, 2))
    differing = {key for key in old if old[key] != new[key]}
    assert differing == {(change.source, change.slug) for change in changes() if change.kind != "added"}
    unchanged = [path for path in first if path in listed and listed[path][0] not in changed_feeds]
    assert unchanged
    assert all(first[path] == second[path] for path in unchanged)


def test_what_changes_in_the_second_edition_is_known() -> None:
    assert set(changes()) == {
        Change("harbour-post", "marigold-ferry-towed-home", "edited"),
        Change("harbour-post", "enquiry-opens", "added"),
        Change("strait-wire", "storm-odile", "retitled"),
        Change("yuanfan", "old-ship-lantern-hill", "retitled"),
        Change("haiwan", "marigold-flash", "edited"),
        Change("haiwan", "grid-test", "added"),
        Change("patch-cable", "whelk-4-3-1", "added"),
        Change("pixel-teahouse", "local-first-notes", "edited"),
        Change("lamplight-review", "shop-of-sounds", "retitled"),
    }


def test_changed_feeds_are_newer_in_the_second_edition() -> None:
    with DemoServer(slow=0) as server:
        for slug in {change.source for change in changes()}:
            path = next(source.path for source in SOURCES if source.slug == slug)
            server.edition = 1
            before = ask(server, path)
            server.edition = 2
            again = ask(server, path, If_None_Match=before.headers["etag"])
            assert again.status == 200
            assert ask(server, path, If_Modified_Since=before.headers["last-modified"]).status == 200


def test_an_occupied_port_is_no_obstacle() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with DemoServer(port) as server:
            assert server.address != f"127.0.0.1:{port}"
            assert ask(server, "/robots.txt").status == 200


def test_starting_and_stopping_twice_is_harmless() -> None:
    server = DemoServer()
    assert server.start() is server
    address = server.start().address
    assert ask(server, "/robots.txt").status == 200
    server.stop()
    server.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.address
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(address.split(":")[1])), timeout=1)


def test_hits_tell_what_was_asked() -> None:
    with DemoServer() as server:
        ask(server, "/robots.txt")
        ask(server, "/nothing", "HEAD")
        assert server.hits == [("GET", "/robots.txt", 200), ("HEAD", "/nothing", 404)]
