"""What stands before and behind a source's texts, inside a line, is learnt from many and cut; what is said once stays."""

from __future__ import annotations

import pytest

from broadsheet.articles.affixes import Affixes, cut_affixes, learn_affixes
from broadsheet.articles.extract import extract_article
from broadsheet.articles.template import learn_fragments
from broadsheet.articles.tree import parse_fragment, text_of
from broadsheet.model import Entry


def item(number: int) -> str:
    place = "东西南北上下中前后左右外"[number]
    return f"【{place}城大桥通车】晚报{number}月3日电，{place}城大桥今天上午正式通车，市民纷纷前往参观。（晚报社）"


def test_openings_and_endings_are_learnt() -> None:
    found = learn_affixes([(item(number), item(number)) for number in range(1, 7)], 4)
    assert found == Affixes(heads={"晚报0月0日电，": 6}, tails={"（…）": 6})


@pytest.mark.parametrize("count", [0, 2, 3])
def test_little_evidence_teaches_nothing(count: int) -> None:
    texts = [(f"晚报{n}月3日电，一", "尾（晚报社）") for n in range(count)] + [
        (f"其他{n}字，完", "无") for n in "甲乙丙"
    ]
    assert learn_affixes(texts, 4) == Affixes()


def test_an_opening_with_a_number_of_its_own_is_not_learnt() -> None:
    texts = [(f"Issue {number}, of the weekly letter", "end") for number in range(1, 9)]
    assert learn_affixes(texts, 5) == Affixes()


@pytest.mark.parametrize("opening", ["LONDON, Nov 3", "However, it", "今天，大桥", "Dear readers, this"])
def test_the_beginning_of_a_sentence_is_no_opening(opening: str) -> None:
    texts = [(f"{opening} is story {number}", "end") for number in range(8)]
    assert learn_affixes(texts, 5) == Affixes()


def test_they_are_cut_with_their_evidence() -> None:
    template = learn_fragments([item(number) for number in range(1, 7)])
    article = extract_article(
        b"", url="https://x.example/9", entry=Entry(title="左城大桥通车", content=item(9)), template=template
    )
    assert article.text == "左城大桥今天上午正式通车，市民纷纷前往参观。"
    assert [(part.what, part.why, part.evidence) for part in article.removed] == [
        ("【左城大桥通车】", "title repeated in the body", "equal to the title"),
        ("晚报9月3日电，", "repeated opening", "in 6 of 6 samples"),
        ("（晚报社）", "repeated ending", "in 6 of 6 samples"),
    ]


@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("<p><b>晚报</b>4月3日电，大桥<i>通车</i>。</p>", "大桥通车。"),
        ("<p>大桥通车。<b>（晚</b>报社）</p>", "大桥通车。"),
        ("<p>大桥通车（晚报社）了。</p>", "大桥通车（晚报社）了。"),
        ("<p>晚报4月3日电，</p>", "晚报4月3日电，"),
        ("<p>（晚报社）</p>", "（晚报社）"),
    ],
)
def test_they_are_cut_across_elements_and_never_all_of_a_line(markup: str, left: str) -> None:
    root = parse_fragment(markup)
    (line,) = root.iter("p")
    cut_affixes(line, line, "大桥", Affixes(heads={"晚报0月0日电，": 6}, tails={"（…）": 6}), 6)
    assert text_of(root) == left


def test_a_bracket_that_is_not_the_title_stays() -> None:
    root = parse_fragment("<p>【快讯】大桥通车。</p>")
    (line,) = root.iter("p")
    assert cut_affixes(line, line, "另一个标题", Affixes(), 0) == []
    assert text_of(root) == "【快讯】大桥通车。"
