"""The blocks of an article are told from those around it; a second opinion is asked for only where that is unsure."""

from __future__ import annotations

from pathlib import Path

import lxml.html
import numpy as np
import pytest

from broadsheet.articles import choose
from broadsheet.articles.blocks import Block, page_blocks
from broadsheet.articles.evidence import ALONE, BOTH, both, opinion, read_page

CASES = Path(__file__).resolve().parents[1] / "cases" / "articles"


def blocks_of(markup: str) -> list[Block]:
    return page_blocks(lxml.html.document_fromstring(markup).find("body"))


def news() -> list[Block]:
    return blocks_of((CASES / "news.html").read_text("utf-8"))


def test_the_article_is_likelier_than_what_stands_around_it() -> None:
    blocks = news()
    found = choose.choose(blocks, title="Harbour works start in spring")
    likely = {block.text: float(value) for block, value in zip(blocks, found, strict=True)}
    inside = next(value for text, value in likely.items() if text.startswith("The bill comes to twelve million"))
    outside = next(value for text, value in likely.items() if text.startswith("Ferry timetable"))
    assert inside > 0.8 > 0.2 > outside


def test_the_weights_name_all_evidence_and_nothing_else() -> None:
    scale, *_ = choose._scale()
    assert list(scale.first.weights) == ALONE
    assert list(scale.second.weights) == list(scale.advised.weights) == BOTH
    assert 0 < scale.keep < scale.sure < 1


def test_the_numbers_have_a_column_for_every_name() -> None:
    page = read_page(news(), title="T", author="A")
    assert page.alone.shape == (len(page.letters), len(ALONE))
    assert both(page, np.zeros(len(page.letters))).shape == (len(page.letters), len(BOTH))


def test_one_block_is_enough_and_none_is_nothing() -> None:
    assert choose.choose([]).shape == (0,)
    (found,) = choose.choose(blocks_of("<p>One sentence only.</p>"))
    assert 0 <= found <= 1


def test_an_adviser_is_asked_where_the_choice_is_unsure_and_counts() -> None:
    asked = []

    def adviser() -> str:
        asked.append(True)
        return "Alpha one of a kind and more of it here.\nBeta two of a kind and more of it here."

    page = "".join(
        f"<div><div>{word} of a kind and more of it here.</div></div>"
        for word in ("Alpha one", "Beta two", "Gamma three", "Delta four")
    )
    blocks = blocks_of(page)
    alone = choose.choose(blocks)
    advised = choose.choose(blocks, adviser=adviser)
    assert asked
    assert (advised[:2] - alone[:2]).min() > (advised[2:] - alone[2:]).max()


@pytest.mark.parametrize(
    ("found", "words", "expected"),
    [([1, 0], [10, 10], 1.0), ([0.5, 0.5], [10, 10], 2 * 10 / 30), ([0, 0], [5, 5], 0.0)],
)
def test_expected_f1(found: list[float], words: list[float], expected: float) -> None:
    assert choose.expected_f1(np.array(found), np.array(words), 0.42) == pytest.approx(expected)


def test_a_table_and_a_list_are_kept_or_left_as_a_whole() -> None:
    cells = "".join(f"<tr><td>{n}</td><td>{n * n}</td></tr>" for n in range(3))
    blocks = blocks_of(f"<p>before</p><table>{cells}</table><p>after</p><ul><li>a</li><li>a much longer item</li></ul>")
    found = np.array([0.9, *[0.1] * 6, 0.9, 0.2, 0.9])
    assert choose.is_kept(blocks, found) == [True] * 10
    assert choose.is_kept(blocks, np.array([0.9, *[0.1] * 6, 0.1, 0.9, 0.1])) == [True] + [False] * 9


def test_short_lines_count_in_an_opinion_only_beside_long_ones() -> None:
    filler = "".join(f"<p>Another line of the page number {n}, not in the text at all.</p>" for n in range(6))
    long = "A line that is long enough to be no coincidence."
    blocks = blocks_of(f"<p>Politics</p>{filler}<p>{long}</p><p>Politics</p>")
    found = opinion(read_page(blocks), f"Politics\n{long}")
    assert (found[0], found[-2], found[-1]) == (0.3, 1.0, 1.0)
    assert not found[1:-2].any()
