"""What a source repeats is learnt from enough samples, and cut with its evidence, but never the article."""

from __future__ import annotations

import pytest

from broadsheet.articles.extract import extract_article
from broadsheet.articles.template import MIN_SAMPLES, Template, apply_template, learn_fragments, learn_template
from broadsheet.articles.tree import parse_fragment, text_of
from broadsheet.model import Entry

FOOT = "Follow us everywhere and never miss a story again"
QR = "https://cdn.example/qr.png"


def sample(number: int, *, foot: str = FOOT, image: str = QR) -> str:
    own = "".join(f"<p>Sentence {part} of story {number} says something of its own.</p>" for part in range(8))
    return f'<h2>Upgrading</h2>{own}<p>{foot}</p><img src="{image}"><img src="https://cdn.example/{number}.png">'


def samples(count: int) -> list[str]:
    return [sample(number) for number in range(count)]


@pytest.mark.parametrize("count", range(MIN_SAMPLES))
def test_few_samples_teach_nothing(count: int) -> None:
    assert learn_fragments(samples(count)) == Template(samples=count)


@pytest.mark.parametrize("count", [MIN_SAMPLES, 10, 30])
def test_what_recurs_is_learnt_and_cut(count: int) -> None:
    template = learn_fragments(samples(count))
    root = parse_fragment(sample(999))
    removed = apply_template(root, template)
    assert [(item.what, item.why) for item in removed] == [(QR, "repeated picture"), (FOOT, "repeated block")]
    assert {item.evidence for item in removed} == {f"in {count} of {count} samples"}
    assert "Sentence 7 of story 999" in text_of(root)
    assert [image.get("src") for image in root.iter("img")] == ["https://cdn.example/999.png"]


def test_the_order_of_samples_does_not_matter() -> None:
    pages = samples(9)
    assert learn_fragments(pages) == learn_fragments(reversed(pages))


def test_a_line_must_stand_in_most_samples() -> None:
    """In 5 of 10 it may be chance; in 6 of 10 it is the source's."""
    for share, known in ((5, 0), (6, 1)):
        pages = [
            sample(number, foot=FOOT if number < share else f"Own end {number}", image=f"i{number}")
            for number in range(10)
        ]
        assert len(learn_fragments(pages).lines) == known + 1  # the heading recurs in all


def test_a_line_twice_in_one_sample_counts_once() -> None:
    pages = [
        f"<p>{FOOT}</p><p>{FOOT}</p><p>Own {number}</p>" if number < 2 else f"<p>Own {number}</p>"
        for number in range(4)
    ]
    assert learn_fragments(pages).lines == {}


def test_headings_of_a_series_are_kept() -> None:
    root = parse_fragment(sample(1))
    removed = apply_template(root, learn_fragments(samples(8)))
    assert "Upgrading" in text_of(root)
    assert "Upgrading" not in {item.what for item in removed}


def test_a_heading_goes_with_all_that_stands_under_it() -> None:
    def item(number: int) -> str:
        return (
            f"<p>Story {number}, told at length.</p><h3>Note</h3><p>Note {number}.</p><h3>Support us</h3><p>{FOOT}</p>"
        )

    template = learn_fragments(map(item, range(6)))
    root = parse_fragment(item(9))
    assert [item.what for item in apply_template(root, template)] == [FOOT, "Support us"]
    assert text_of(root) == "Story 9, told at length.NoteNote 9."
    kept = parse_fragment(item(9))
    assert [item.what for item in apply_template(kept, template, keep=("Support us",))] == [FOOT]


def test_what_says_nothing_else_is_kept() -> None:
    template = learn_fragments([f"<p>{FOOT}</p><img src='https://x.example/{number}.png'>" for number in range(6)])
    root = parse_fragment(f"<p>{FOOT}</p>")
    assert apply_template(root, template) == []
    assert text_of(root) == FOOT


@pytest.mark.parametrize("foot", [f"<br><br>{FOOT}", f"<p></p>{FOOT}", f"<br/>\n<br/>{FOOT}<br/>"])
def test_what_stands_in_no_element_of_its_own_is_learnt_too(foot: str) -> None:
    template = learn_fragments([f"Story {number}, told at length.{foot}" for number in range(6)])
    content = f"Story 9, told at length.{foot}"
    article = extract_article(
        b"", url="https://x.example/9", entry=Entry(title="T", content=content), template=template
    )
    assert article.text == "Story 9, told at length."


def test_repetition_alone_never_cuts_most_of_an_article() -> None:
    """A slider carries other articles in full, so that every one of them recurs."""
    story = "".join(
        f"<p>Paragraph {number} of the one story that stands on every page of the site.</p>" for number in range(12)
    )
    template = learn_fragments([story + f"<p>{number}</p>" for number in range(6)])
    assert len(template.lines) == 12
    root = parse_fragment(story)
    assert apply_template(root, template) == []
    assert "Paragraph 11" in text_of(root)


def test_an_empty_template_cuts_nothing() -> None:
    root = parse_fragment(sample(1))
    assert apply_template(root, Template()) == []


def test_pages_have_their_addresses_resolved() -> None:
    """A picture is known by its whole address, which is what an article's picture is compared by."""
    pages = [
        (f'<p>Own text {number}</p><img src="/qr.png"><img src="x.gif" data-src="../ad.png">'.encode(), f"https://news.example/a/{number}")
        for number in range(5)
    ]  # fmt: skip
    template = learn_template(pages)
    assert set(template.images) == {"https://news.example/qr.png", "https://news.example/ad.png"}


def test_a_page_that_is_too_much_is_no_sample() -> None:
    bomb = "<p " + " ".join(f"a{number}" for number in range(40_000)) + ">"
    assert learn_fragments([bomb, *samples(4)]).samples == 4


def test_a_template_has_a_name_for_what_it_knows() -> None:
    one, other = (
        learn_fragments(samples(5)),
        learn_fragments([sample(number, foot="Another foot") for number in range(5)]),
    )
    assert one.digest() == learn_fragments(samples(6)).digest() != other.digest()
    assert Template(samples=3).digest() == ""
