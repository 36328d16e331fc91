"""Sanitised HTML as Markdown: what each construct becomes, and that nothing is lost or brought to life."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from broadsheet.articles.sanitize import sanitize_html
from broadsheet.articles.tree import parse_fragment
from broadsheet.export.prose import markdown
from tests.export.made import _TEXTS
from tests.export.pages import text_of

_RENDER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").render


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<h2>Head <em>line</em></h2><p>One\n two</p>", "## Head *line*\n\nOne two\n"),
        ("<p>a<br>b<br><br>c</p>", "a\\\nb\n\nc\n"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n\n- b\n\n  - c\n"),
        ('<ol start="9"><li>a</li><li>b</li></ol>', "9. a\n10. b\n"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b\n"),
        ("<ol>loose<li>kept</li>text</ol>", "1. loose\n2. kept\n3. text\n"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b\n"),
        ("<pre><code>x = {}\n\n    y</code></pre>", "```\nx = {}\n\n    y\n```\n"),
        ("<pre>```\n</pre>", "````\n```\n````\n"),
        ("<pre>{{ x }}\n</pre>", "<pre><code>&#123;&#123; x &#125;&#125;</code></pre>\n"),
        ("<p><code>a`b</code> <code>{% x %}</code></p>", "``a`b`` <code>&#123;% x %&#125;</code>\n"),
        ('<p><a href="https://x.example/a(b)?c=1&amp;d">t [1]</a></p>', "[t \\[1\\]](https://x.example/a%28b%29?c=1&amp;d)\n"),
        ('<figure><img src="/m/a.webp" alt="A * b"><figcaption>C</figcaption></figure>', "![A \\* b](/m/a.webp)\n\nC\n"),
        ("<p><strong>注意：</strong>请看</p>", "**注意**：请看\n"),
        ("<p><strong>a</strong><strong>b</strong> <em>c</em><strong>d</strong></p>", "**ab** *c*d\n"),
        ("<p>1. no list</p><p>- nor this</p><p># nor</p><p>= nor</p>", "1\\. no list\n\n\\- nor this\n\n\\# nor\n\n\\= nor\n"),
        ("<p>10<sup>2</sup> <del>old</del></p><hr>", "10<sup>2</sup> ~~old~~\n\n***\n"),
        ("<p>see https://x.example/?a=&lt;b and www.x.example</p>", "see https\\://x.example/?a=&lt;b and www\\.x.example\n"),
        (
            "<table><tr><th>a</th><th>b|c</th></tr><tr><td colspan=2>d</td></tr></table>",
            "| a | b\\|c |\n| --- | --- |\n| d |  |\n",
        ),
        ("<table><tr><td rowspan=2>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "| a | b |\n| --- | --- |\n|  | c |\n"),
        ("<table><tr><td><p>layout</p><ul><li>x</li></ul></td></tr></table>", "layout\n\n- x\n"),
        ("<dl><dt>Term</dt><dd>Said</dd></dl>", "**Term**\n\nSaid\n"),
        ("<p> </p>", ""),
    ],
)  # fmt: skip
def test_constructs(markup: str, expected: str) -> None:
    assert markdown(markup) == expected


def whole(safe: str) -> None:
    """Check that rendered Markdown holds the text and no element that ours did not hold."""
    rendered = parse_fragment(_RENDER(markdown(safe)))
    before = parse_fragment(safe)
    assert "".join(text_of(rendered).split()) == "".join(text_of(before).split())
    assert not rendered.xpath(".//script | .//style | .//iframe | .//*[@onerror]")
    assert len(rendered.xpath(".//img")) == len(before.xpath(".//img"))


@pytest.mark.parametrize("text", _TEXTS)
@pytest.mark.parametrize("tag", ["p", "pre", "code", "em", "li", "h2", "blockquote", "td", "strong", "a"])
def test_text_stays_text(tag: str, text: str) -> None:
    whole(sanitize_html(f"<p>x<{tag}>{html.escape(text)}</{tag}>y</p>", base_url="https://x.example/"))


@given(
    st.text(st.sampled_from("\\`*_{}[]()#+-.!|~=<>&;:/ \n\tab1国，“”www.http://")),
    st.sampled_from(["p", "pre", "em", "td"]),
)
def test_any_text_stays_text(text: str, tag: str) -> None:
    whole(
        sanitize_html(
            f"<div>{html.escape(text)}<{tag}>{html.escape(text)}</{tag}>{html.escape(text)}</div>", base_url=""
        )
    )
