"""Pages that stand in the place of an article: bot checks, consent pages, logins, errors; and articles cut off at a paywall.

What such a page says is not the article, and the feed's own words are kept instead. Wording is asked for in several
languages and counts only on pages with little text, so that an article about paywalls or robots stays one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from broadsheet import urls
from broadsheet.articles.tree import Element, raw_text, text_of
from broadsheet.text import is_cjk, letters, words

Kind = Literal["bot check", "consent page", "login page", "error page", "front page", "script page", "paywall"]

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
_ERROR = re.compile(
    _SITE + r"(?:http )?(?:error )?(?:40[34]|410|451|50[0234])"
    r"(?: (?:error|not found|page|gone|forbidden|unavailable|service|bad|internal)\b|\s*[|:·–—-]|\s*$)|"
    r"(?:page|article|post|content|file|story|url) (?:is |was |could |can)?"
    r"(?:not (?:be )?found|no longer (?:available|exists)|unavailable|[’']t be found)|"
    r"not found\s*(?:[|·–—-]|$)|(?:site |website )?(?:is )?(?:under|down for) maintenance|"
    r"we[’']ll be (?:right )?back|seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)|página no encontrada|"
    r"(?:您访问的)?(?:页面|内容|文章|帖子|网页).{0,6}(?:不存在|找不到|已(?:被)?.{0,6}删除|没有找到|不见了)|"
    r"(?:找不到|未找到).{0,8}(?:页面|内容|网页)|系统维护|ページが(?:見つかり|存在し)ません|お探しのページ)",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"(?:page|article|content|url|address) (?:that )?you(?:[’']re| are| were|[’']ve)?\s?.{0,20}"
    r"(?:looking for|request|tr(?:ied|ying)).{0,40}"
    r"(?:could not|couldn|can[’']?t|cannot|not be|does not|doesn|no longer|isn|is not|has been|may have|might have|was not)|"
    r"(?:that |this )(?:page|post|article) can[’']t be found|nothing was found at this location|"
    r"domain (?:name )?(?:may be|is) for sale|(?:performing|undergoing|down for) .{0,20}maintenance|"
    r"(?:unavailable|access) .{0,12}(?:due to|for) legal reasons|access (?:therefore )?cannot be granted|"
    r"(?:内容|文章|页面|帖子|网页|网址).{0,8}(?:不存在|找不到|已?被?.{0,6}删除)|(?:此|该|本)(?:内容|文章|帖子).{0,12}(?:无法查看|已失效)",
    re.IGNORECASE,
)
_PARTNERS = re.compile(
    r"store and(?:/or)? access information on a device|mit werbung (?:und tracking )?(?:weiter)?lesen", re.IGNORECASE
)
_SCRIPTS = re.compile(
    r"(?:enable|activate|turn on|allow) (?:javascript|js|cookies)\b|javascript (?:is|seems to be|must be|has been) "
    r"(?:disabled|not available|not enabled|required|turned off|enabled)|requires? javascript|"
    r"verif(?:y|ying) (?:that )?you are (?:a )?human|review the security of your connection|"
    r"browser (?:is |version |you are using )*(?:not|no longer) supported|update your browser|"
    r"请(?:先|您)?(?:开启|启用|打开|允许).{0,8}(?:javascript|\bjs\b|脚本)|javascript\s?[をが].{0,8}[有無]効|"
    r"javascript (?:aktivieren|ist deaktiviert)|activer javascript",
    re.IGNORECASE,
)
_FRONT = frozenset(("", "/index.html", "/index.htm", "/index.php"))
"""Paths of a site's front page, without the slash at their end."""
_EXCUSE = 120
"""Words (CJK: characters, twice as many) that an excuse has at most; one for want of scripts has half of them."""
_CONSENT_HOST = re.compile(r"(?:^|\.)(?:consent|privacy|cmp|gdpr)[.-]")
_SUBSCRIBE = re.compile(
    r"(?:subscribe|subscription|sign (?:in|up)|log ?in|register|become a member|start your (?:free )?trial)\b.{0,80}"
    r"\b(?:to (?:continue|keep|read|unlock|access|view)|for (?:full|unlimited) access)|"
    r"\b(?:to (?:continue|keep) reading|to read the (?:full|rest|whole)|this (?:article|story|content|post) is (?:only )?"
    r"(?:for|available to|reserved for) (?:our )?(?:paying |paid )?(?:subscribers|members))|already a (?:subscriber|member)\?|"
    r"(?:订阅|登录|购买|付费|开通会员|成为会员|下载APP|打开APP)后?.{0,12}(?:阅读|查看|解锁)(?:全文|更多|剩余|完整)?|"
    r"(?:nur|exklusiv) für (?:unsere )?(?:\w+-?)?(?:abonnent|mitglieder)|(?:jetzt|mit .{2,20}) (?:weiterlesen|freischalten)|"
    r"il vous reste \d{1,3}\s?% de cet article|réservée?s? aux? abonné|para suscriptores|riservat[oa] agli abbonati|"
    r"残り\s*\d[\d,]*\s*文字|(?:有料)?会員(?:限定|登録)|"
    r"(?:剩余|还有)\s*\d{1,3}\s*%|(?:本文|此文)为?.{0,4}(?:付费|会员|订阅).{0,6}(?:内容|文章|专享)",
    re.IGNORECASE,
)
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("bot check", _BOT), ("consent page", _CONSENT), ("login page", _LOGIN), ("error page", _ERROR),
)  # fmt: skip


