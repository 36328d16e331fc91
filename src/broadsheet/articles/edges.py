"""Lines at the edge of an article that speak of its making, not of its subject: known by their wording, and cut with a reason.

What is a sentence is none of them, and what says nothing else is kept.
"""

from __future__ import annotations

import re

from broadsheet import urls
from broadsheet.articles.rules import QUOTED, Rules
from broadsheet.articles.tree import Element, drop, last_of, text_of
from broadsheet.articles.wholeness import READ_ON
from broadsheet.model import Removed
from broadsheet.text import letters

_NO_END = "[^。！？!?]"
_EDGE_LINES = [
    (
        re.compile(
            rf"[（(【\[]?\s*(?:[^\s:：，、]{{1,6}}\s*[:：]{_NO_END}{{1,50}}?)?责任?编[辑輯]\s*[:：]{_NO_END}{{0,40}}$"
        ), "editor's line",
    ),
    (re.compile(r"(原标题|原題|原標題)\s*[:：].{1,120}$"), "original title"),
    (re.compile(r"The post (?=[^a-z]|[a-z][A-Z]).{1,300} appeared first on .{1,120}$"), "feed footer"),
    (
        re.compile(
            r"(?:欢迎|敬?请)?(?:扫描?(?:上方|下方)?二维码|(?:长按|识别){1,2}(?:上方|下方|图中)?二维码|扫码|微信扫一扫)"
            r"(?:$|[，,\s]*(?:立即|即可|可以|马上|并|来)?(?:关注|下载|订阅|加入|加群|进群|添加|收藏|了解|阅读|查看|领取|参与)"
            r"(?:我们?的)?[^的，。！]{0,20}[。！!]?$)"
        ), "QR code line",
    ),
    (
        re.compile(
            r"[【（(]?(?:本文(?:完|结束)[】）)]?[，,。]?)?\s*(?:如需)?转载请?(?:务必)?(?:注明|保留)[^是的，。：:]{0,20}"
            r"(?:[:：].{1,40}|[，,]\s*(?:违者|否则|谢谢|并保留).{0,20})?[。！!]?[】）)]?$"
        ), "reprint notice",
    ),
    (re.compile(r"(?:话题标签|标签|关键词|Tags?)\s*[:：].{1,119}[^。！？.!?]$"), "tags"),
    (re.compile(r"(?:#[^#\s]{1,30}#?\s*)+$"), "tags"),
    (re.compile(r"文章纠错$"), "button"),
    (re.compile(r"[【\[（(](?:广告|廣告)[】\])）].{0,120}$"), "advert notice"),
    (re.compile(r".{0,60}点[击擊](?:查看|進入|进入|领取|領取)\s*[>＞》]{2,}$"), "invitation to click"),
    (re.compile(r"[-—\s【（(]*(THE END|全文完|本文完)[-—\s】）)]*$"), "end mark"),
    (
        re.compile(r"(Continue reading|Read more|阅读全文|阅读原文|查看原文)\s*[.…»›→]*$", re.IGNORECASE),
        "read-more line",
    ),
]  # fmt: skip
_READ_ON = re.compile(rf"\W*{READ_ON}", re.IGNORECASE | re.DOTALL)


def drop_edge_lines(blocks: list[tuple[Element, str]], rules: Rules) -> list[Removed]:
    """Take out of the first three and the last six lines those that speak of the article's making; return what they were."""
    found: list[tuple[Element, Removed]] = []
    left = sum(block.getparent() is not None for block, _ in blocks)
    for block, text in (*blocks[:3], *blocks[max(3, len(blocks) - 6) :]):
        if block.getparent() is None or text[:QUOTED] in rules.keep:
            continue
        why = next((why for pattern, why in _EDGE_LINES if len(text) < 500 and pattern.match(text)), "")
        if why:
            found.append((block, Removed(what=text[:QUOTED], why=why, evidence="wording at the edge of the article")))
    if len(found) == left:  # what says nothing else is no furniture
        return []
    for block, _ in found:
        drop(block)
    return [removed for _, removed in found]


def drop_read_on(blocks: list[tuple[Element, str]], base_url: str, rules: Rules) -> list[Removed]:
    """Take out the link at the end of a teaser that leads to the rest of it, on the same site."""
    last = next((block for block, _ in reversed(blocks) if block.getparent() is not None), None)
    link = last_of(last.iter("a")) if last is not None else None
    if last is None or link is None:
        return []
    said, whole = text_of(link), text_of(last)
    own = urls.registrable_domain(urls.resolve(base_url, link.get("href") or "")) == urls.registrable_domain(base_url)
    if not (own and said and whole.endswith(said) and _READ_ON.fullmatch(said)) or said[:QUOTED] in rules.keep:
        return []
    drop(link)
    return [Removed(what=said[:QUOTED], why="read-more line", evidence="wording at the edge of the article")]


def drop_title(blocks: list[tuple[Element, str]], title: str) -> list[Removed]:
    """Take the title off the first lines of the body, where the page prints it above the text."""
    wanted = letters(title)
    if not wanted:
        return []
    left = [(block, text) for block, text in blocks if block.getparent() is not None]
    if len(left) < 2:
        return []
    for block, text in left[:3]:
        if letters(text) == wanted:
            drop(block)
            return [Removed(what=title[:QUOTED], why="title repeated in the body", evidence="equal to the title")]
    return []
