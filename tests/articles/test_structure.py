"""What the sanitiser has no element for is said in others, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broadsheet.articles.extract import extract_article
from broadsheet.articles.template import learn_template
from broadsheet.model import Entry

URL = "https://gazette.example/2026/harbour"
BEFORE = (
    "<p>The ferry came into the harbour at nine in the morning, two hours before anybody had expected it there.</p>"
    "<p>When the bells rang, the keeper of the lighthouse saw a dark shape on the water and called the harbour master.</p>"
)
AFTER = (
    "<p>“We had no time to prepare,” said the woman who has run the ticket office on the quay for twenty years.</p>"
    "<p>The council will discuss the timetable on Tuesday, and the company has promised to send somebody who can answer.</p>"
    "<p>Until then, travellers are asked to look at the notices on the quay, which are changed every evening at six.</p>"
)


def of_feed(content: str) -> str:
    return extract_article(b"", url=URL, entry=Entry(title="A title", link=URL, content=content)).html


def page(inner: str) -> bytes:
    return (
        "<!doctype html><html lang=en><title>The ferry came early</title><body><nav><a href=/>Home</a></nav><main><article>"
        f"<h1>The ferry came early</h1><div class=entry-content>{BEFORE}{inner}{AFTER}</div></article></main></body></html>"
    ).encode()


def of_page(inner: str) -> str:
    return extract_article(page(inner), url=URL).html


@pytest.mark.parametrize("name", ["section", "article", "center", "header", "aside", "address"])
def test_sections_stay_apart(name: str) -> None:
    html = of_feed(f"<{name}><{name}>One <b>part</b>.</{name}><{name}>Another.</{name}></{name}>")
    assert html == "<div>One <b>part</b>.</div><div>Another.</div>"


def test_sections_stay_apart_in_the_container_of_a_site() -> None:
    def told(number: int) -> str:
        return f"<section>Loose text number {number} of the page.</section><section>More {number}.</section>"

    template = learn_template([(page(told(number) + f"<p>Number {number}.</p>" * 3), URL) for number in range(6)])
    assert template.container.selector
    html = extract_article(page(told(9)), url=URL, template=template).html
    assert "<div>Loose text number 9 of the page.</div><div>More 9.</div>" in html


def test_a_form_around_a_text_is_no_form() -> None:
    assert "No lorries" in of_feed(f"<form>{BEFORE}{AFTER}<p>No lorries.</p><input></form>")
    assert of_feed("<p>Text.</p><form><p>Your address:</p><input></form>") == "<p>Text.</p>"


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("<math><mi>x</mi><mo>=</mo><mn>2</mn></math>", "x=2"),
        (
            "<math><semantics><mrow><mi>x</mi></mrow><annotation encoding='application/x-tex'>x^2</annotation></semantics></math>",
            "<code>x^2</code>",
        ),
        (
            (
                "<span class=katex><span class=katex-mathml><math><semantics><mi>E</mi>"
                "<annotation encoding='application/x-tex'>E=mc^2</annotation></semantics></math></span>"
                "<span class=katex-html aria-hidden=true>E=mc2</span></span>"
            ),
            "<code>E=mc^2</code>",
        ),
        (
            (
                r"<span class=mwe-math-element><span><math alttext='{\displaystyle a+b}'><mi>a</mi></math></span>"
                r"<img src=/svg alt='{\displaystyle a+b}'></span>"
            ),
            "<code>a+b</code>",
        ),
        ("<script type='math/tex'>a_1</script>", "<code>a_1</code>"),
    ],
)
def test_a_formula_is_text(formula: str, wanted: str) -> None:
    assert of_feed(f"<p>It is {formula} here.</p>") == f"<p>It is {wanted} here.</p>"
    assert f"<p>It is {wanted} here, as all those who went to school in the town know well.</p>" in of_page(
        f"<p>It is {formula} here, as all those who went to school in the town know well.</p>"
    )


NUMBERED = [
    (
        '<figure class="highlight"><table><tr><td class="gutter"><pre><span>1</span><br><span>2</span><br></pre></td>'
        '<td class="code"><pre>def f():\n    return 1</pre></td></tr></table></figure>'
    ),
    (
        '<div class="highlight"><pre class="highlight"><code><table><tbody><tr><td><pre class="lineno">1\n2\n</pre></td>'
        "<td><pre>def f():\n    return 1</pre></td></tr></tbody></table></code></pre></div>"
    ),
    '<pre><span class="ln">1</span>def f():\n<span class="ln">2</span>    return 1</pre>',
]


@pytest.mark.parametrize("listing", NUMBERED)
@pytest.mark.parametrize("made", [of_feed, of_page])
def test_a_listing_stands_without_its_numbers(listing: str, made: Callable[[str], str]) -> None:
    html = made(listing)
    assert "<pre>def f():\n    return 1</pre>" in html
    assert "<table" not in html


def test_what_stands_twice_in_one_holder_is_no_fault() -> None:
    formula = "<math><mi>x</mi></math>"
    assert of_feed(f"<p>It is <span class=katex>{formula}{formula}</span> here.</p>") == "<p>It is x here.</p>"
    table = "<table><tr><td><pre>1</pre></td><td><pre>a = 1</pre></td></tr></table>"
    assert of_feed(f"<pre><code>{table}{table}</code></pre>").count("a = 1") == 2


def test_two_listings_beside_each_other_stay_a_table() -> None:
    table = "<table><tr><td><pre>a = 1</pre></td><td><pre>b = 2</pre></td></tr></table>"
    assert "<td><pre>a = 1</pre></td><td><pre>b = 2</pre></td>" in of_feed(table)


def test_a_table_in_a_figure_is_text() -> None:
    rows = "<tr><td>7</td><td>North</td></tr><tr><td>8</td><td>South</td></tr>"
    table = f"<table><thead><tr><th>Hour</th><th>Quay</th></tr></thead><tbody>{rows}</tbody></table>"
    html = of_page(f"<figure class=wp-block-table>{table}<figcaption>The hours of departure</figcaption></figure>")
    assert f"{table}<p>The hours of departure</p>" in html


@pytest.mark.parametrize("made", [of_feed, of_page])
def test_a_caption_that_only_its_class_calls_so(made: Callable[[str], str]) -> None:
    html = made("<div class='wp-caption alignleft'><img src=/a.jpg><p class=wp-caption-text>The quay.</p></div>")
    picture = '<img src="https://gazette.example/a.jpg" loading="lazy">'
    assert f"<figure>{picture}<figcaption>The quay.</figcaption></figure>" in html


def test_a_table_of_one_row_is_kept_as_a_whole() -> None:
    table = "<table><tbody><tr><td>North</td><td>7</td></tr></tbody></table>"
    assert table in of_page(table)


@pytest.mark.parametrize("sign", ["#", "¶", "🔗"])
def test_a_heading_does_not_lead_to_itself(sign: str) -> None:
    assert of_feed(f"<h2>Issue <a href=#12>#12</a> <a href='#x'>{sign}</a></h2><p>Text.</p>") == (
        f'<h2>Issue <a href="{URL}#12" rel="noopener nofollow ugc">#12</a> </h2><p>Text.</p>'
    )


def test_a_picture_of_a_sign_is_the_sign() -> None:
    found = extract_article(
        b"", url=URL, entry=Entry(
            title="A title", link=URL, content="<p>Nice <img class=wp-smiley src=/core/emoji/1f600.png alt='😀'> day.</p>"
        ),
    )  # fmt: skip
    assert (found.html, found.image) == ("<p>Nice 😀 day.</p>", None)


@pytest.mark.parametrize(
    ("content", "html"),
    [
        (
            "One.<br><br>Two <b>b</b>,<br>three.<br> <br><br/>Four.<br>",
            "<p>One.</p><p>Two <b>b</b>,<br>three.</p><p>Four.</p>",
        ),
        ("<p>One.<br>&nbsp;<br>Two.</p>", "<div><p>One.</p><p>Two.</p></div>"),
        ("<p>One,<br>two,<br>three.</p>", "<p>One,<br>two,<br>three.</p>"),
        ("One.<p>Two.</p>Three <i>four</i>.", "<p>One.</p><p>Two.</p><p>Three <i>four</i>.</p>"),
        (
            "<div>One.<ul><li>a<br><br>b</li></ul>Two.</div>",
            "<div><p>One.</p><ul><li>a<br><br>b</li></ul><p>Two.</p></div>",
        ),
        ("<div>One line.</div><div>Another.</div>", "<div>One line.</div><div>Another.</div>"),
        ("<pre>a<br><br>b</pre>", "<pre>a<br><br>b</pre>"),
    ],
)
def test_two_breaks_are_the_end_of_a_paragraph(content: str, html: str) -> None:
    assert of_feed(content) == html


def test_old_elements_keep_their_meaning() -> None:
    assert of_feed("<p><strike>10 €</strike> <tt>ls</tt></p>") == "<p><s>10 €</s> <code>ls</code></p>"
