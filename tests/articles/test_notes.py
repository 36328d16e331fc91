"""Footnotes stay with the article; what is only numbered does not."""

from __future__ import annotations

import pytest

from broadsheet.articles.extract import extract_article
from tests.articles.test_structure import AFTER, BEFORE, URL, page

MARKED = (AFTER + BEFORE).replace("at nine", 'at nine<sup><a href="#fn:1">1</a></sup>')
MARKED = MARKED.replace("water", 'water<a href="#n2">[2]</a>')
NOTES = {
    "a list": '<div class="footnotes"><ol><li id="fn:1"><p>By the old clock. <a href="#r1">↩</a></p></li>'
    '<li id="n2">So she said.</li></ol></div>',
    "numbers beside": '<div class="footnote"><a id="fn:1">1</a><div><p>By the old clock.</p></div></div>'
    '<div class="footnote"><a name="n2">2</a><div><p>So she said.</p></div></div>',
}


def text_with(after: str) -> str:
    return extract_article(page(MARKED * 3).replace(b"</article>", after.encode() + b"</article>"), url=URL).text


@pytest.mark.parametrize("notes", NOTES)
def test_notes_to_which_the_text_leads_are_kept(notes: str) -> None:
    text = text_with(NOTES[notes])
    assert "By the old clock." in text
    assert "So she said." in text


@pytest.mark.parametrize(
    "after",
    [
        '<div class="comments"><p id="c1">By the old clock.</p></div>',
        f'<div class="comments" id="n2"><p>By the old clock.</p>{"<p>So say many of us here. </p>" * 100}</div>',
    ],
)
def test_what_no_mark_leads_to_is_no_note(after: str) -> None:
    assert "By the old clock." not in text_with(after)


def test_a_short_link_that_is_no_mark_leads_to_no_note() -> None:
    html = page((MARKED * 3).replace("[2]", "Talk")).replace(
        b"</article>", b'<div class="comments"><p id="n2">By the old clock.</p></div></article>'
    )
    assert "By the old clock." not in extract_article(html, url=URL).text
