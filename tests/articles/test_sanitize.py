"""Whatever goes in, what comes out holds only what the allow-list names, read by two parsers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from broadsheet.articles.sanitize import ATTRIBUTES, TAGS, sanitize_html

BASE = "https://news.example/a/"
SCHEME = re.compile(r"(https?://|mailto:|/m/)")
ADDED = {"a": {"rel"}, "img": {"loading"}}


def clean(markup: str) -> str:
    return sanitize_html(markup, base_url=BASE)


def elements(markup: str) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield (tag, attributes) of every element that the two parsers see."""
    page = f"<!doctype html><body><div>{markup}</div></body>"
    for node in lxml.html.document_fromstring(page.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")).iter():
        yield (node.tag, dict(node.attrib)) if isinstance(node.tag, str) else ("!comment", {})
    for found in LexborHTMLParser(page).root.traverse():
        yield found.tag, dict(found.attributes)


def faults(markup: str) -> list[str]:
    """Return what a page with this markup in it holds that is not on the list."""
    wrong = []
    for tag, attributes in elements(markup):
        if tag in ("html", "head", "body"):
            continue
        if tag not in TAGS:
            wrong.append(f"<{tag}>")
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | ADDED.get(tag, set())
        for name, value in attributes.items():
            if name not in allowed:
                wrong.append(f"<{tag} {name}>")
            if name in ("href", "src") and not SCHEME.match(value or ""):
                wrong.append(f"<{tag} {name}={value!r}>")
    return wrong


@pytest.mark.corpus
def test_attack_vectors(corpus: Path) -> None:
    """None of 1,500 known vectors leaves an element, attribute or scheme that is not on the list, alone or in a row."""
    vectors = json.loads((corpus / "hostile" / "xss.json").read_text("utf-8"))
    bad = [(vector["id"], wrong) for vector in vectors if (wrong := faults(clean(vector["html"])))]
    assert bad == []
    assert len(vectors) > 1000
    for start in range(0, len(vectors), 100):
        assert faults(clean("<p>".join(vector["html"] for vector in vectors[start : start + 100]))) == []


@pytest.mark.corpus
def test_attack_vectors_stay_clean_when_cleaned_again(corpus: Path) -> None:
    """What comes out is stable: parsing it anew brings nothing to light."""
    for vector in json.loads((corpus / "hostile" / "xss.json").read_text("utf-8")):
        once = clean(vector["html"])
        twice = clean(once)
        assert faults(twice) == []
        assert clean(twice) == twice, vector["id"]


KEPT = {
    "<p>Text &amp; more &lt;b&gt;</p>": "<p>Text &amp; more &lt;b&gt;</p>",
    "<h2>Head</h2><ul><li>a</li></ul>": "<h2>Head</h2><ul><li>a</li></ul>",
    '<p lang="zh" dir="ltr" title="t">x</p>': '<p lang="zh" dir="ltr" title="t">x</p>',
    '<ol start="3" reversed="" type="i"><li value="4">x</li></ol>': '<ol start="3" reversed="" type="i"><li value="4">x</li></ol>',
    "<pre><code>a  &lt;b&gt;\n  c</code></pre>": "<pre><code>a  &lt;b&gt;\n  c</code></pre>",
    "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>": "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>",
    '<time datetime="2026-03-02">2 March</time>': '<time datetime="2026-03-02">2 March</time>',
    "<details open=\"\"><summary>s</summary>d</details>": "<details open=\"\"><summary>s</summary>d</details>",
    '<img src="/m/ab/c.webp" alt="a" width="5" height="6">': '<img src="/m/ab/c.webp" alt="a" width="5" height="6" loading="lazy">',
    '<a href="../b?c=1&amp;d=2">x</a>': '<a href="https://news.example/b?c=1&amp;d=2" rel="noopener nofollow ugc">x</a>',
    '<a href="//c.example/">x</a>': '<a href="https://c.example/" rel="noopener nofollow ugc">x</a>',
    '<a href="MAILTO:a@b.example">x</a>': '<a href="MAILTO:a@b.example" rel="noopener nofollow ugc">x</a>',
    '<img src="pic.png">': '<img src="https://news.example/a/pic.png" loading="lazy">',
}  # fmt: skip


@pytest.mark.parametrize("markup", KEPT)
def test_what_is_kept(markup: str) -> None:
    assert clean(markup) == KEPT[markup]
    assert clean(clean(markup)) == KEPT[markup]


DROPPED = {
    '<p id="x" class="y" style="color:red" data-a="b" onclick="z()">t</p>': "<p>t</p>",
    "<script>alert(1)</script>t": "t",
    "<style>p{}</style>t": "t",
    '<iframe src="https://x.example/">i</iframe>t': "t",
    "<svg><script>alert(1)</script></svg>t": "t",
    "<math><mi>x</mi></math>t": "t",
    "<form><input name=a><p>in</p></form>t": "t",
    "<!-- c -->t<!-- d": "t",
    '<a href="javascript:alert(1)">t</a>': '<a rel="noopener nofollow ugc">t</a>',
    '<a href=" jav&#x09;ascript:alert(1)">t</a>': '<a rel="noopener nofollow ugc">t</a>',
    '<a href="data:text/html,x">t</a>': '<a rel="noopener nofollow ugc">t</a>',
    '<a href="file:///etc/passwd">t</a>': '<a rel="noopener nofollow ugc">t</a>',
    '<a href="https://x.example/" target="_blank">t</a>': '<a href="https://x.example/" rel="noopener nofollow ugc">t</a>',
    '<blockquote cite="javascript:1">t</blockquote>': "<blockquote>t</blockquote>",
    '<img src="x" srcset="y 2x" onerror="z">': '<img src="https://news.example/a/x" loading="lazy">',
    '<img width="1e9" height="-3" src="x">': '<img src="https://news.example/a/x" loading="lazy">',
    '<p dir="up">t</p>': "<p>t</p>",
    "<h1>t</h1>": "t",
    "<custom-tag>t</custom-tag>": "t",
    "<div>t": "<div>t</div>",
    "t</div></div>": "t",
    "<b><i>t</b></i>": "<b><i>t</i></b>",
}  # fmt: skip


@pytest.mark.parametrize("markup", DROPPED)
def test_what_is_dropped(markup: str) -> None:
    assert clean(markup) == DROPPED[markup]


TOO_MUCH = {
    "nested": "<div>" * 100_000 + "The text",
    "nested and ended wrongly": "<div></b>" * 50_000 + "The text",
    "formatting": "<p><font><a>" * 4_000 + "The text",
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(40_000)) + ">The text</p>",
    "bytes": "<p>The text</p>" * 80_000,
}  # fmt: skip


