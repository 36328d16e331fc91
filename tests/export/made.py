"""Articles for exporters made by hand, an archive that holds them, and bodies that attack every tool."""

from __future__ import annotations

import html
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from broadsheet.articles.sanitize import sanitize_html
from broadsheet.export import (
    Edition,
    ExportArticle,
    ExportEntry,
    ExportFeed,
    ExportResponse,
    Target,
)
from broadsheet.model import Article, Entry, Feed, Image, StoredArticle, Story
from broadsheet.text import visible_text
from broadsheet.urls import short_id

START = datetime(2026, 3, 10, 20, 30, 15, tzinfo=UTC)


def picture(colour: str = "navy", mode: str = "RGB") -> bytes:
    """Return a small WebP."""
    from PIL import Image as Pictures

    written = io.BytesIO()
    Pictures.new(mode, (120, 90), colour).save(written, "WEBP")
    return written.getvalue()


def article(
    number: int, *, title: str = "", body: str = "", section: tuple[str, ...] = ("News", "The Post"), lead: bool = False,
    categories: tuple[str, ...] = (), mode: str = "full", **fields: object,
) -> ExportArticle:  # fmt: skip
    """Return an article whose body went through the sanitiser."""
    feed = Feed(id=short_id("/".join(section)), url=f"https://{short_id('/'.join(section))}.example/feed", section=section,
                mode=mode)  # type: ignore[arg-type]  # fmt: skip
    safe = sanitize_html(body or f"<p>Body of story {number}: canary{number}x.</p>", base_url="https://news.example/")
    text = visible_text(safe)
    date = START + timedelta(hours=number)
    identity = short_id(f"article {number}")
    image = Image(url=f"https://news.example/{number}.jpg", path=f"m/aa/{number:04}.webp", width=120, height=90)
    values = {
        "id": identity, "feed_id": feed.id, "title": title or f"Story {number}", "published": date,
        "language": "en", "html": "", "text": "", "excerpt": text[:100], "url": f"https://news.example/a/{number}",
        "categories": categories, "image": image if lead else None,
    }  # fmt: skip
    made = msgspec.convert(values | fields, Article, strict=False)
    stored = StoredArticle(
        article=made, permalink=f"{date:%Y/%m/%d}/{identity}.html", first_seen=date, state="live", seq=number,
    )  # fmt: skip
    names = [*section, "", "", ""]
    return ExportArticle(stored=stored, html=safe, text=text, feed=feed, section=names[0], source=names[1],
                         channel=names[2])  # fmt: skip


class Desk:
    """An archive in memory: what belongs to the given articles."""

    def __init__(self, articles: Iterable[ExportArticle], pictures: dict[str, bytes] | None = None) -> None:
        self.articles = list(articles)
        image = picture()
        leads = [item.stored.article.image for item in self.articles]
        self.pictures = {lead.path: image for lead in leads if lead} | (pictures or {})

    def picture(self, path: str) -> bytes | None:
        return self.pictures.get(path)

    def feeds(self) -> list[ExportFeed]:
        found = {item.feed.id: ExportFeed(feed=item.feed, title=item.source) for item in self.articles}
        return list(found.values())

    def entries(self) -> list[ExportEntry]:
        return [
            ExportEntry(
                article_id=item.id, feed_id=item.feed.id, revision=1, seen=item.date,
                entry=Entry(title=item.title, content=item.html, link=item.stored.article.url),
            )
            for item in self.articles
        ]  # fmt: skip

    def stories(self) -> list[Story]:
        return [Story(id=item.id, articles=(item.id,), first_seen=item.date) for item in self.articles]

    def responses(self) -> list[ExportResponse]:
        return [
            ExportResponse(
                number=number, kind="page", key=item.id, url=item.stored.article.url,
                final_url=item.stored.article.url, status=200, headers={"content-type": "text/html"},
                body=f"<title>{item.title}</title>{item.html}".encode("utf-8", "replace"), fetched=item.date,
            )
            for number, item in enumerate(self.articles, 1)
        ]  # fmt: skip

    def target(self, folder: Path, **fields: object) -> Target:
        """Return a target in a folder; editions hold everything."""
        ids = {item.id for item in self.articles}
        values = {
            "title": "The Paper", "url": "https://paper.example/", "timezone": "Asia/Shanghai", "is_live": ids.__contains__,
            "edition": Edition(name="2026-W11", title="The Paper, 2026-W11"),
        }  # fmt: skip
        return Target(folder=folder, archive=self, **(values | fields))  # type: ignore[arg-type]


