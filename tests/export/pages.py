"""Reading what a tool built: one page an article, and its text as a reader sees it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import lxml.html

from broadsheet.articles.tree import parse_fragment
from broadsheet.export import ExportArticle


def page(path: Path) -> Any:
    """Return a built page as a tree, control characters left out as in ours; a form feed is a blank."""
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True)
    text = re.sub("[\x01-\x08\x0b\x0e-\x1f\ufffe\uffff]", "", path.read_text("utf-8").replace("\f", " "))
    return lxml.html.document_fromstring(text.encode(), parser=parser)


def one(tree: Any, query: str) -> Any:
    """Return the one element that the query finds; two would be a text told twice."""
    found = tree.xpath(query)
    assert len(found) == 1, (query, len(found))
    return found[0]


def seen(text: str) -> str:
    """Return text as a reader sees it, white space and control characters aside."""
    return re.sub(r"\s+", " ", re.sub("[\x00-\x08\x0e-\x1f\x7f]", "", text)).strip()


def text_of(element: Any) -> str:
    return seen("".join(element.itertext()))


def ours(item: ExportArticle) -> str:
    """Return the text of an article's own HTML."""
    return text_of(parse_fragment(item.html))


def codes(element: Any) -> list[str]:
    """Return the texts of preformatted blocks, in which blanks and line ends count."""
    return ["".join(code.itertext()) for code in element.iter("pre")]


def same_body(element: Any, item: ExportArticle) -> None:
    """Check that an element holds the article's body: every character of its text, its code, its pictures, its links."""
    wanted = parse_fragment(item.html)
    assert text_of(element) == text_of(wanted), item.title
    assert codes(element) == codes(wanted), item.title
    for tag, attribute in (("img", "alt"), ("a", "href"), ("a", "title")):
        assert [part.get(attribute) for part in element.iter(tag)] == [part.get(attribute) for part in wanted.iter(tag)]
    assert not element.xpath(".//script | .//style | .//iframe | .//*[@onerror]")