@pytest.mark.parametrize("how", TOO_MUCH)
def test_too_much_markup_comes_back_as_its_text(how: str) -> None:
    """The limit ends it before a parser sees it: one paragraph of plain text, nothing of the markup."""
    found = clean(TOO_MUCH[how])
    assert found.startswith("<p>")
    assert found.count("<") == 2
    assert "The text" in found


def test_the_text_of_too_much_markup_is_escaped() -> None:
    found = clean("<div>" * 300 + "&lt;script&gt;alert(1)&lt;/script&gt;")
    assert found == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"


PROSE = [
    "Use <video> and not <object> where you can",
    "The <script> element takes an src attribute",
    "if (a < b && c > d) { return a <= b; }",
    "List<String> names = new ArrayList<>();",
    "{{ range.constructor('return 1')() }} and {% raw %} and {{< x >}}",
    "& &amp; &lt; &#60; &nbsp;",
    "# Not a heading, *not* _markup_, [not](a link), `code`",
    "<!-- this comment is quoted -->",
    "]]> and <![CDATA[ and <?php echo 1 ?>",
    "价格 <100 元且 >50 元 & 其他",
]


@pytest.mark.parametrize("prose", PROSE)
def test_prose_that_quotes_markup_survives(prose: str) -> None:
    """Escaped as it should be, every character of it is still there for the reader."""
    found = lxml.html.fromstring(f"<div>{clean(f'<p>{escape(prose)}</p>')}</div>")
    assert found.text_content() == prose


PROGRAM = """
import json, sys
from broadsheet.articles.sanitize import sanitize_html
for markup in json.load(sys.stdin):
    sys.stdout.write(sanitize_html(markup, base_url="https://news.example/a/") + "\\n")
"""


def test_the_same_bytes_in_every_process() -> None:
    """Sets and maps of the sanitiser have no order of their own that would show."""
    markup = [*KEPT, *DROPPED, '<img title="t" alt="a" height="1" lang="x" width="2" dir="rtl" src="x">']
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], input=json.dumps(markup).encode(), capture_output=True, check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "4242")
    }  # fmt: skip
    assert len(found) == 1
    assert found.pop().decode().splitlines()[0]


words = st.sampled_from(
    ["<p>", "</p>", "<b>", "</b>", "<a href='", "'>", "javascript:", "<svg>", "<math>", "<style>", "</style>", "<!--", "-->",
     "<title>", "</title>", "<mtext>", "<table>", "<td>", "<mglyph>", "<noscript>", "<img src=x onerror=1", ">", "\"", "'",
     "&lt;", "&#x3c;", "<template>", "<form>", "<select>", "\x00", "text", "<ruby><rt>", "<annotation-xml encoding='text/html'>"]
)  # fmt: skip


@given(st.lists(words | st.text(max_size=4), max_size=30).map("".join))
@settings(max_examples=400, deadline=None)
def test_any_markup_comes_out_clean_and_stays_so(markup: str) -> None:
    once = clean(markup)
    assert faults(once) == []
    assert faults(clean(once)) == []


def test_the_documentation_lists_every_attribute_that_survives() -> None:
    text = (Path(__file__).parents[2] / "docs" / "concepts" / "security.md").read_text("utf-8")
    rows = re.findall(r"^\| (any|`\w+`) \| ((?:`\w+` ?)+)\| [^|]{5,} \|$", text, re.MULTILINE)
    listed = {element.strip("`").replace("any", "*"): set(re.findall(r"`(\w+)`", names)) for element, names in rows}
    assert listed == ATTRIBUTES


def test_half_characters_cost_a_character() -> None:
    assert clean("<p>a\ud800b</p>") == "<p>a?b</p>"
