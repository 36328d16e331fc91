"""Pages that stand in the place of an article: bot checks, consent pages, logins; and articles cut off at a paywall.

What such a page says is not the article, and the feed's own words are kept instead. Wording is asked for in several
languages and counts only on pages with little text, so that an article about paywalls or robots stays one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from broadsheet import urls
from broadsheet.articles.tree import Element, raw_text, text_of
from broadsheet.text import is_cjk, letters, words

Kind = Literal["bot check", "consent page", "login page", "paywall"]

_SHORT = 250
"""Words (CJK: characters, twice as many) below which a page may be no more than its wall."""
_LINE = 120
"""Characters of a title or of what is quoted of a line, at most."""
_SITE = r"^(?:.{1,30}[|:·–—-]\s*|.{0,6}?)(?:"
"""A title's beginning: with the site's name before it, or a short word."""
_BOT = re.compile(
    _SITE
    + r"just a moment\b|attention required|access (?:to this page )?(?:has been )?denied|are you a (?:robot|human)|"
    r"checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|pardon our interruption|robot check|"
    r"security (?:check|verification)|ddos-guard|request unsuccessful|you have been blocked|unusual traffic|"
    r"安全验证|人机验证|访问验证|安全检查|身份验证|滑动验证|访问过于频繁|请求过于频繁)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    _SITE
    + r"before you continue\b|we (?:value|care about) your privacy|privacy (?:settings|preferences|cent(?:er|re))\b|"
    r"cookie (?:consent|settings|preferences)|manage (?:your )?consent|your (?:privacy|data),? your choice|"
    r"datenschutz-?einstellungen|einwilligung|隐私设置|同意并继续)",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    _SITE
    + r"(?:please )?(?:log|sign) ?in(?: to .{0,40}| or .{0,20})?$|anmelden$|用户登录|请(?:先)?登录|登录后查看|扫码登录)",
    re.IGNORECASE,
)
_CONSENT_HOST = re.compile(r"(?:^|\.)(?:consent|privacy|cmp|gdpr)[.-]")
_SUBSCRIBE = re.compile(
    r"(?:subscribe|subscription|sign (?:in|up)|log ?in|register|become a member|start your (?:free )?trial)\b.{0,80}"
    r"\b(?:to (?:continue|keep|read|unlock|access|view)|for (?:full|unlimited) access)|"
    r"\b(?:to (?:continue|keep) reading|to read the (?:full|rest|whole)|this (?:article|story|content|post) is (?:only )?"
    r"(?:for|available to|reserved for) (?:our )?(?:paying |paid )?(?:subscribers|members))|already a (?:subscriber|member)\?|"
    r"(?:订阅|登录|购买|付费|开通会员|成为会员|下载APP|打开APP)后?.{0,12}(?:阅读|查看|解锁)(?:全文|更多|剩余|完整)?|"
    r"(?:剩余|还有)\s*\d{1,3}\s*%|(?:本文|此文)为?.{0,4}(?:付费|会员|订阅).{0,6}(?:内容|文章|专享)",
    re.IGNORECASE,
)
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("bot check", _BOT), ("consent page", _CONSENT), ("login page", _LOGIN),
)  # fmt: skip


class Wall(NamedTuple):
    """What stands before the article, and how that was seen."""

    kind: Kind
    evidence: str


def instead(tree: Element, url: str, *, asked: str = "", title: str = "") -> Wall | None:
    """Return the wall that a page is instead of the article.

    ``url`` is the page's address, ``asked`` and ``title`` are the article's as the feed has them: a page that has the
    article's title is the article, whatever that speaks of.
    """
    host = urls.host(url)
    if asked and _CONSENT_HOST.search(host) and host != urls.host(asked):
        return Wall("consent page", f"led to {host}")
    titles = [text_of(element) for name in ("title", "h1") if (element := next(tree.iter(name), None)) is not None]
    found = next(
        (Wall(kind, f"titled {title!r}") for title in titles if 0 < len(title) < _LINE
         for kind, pattern in _KINDS if pattern.search(title)),
        None,
    )  # fmt: skip
    named = letters(title)
    if found is None or (named and any(named in letters(shown) for shown in titles)):
        return None
    return found if _is_short(tree.find("body")) else None


def behind(body: Element, near: Sequence[str], closed: str) -> Wall | None:
    """Return the paywall behind which an article goes on.

    ``body`` is what is left of it, ``near`` are the blocks at its end and behind it, ``closed`` is how the page itself
    says that it is not free.
    """
    said = next((block for block in near if len(block) < 4 * _LINE and is_offer(block)), "")
    evidence = f"says {said[:_LINE]!r}" if said else closed
    return Wall("paywall", evidence) if evidence and _is_short(body) else None


def is_offer(text: str) -> bool:
    """Return whether a block offers the rest of an article to those who subscribe."""
    return bool(_SUBSCRIBE.search(text))


def _is_short(body: Element) -> bool:
    text = raw_text(body)
    return len(text) < 40 * _SHORT and words(text) < _SHORT * (2 if is_cjk(text) else 1)
