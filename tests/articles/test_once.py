"""No sentence that a source says once is cut: labelled lines, each at the edge of an article, and items of made channels.

What is labelled as the article's own begins, ends or sounds like furniture, and is none.
"""

from __future__ import annotations

import re

import pytest

from broadsheet.articles.extract import extract_article
from broadsheet.articles.template import learn_fragments
from broadsheet.model import Entry, Removed

TEXT = [
    "大桥今天上午正式通车，市民纷纷前往参观。", "桥长三公里，造价十亿元，比原定的日期晚了两年。",
    "The bridge opened this morning, and hundreds came to see it.", "It is three kilometres long and two years late.",
]  # fmt: skip

OWN = [
    "责任编辑：这个职业正在消失，他说。",
    "报社规定，责任编辑：每人每天看三版。",
    "这套书由他负责编辑：共三卷",
    "扫描二维码即可点餐，这让许多老人望而却步。",
    "扫码关注的人数在一年里翻了一番，达到三百万。",
    "微信扫一扫的日子里，现金渐渐从街头消失了。",
    "The post of mayor appeared first on the ballot in 1900.",
    "转载注明出处是基本的职业道德，他在会上说。",
    "转载请注明出处的声明没有法律效力，法院认为。",
    "标签：给人贴上很容易，撕下来却很难。",
    "关键词：他用了三个，每一个都与大海有关。",
    "Tags: the new law asks every shop to print them by May.",
    "Read more books, the minister told the pupils.",
    "阅读全文的读者不到一成。",
    "点击查看的次数超过了一百万。",
    "THE END of the war was near, and nobody knew.",
    "全文完整地保留了下来。",
    "文章纠错的风气由此而来。",
    "#MeToo was the word of the year, the jury said.",
    "原标题党的时代已经结束。",
    "他获得了冠军（第三次）。",
    "他说这是最后一次（第三次）",
    "广告行业今年增长了两成。",
    "欢迎扫码关注的人数翻了一番。",
    "长按二维码的老人越来越多。",
    "他在序言里写道（编辑：这不是我的话，而是他的）。",
    'He found it in <a href="/library">Read more books</a>, a list of the town’s library.',
    'All of it is told in the report: <a href="https://other.example/report">Read more</a>',
]
"""The article's own, once and for all."""
JUNK = [
    "责任编辑：王珊珊", "（责任编辑：刘万里 SF014）", "作者：李安 责任编辑：若风", "原标题：大桥通车",
    "扫描二维码", "长按识别二维码关注我们。", "微信扫一扫，关注公众号", "扫描下方二维码下载客户端", "扫码关注",
    "扫码关注我们的公众号", "欢迎扫码关注", "长按二维码关注", "请长按识别下方二维码，加入读者群",
    "转载请注明出处：晚报", "如需转载请务必注明出处：晚报", "转载请注明来源。", "本文结束，转载请注明出处，违者必究。",
    "标签：大桥 通车", "关键词：大桥，通车", "Tags: bridges, sea", "#大桥#通车",
    "【广告】本文用于分享优惠信息。", "- THE END -", "（全文完）", "文章纠错", "Read more »", "阅读全文", "点击查看>>",
    'The post <a href="/a">The bridge</a> appeared first on <a href="/">The Gazette</a>.',
]  # fmt: skip


def made(*lines: str) -> tuple[str, tuple[Removed, ...]]:
    """Return text and cuts of an article of the lines."""
    content = "".join(f"<p>{line}</p>" for line in lines)
    entry = Entry(title="A title of its own", content=content, link="https://x.example/9")
    article = extract_article(b"", url="https://x.example/9", entry=entry)
    return article.text, article.removed


@pytest.mark.parametrize("line", OWN)
@pytest.mark.parametrize("at_top", [False, True])
def test_what_only_sounds_like_furniture_stays(line: str, at_top: bool) -> None:
    text, removed = made(line, *TEXT) if at_top else made(*TEXT, line)
    assert re.sub("<[^<>]*>", "", line) in text.split("\n")
    assert not removed


@pytest.mark.parametrize("line", JUNK)
def test_furniture_is_cut_and_named(line: str) -> None:
    text, removed = made(*TEXT, line)
    assert text.split("\n") == TEXT
    assert len(removed) == 1
    assert removed[0].evidence


@pytest.mark.parametrize(
    ("tail", "cut"),
    [
        ("（责任编辑：王小明）", "（责任编辑：王小明）"), ("(编辑:李安 校对:若风)", "(编辑:李安 校对:若风)"),
        ('… <a href="/9">Continue reading <span>A title of its own</span></a>', "Continue reading A title of its own"),
        (' <a href="https://x.example/9#more">阅读全文 »</a>', "阅读全文 »"),
    ],
)  # fmt: skip
def test_furniture_behind_the_last_words_is_cut_and_named(tail: str, cut: str) -> None:
    text, removed = made(*TEXT[:-1], TEXT[-1] + tail)
    assert [line.rstrip("… ") for line in text.split("\n")] == TEXT
    assert [item.what for item in removed] == [cut]


@pytest.mark.parametrize("line", ["【广告】大桥通车优惠。", "#大桥#通车", "扫码关注"])
def test_what_says_nothing_else_is_kept(line: str) -> None:
    assert made(line) == (line, ())


OPENING, ENDING = "晚报{number}月3日电，", "（{source}）"
SOURCES = ["晚报社", "新华社", "晚报社", "记者李安", "晚报社", "新华社", "晚报社", "财经网"]
PLACES = "东西南北上下中前"
SAID_ONCE = [
    ("{place}城市长在开幕式上说，大桥是全城人的骄傲。", "他是第一位走过大桥的人（不算工人）。"),
    ("四月3日电影节在{place}城开幕，观众坐满了大厅。", "评委会把奖给了一部老片（1962年）"),
    ("晚报里的人，{place}城没有谁不认识。", "票价不变（五元）。"),
]
"""First and last sentences of items that do not do as the others of their channel do."""


def channel() -> list[tuple[str, list[str]]]:
    """Return items as (content, the sentences that are the article's own)."""
    items = []
    for number, (place, source) in enumerate(zip(PLACES, SOURCES, strict=True), 1):
        own = [
            f"{place}城大桥今天通车，市民前往参观。",
            f"桥长{number}公里，造价{number * 3}亿元。",
            f"{place}城还要再建一座。",
        ]
        first, last = OPENING.format(number=number) + own[0], own[-1] + ENDING.format(source=source)
        items.append((f"<p>{first}</p><p>{own[1]}</p><p>{last}</p>", own))
    for place, (first, last) in zip("左右外", SAID_ONCE, strict=True):
        own = [first.format(place=place), "大厅可以坐三千人。", last]
        items.append(("".join(f"<p>{line}</p>" for line in own), own))
    return items


def test_what_an_item_alone_says_in_the_place_of_an_affix_stays() -> None:
    items = channel()
    template = learn_fragments(content for content, _ in items)
    assert template.affixes.heads
    assert template.affixes.tails
    for number, (content, own) in enumerate(items):
        entry = Entry(title="A title of its own", content=content, link=f"https://x.example/{number}")
        article = extract_article(b"", url=entry.link, entry=entry, template=template)
        assert article.text.split("\n") == own
        assert len(article.removed) == (2 if number < len(PLACES) else 0)