_SHOWN = etree.XPath(".//text()[not(ancestor::script or ancestor::style or ancestor::noscript or ancestor::template)]")
"""What scripts say would make a bot check a long page."""


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
    titles, titled = _titles(tree), is_titled(tree, title)
    if asked and _is_front(url) and not _is_front(asked) and _is_same_site(url, asked) and not titled:
        return Wall("front page", f"led to {url}")
    found = next(
        (Wall(kind, f"titled {title!r}") for title in titles if 0 < len(title) < _LINE
         for kind, pattern in _KINDS if pattern.search(title)),
        None,
    )  # fmt: skip
    if found is None or titled:
        return None
    sure = bool(title) and found.kind == "error page"  # with menus and all, errors are long on some sites
    return found if sure or _is_short(tree.find("body")) else None


def excuse(body: Element, titled: bool) -> Wall | None:
    """Return the wall that a page is whose text, cut down to ``body``, does nothing but say why the article is not there.

    A page that is ``titled`` as the article is can only want for scripts.
    """
    text = raw_text(body)
    length = words(text) / (2 if is_cjk(text) else 1)
    if length < _EXCUSE / 2 and (said := _SCRIPTS.search(text)):
        return Wall("script page", f"says {said[0][:_LINE]!r}")
    if titled or length >= _EXCUSE:
        return None
    kinds: tuple[tuple[Kind, re.Pattern[str]], ...] = (("error page", _GONE), ("consent page", _PARTNERS))
    found = ((kind, said[0]) for kind, pattern in kinds if (said := pattern.search(text)))
    return next((Wall(kind, f"says {said[:_LINE]!r}") for kind, said in found), None)


def is_titled(tree: Element, title: str) -> bool:
    """Return whether a page has the article's title."""
    named = letters(title)
    return bool(named) and any(named in letters(shown) for shown in _titles(tree))


def _titles(tree: Element) -> list[str]:
    return [text_of(element) for name in ("title", "h1") if (element := next(tree.iter(name), None)) is not None]


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path.rstrip("/").lower() in _FRONT and not parts.query and not parts.fragment


def _is_same_site(one: str, other: str) -> bool:
    return urls.host(one).removeprefix("www.") == urls.host(other).removeprefix("www.")


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
    text = "".join(_SHOWN(body))
    return len(text) < 40 * _SHORT and words(text) < _SHORT * (2 if is_cjk(text) else 1)