_TEXTS = [
    'Run {{ range.constructor("return process.version")() }} and {{ 7 * 191 }} and {%- set a = 1 -%}',
    "{% include 'secret.html' %}{% raw %} open {% endraw %} {% endraw %} {% unknown %} {# a comment #}",
    '{{< figure src="x" >}} {{% notice %}} {{</* quoted */>}} {{< unknown',
    "{{ site.title }} {{ page.content | upcase }} {% assign x = 1 %}{% for p in site.posts %}{{ p }}{% endfor %}",
    '{{ .Site.Title }} {{ printf `%s` .Page }} {{- template "x" -}} {{ readFile "hugo.toml" }}',
    "```js\nalert(1)\n```\n\n~~~\n{{ 1 + 1 }}\n~~~",
    "<!--swig\ufffc0--> <!--code\ufffc0--> <!--comment\ufffc1--> <hexoPostRenderCodeBlock>x</hexoPostRenderCodeBlock>",
    "<!-- more --> <!--more--> [TOC] {:toc} {: .class #id} {::nomarkdown}",
    "---\ntitle: another\n---\n;;;\n+++\n",
    "# no heading\n* no list\n1. nor this\n> nor that\n| a | b |\n|---|---|\n***\n===",
    "<script>alert('xss')</script> <img src=x onerror=alert(1)> </article></body></html> <style>*{display:none}</style>",
    "[link](javascript:alert(1)) ![x](y) <https://a.example> [[wiki]] ==mark== %%hidden%% $x^2$ #tag ^[note] :smile: @x",
    "\u202eabc \u0085 \u2028 \u2029 \ufeff zero\u200bwidth 😀 é e\u0301 \\{{ \\` \\\\ &amp; &#123; &lt;b&gt;",
]

HOSTILE_TITLES = [
    "{{ 7 * 191 }} {% unknown %} {{< x >}}", '"quoted": and \'more\' # not a comment', "---", "- a: b", "@at", "%percent",
    "null", "yes", "2026-03-12", "0x1f", "1.5", "[a, b]", "{a: b}", "!!python/object:os.system x", "&anchor *alias",
    "| block", "> folded", "\u202eright to left", "line\nbreak\r\n--- \n", "tab\there", "bell and escape \x07\x08\x1b", "😀🗞",
    "CON", "nul.txt", "trailing. . ", "../../../etc/passwd", "a" * 400, "国" * 200, "x <script>alert(1)</script>",
    "  blanks  ", "~tilde", "?", "\ufeffmark", "\x85\u2028\u2029", "back\\slash", "=", "<<",
]  # fmt: skip

HOSTILE_CATEGORIES = (
    "C++", "C#", "C", "AI", "ai", "Ai", "..", ".", "/", "a/b", "Café", "Cafe", "index", "tags", "国" * 120, "{{ x }}",
    "???", "con", " x ", "<b>", "page/2",
)  # fmt: skip


def hostile() -> list[ExportArticle]:
    """Return articles of which every text means something to some tool, as prose, as code and in attributes."""
    made = []
    for number, text in enumerate(_TEXTS):
        quoted = html.escape(text)
        body = (
            f"<p>Before {number}.</p>\n\n    <p>{quoted}</p>\n\n\n<div>\n\n        <p>indented</p>\n\n</div>"
            f"<pre><code>    four\n\n\n\ttab {quoted}\n    </code></pre><p><code>{quoted}</code></p>"
            f'<p><a href="https://x.example/?q={html.escape(text.split()[0])}" title="{quoted}">link</a>'
            f'<img src="/m/aa/body.webp" alt="{quoted}"></p>'
            f"<table><tr><th>{quoted}</th><th>h</th></tr><tr><td>{quoted}</td><td>c</td></tr></table>"
            f"<ul><li>{quoted}</li><li><strong>{quoted}</strong></li></ul><p>After {number}.</p>"
        )
        made.append(article(number, title=f"Text {number} {{{{ x }}}} {{% y %}}", body=body, lead=number % 2 == 0))
    made += [
        article(100 + number, title=title, lead=True, section=("Odd {{ x }}", "C++" if number % 2 else "C#", title))
        for number, title in enumerate(HOSTILE_TITLES)
    ]
    made += [
        article(200 + number, section=("News", "The Post", name), categories=(name, *HOSTILE_CATEGORIES))
        for number, name in enumerate(HOSTILE_CATEGORIES)
    ]
    return made
