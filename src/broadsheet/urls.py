"""Addresses: canonical form, trackers dropped, redirectors unwrapped, names for files. Nothing here raises.

Parsing is WHATWG URL parsing throughout (ada), so that we see an address as a browser does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import quote, unquote_plus

import ada_url

from broadsheet.limits import value

MAX_LENGTH = value("url_length")
"""Characters of an address. Longer ones are not addresses that anyone can fetch."""

_TRACKERS = frozenset(
    [
        "fbclid",
        "gclid",
        "gclsrc",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "yclid",
        "ysclid",
        "twclid",
        "ttclid",
        "igshid",
        "igsh",
        "li_fat_id",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "oly_anon_id",
        "oly_enc_id",
        "vero_id",
        "vero_conv",
        "wickedid",
        "_hsenc",
        "_hsmi",
        "__hssc",
        "__hstc",
        "__hsfp",
        "hsctatracking",
        "s_cid",
        "s_kwcid",
        "ef_id",
        "spm",
        "scm",
        "scm_id",
        "pvid",
        "_openstat",
        "_ga",
        "_gl",
        "_bta_tid",
        "_bta_c",
        "trk_contact",
        "trk_msg",
        "trk_module",
        "trk_sid",
        "rb_clickid",
        "at_medium",
        "at_campaign",
        "at_custom1",
        "at_custom2",
        "at_custom3",
        "at_custom4",
        "at_link_id",
        "at_link_origin",
        "at_link_type",
        "at_ptr_name",
        "at_bbc_team",
        "at_format",
        "xtor",
        "ns_mchannel",
        "ns_source",
        "ns_campaign",
        "ns_linkname",
        "ns_fee",
        "cmpid",
        "guccounter",
        "guce_referrer",
        "guce_referrer_sig",
        "__twitter_impression",
        "ocid",
        "srsltid",
        "erid",
        "wt_mc",
        "wt.mc_id",
        "piwik_campaign",
        "piwik_kwd",
        "ref_src",
        "ref_url",
        "feature_ext",
        "share_token",
        "share_source",
        "share_medium",
        "share_plat",
        "share_session_id",
        "share_tag",
        "share_times",
        "share_from",
        "vd_source",
        "from_spmid",
        "unique_k",
        "bbid",
        "is_story_h5",
        "buvid",
        "chksm",
        "mpshare",
        "nsukey",
        "pass_ticket",
        "isappinstalled",
        "weibo_id",
        "sudaref",
        "sourcetype",
        "utm",
    ]
)
_TRACKER_PREFIXES = (
    "utm_",
    "hsa_",
    "mtm_",
    "pk_",
    "matomo_",
    "ga_",
    "stm_",
    "vero_",
    "fb_action_",
    "fb_source",
    "fb_ref",
    "itm_",
    "_x_tr_",
)

# Redirectors whose target stands in the address: the last labels of the host, a path, and the parameters to try.
_REDIRECTORS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("google.", "/url", ("url", "q")),
    ("google.", "/imgres", ("imgrefurl",)),
    ("news.google.com", "/news/url", ("url",)),
    ("bing.com", "/news/apiclick.aspx", ("url",)),
    ("duckduckgo.com", "/l/", ("uddg",)),
    ("facebook.com", "/l.php", ("u",)),
    ("instagram.com", "/", ("u",)),
    ("youtube.com", "/redirect", ("q",)),
    ("reddit.com", "/", ("url",)),
    ("link.zhihu.com", "/", ("target",)),
    ("link.juejin.cn", "/", ("target",)),
    ("jianshu.com", "/go-wild", ("url",)),
    ("gitee.com", "/link", ("target",)),
    ("link.csdn.net", "/", ("target",)),
    ("c.pc.qq.com", "/", ("pfurl", "url")),
    ("mail.qq.com", "/cgi-bin/readtemplate", ("gourl",)),
    ("weibo.cn", "/sinaurl", ("u", "toasturl")),
    ("douban.com", "/link2/", ("url",)),
    ("steamcommunity.com", "/linkfilter/", ("url", "u")),
    ("vk.com", "/away.php", ("to",)),
    ("slack-redir.net", "/link", ("url",)),
    ("exit.sc", "/", ("url",)),
    ("medium.com", "/r/", ("url",)),
    ("tumblr.com", "/redirect", ("z",)),
    ("t.umblr.com", "/redirect", ("z",)),
    ("disq.us", "/url", ("url",)),
    ("skimresources.com", "/", ("url",)),
    ("viglink.com", "/", ("u",)),
    ("awin1.com", "/", ("ued", "p")),
    ("safelinks.protection.outlook.com", "/", ("url",)),
    ("rss.app", "/", ("url",)),
)
# Paths that redirectors of any host are called, with the parameters that hold the target.
_REDIRECT_PATH = re.compile(
    r"/(?:goto|gotolink|go|out|outlink|redirect|redir|redirector|link|jump|leave|exit|away|track|click)(?:\.\w{2,5})?/?$"
)
_REDIRECT_PARAMETERS = (
    "url",
    "target",
    "u",
    "to",
    "link",
    "dest",
    "destination",
    "redirect",
    "redirect_url",
    "r",
    "goto",
    "gourl",
)
_PROXY_PATH = re.compile(r"[/*](https?(?::|%3a)/{1,2}.{4,})$", re.IGNORECASE | re.DOTALL)
_DEPTH = 5
# Addresses that parsing leaves as they are, and so are most: a name in lower case that is no number, no port, no user, and
# nothing that has to be encoded. Whoever finds one still looks for dot segments.
_PLAIN = re.compile(
    r"https?://(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)++[a-z][a-z0-9]*+/[\w~/.,;:+=-]*+(?:\?[\w~/.,;:+=&-]*+)?+", re.ASCII
)

# What a fragment holds unencoded (WHATWG URL, fragment percent-encode set).
_IN_FRAGMENT = "".join(map(chr, range(0x21, 0x7F))).translate(dict.fromkeys(map(ord, '"<>`')))
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [low + high for high in _ALPHABET for low in _ALPHABET]
"""What 10 bits are written as."""
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_FEED_SCHEME = re.compile(r"^\s{0,32}feed:(?://)?(?=[a-zA-Z])(?!//)", re.IGNORECASE)


def _parse(url: str) -> Any:
    if not url or len(url) > MAX_LENGTH:
        return None
    try:
        return ada_url.URL(url)
    except (ValueError, UnicodeError, TypeError):
        return None


def is_plain(url: str) -> bool:
    """Return whether this is an http or https address that parsing would leave as it is; False may mean either."""
    return len(url) <= MAX_LENGTH and "/." not in url and _PLAIN.fullmatch(url) is not None


def resolve(base: str, url: str) -> str:
    """Return the absolute form of an address that stands in a document at ``base``, or ``""`` where there is none."""
    if len(url) > MAX_LENGTH or len(base) > MAX_LENGTH:
        return ""
    if url[:4] == "http" and is_plain(url):
        return url
    if url[:1] == "/" and url[1:2] != "/" and (origin := _origin(base)) and is_plain(origin + url):
        return origin + url
    if url[:1] == "#" and url.isprintable() and url[-1] != " " and _origin(base):
        return base + "#" + quote(url[1:], safe=_IN_FRAGMENT)
    try:
        return str(ada_url.join_url(base, url)) if base else str(ada_url.normalize_url(url))
    except (ValueError, UnicodeError, TypeError):
        return ""


@lru_cache(maxsize=256)
def _origin(base: str) -> str:
    """Return scheme and host of a plain address, nothing for another."""
    return "/".join(base.split("/", 3)[:3]) if is_plain(base) else ""


def host(url: str) -> str:
    """Return the host in lower case and its ASCII form, without port, or ``""``."""
    parsed = _parse(url)
    return str(parsed.hostname) if parsed is not None else ""


def host_and_port(url: str) -> str:
    """Return ``host:port`` of an http or https address, the port that its scheme has where it names none, or ``""``."""
    parsed = _parse(url)
    if parsed is None or parsed.protocol not in ("http:", "https:"):
        return ""
    return f"{str(parsed.hostname).strip('[]')}:{parsed.port or (443 if parsed.protocol == 'https:' else 80)}"


def is_http(url: str) -> bool:
    """Return whether this is an absolute address of scheme http or https with a host."""
    if is_plain(url):
        return True
    parsed = _parse(url)
    return parsed is not None and parsed.protocol in ("http:", "https:") and bool(parsed.hostname)


def web_only(url: str) -> str:
    """Return the address where it is of the web, else nothing: what is not (``javascript:``...) is never printed as a link."""
    return url if is_http(url) else ""


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@lru_cache(maxsize=4096)
def _registrable(name: str) -> str:
    if not name or name.startswith("[") or re.fullmatch(r"[\d.]+", name):
        return name
    found = _suffixes().privatesuffix(name.rstrip("."))
    return str(found) if found else name


def registrable_domain(url: str) -> str:
    """Return the domain that one registers: ``news.bbc.co.uk`` gives ``bbc.co.uk``. IP addresses come back whole."""
    return _registrable(host(url))


def without_userinfo(url: str) -> str:
    """Return the address without name and password; what cannot be parsed loses what stands before its ``@``."""
    if "@" not in url:
        return url
    parsed = _parse(url)
    if parsed is None:
        return re.sub(r"(//)[^/?#@]*@", r"\1", url)
    if parsed.username or parsed.password:
        parsed.username = ""
        parsed.password = ""
        return str(parsed.href)
    return url


def without_password(url: str) -> str:
    """Return the address of a server as it may be shown: ``***`` stands for the password."""
    return re.sub(r"(://[^/?#@:]*:|[?&](?:password|secret)=)[^/?#@&]+(?=@|&|$)", r"\1***", url)


def _is_tracker(name: str) -> bool:
    lowered = name.lower()
    return lowered in _TRACKERS or lowered.startswith(_TRACKER_PREFIXES)


def strip_trackers(url: str) -> tuple[str, tuple[str, ...]]:
    """Return the address without tracking parameters, and the names of those that were dropped.

    The order and spelling of what stays is untouched. Fragments that only track (``#xtor=``, ``#utm_``) go as well.
    """
    dropped: list[str] = []
    address, mark, fragment = url.partition("#")
    if fragment and _is_tracker(fragment.split("=")[0]) and "=" in fragment:
        dropped.append(fragment.split("=")[0])
        mark = fragment = ""
    path, question, query = address.partition("?")
    if question:
        kept = []
        for pair in query.split("&"):
            name = unquote_plus(pair.split("=")[0])
            if _is_tracker(name):
                dropped.append(name)
            else:
                kept.append(pair)
        query = "&".join(kept)
    if not dropped:
        return url, ()
    return path + ("?" + query if query else "") + mark + fragment, tuple(dropped)


def canonical(url: str) -> str:
    """Return the form by which two spellings of one address are equal; what is no http address comes back stripped.

    Host in lower case, default port, dot segments, user name, fragment and tracking parameters gone. Scheme, ``www.``,
    the order of parameters and a trailing slash stay: servers tell them apart.
    """
    return canonical_http(url) or url.strip()


def canonical_http(url: str) -> str:
    """Return the canonical form of an http or https address, or ``""`` for anything else."""
    href = url.strip()
    if not is_plain(href):
        parsed = _parse(href)
        if parsed is None or parsed.protocol not in ("http:", "https:"):
            return ""
        href = str(parsed.href)
        if "@" in href:
            parsed.username = ""
            parsed.password = ""
            href = str(parsed.href)
    address, mark, fragment = href.partition("#")
    if fragment.startswith("!"):  # addresses a page of a one-page site
        address += mark + fragment
    return strip_trackers(address)[0].rstrip("?") if "?" in address or mark in address else address


def unwrap(url: str) -> str:
    """Return the address that a redirector carries in its own address, unwrapped up to five times; others unchanged."""
    for _ in range(_DEPTH):
        inner = _inner(url)
        if not inner or inner == url:
            return url
        url = inner
    return url


def _inner(url: str) -> str:
    url = _FEED_SCHEME.sub("http://", url) if url[:5].lower() == "feed:" and "//http" not in url[:14].lower() else url
    parsed = _parse(url)
    if parsed is None or parsed.protocol not in ("http:", "https:"):
        return ""
    path = str(parsed.pathname)
    if str(parsed.search):
        name = str(parsed.hostname)
        for site, prefix, parameters in _REDIRECTORS:
            ours = (
                name == site or name.endswith("." + site) or (site.endswith(".") and ("." + name).find("." + site) >= 0)
            )
            if ours and path.lower().startswith(prefix) and (target := _parameter(str(parsed.search), parameters)):
                return target
        if _REDIRECT_PATH.search(path.lower()[-40:]):
            return _parameter(str(parsed.search), _REDIRECT_PARAMETERS)
    found = _PROXY_PATH.search(path) if "http" in path[1:].lower() else None
    if found and re.search(
        r"/(?:r|rss|link|redirect|track|click|go|out|\*|rd|l)/?\*?/?$", path[: found.start()].lower()[-24:]
    ):
        return _target(found[1] + str(parsed.search))
    return ""


def _parameter(query: str, names: tuple[str, ...]) -> str:
    values: dict[str, str] = {}
    for pair in query.lstrip("?").split("&")[:100]:
        name, _, value = pair.partition("=")
        values.setdefault(name.lower(), value)
    for name in names:
        if values.get(name) and (target := _target(unquote_plus(values[name]))):
            return target
    return ""


def _target(text: str) -> str:
    text = text.strip()
    for _ in range(2):
        if re.match(r"https?:(?://|%2f)", text, re.IGNORECASE):
            text = text if "//" in text[:9] else unquote_plus(text)
            return text if is_http(text) else ""
        if not re.match(r"https?(?:%3a|:/[^/])", text, re.IGNORECASE):
            return ""
        text = unquote_plus(text) if "%" in text[:9] else text.replace(":/", "://", 1)
    return ""


def short_id(data: str, length: int = 12) -> str:
    """Return ``length`` letters and digits (Crockford's base 32, lower case) of a digest: 5 bits each, 51 at most."""
    count = max(1, min(length, 51))
    raw = blake2b(data.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    number = int.from_bytes(raw[-((5 * count + 7) // 8) :], "big")  # small numbers are quicker to shift
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(0, 5 * count, 10)])[:count]


def slug(text: str, digest: str) -> str:
    """Return a file name: up to 60 ASCII letters, digits and hyphens of the text, and a short id of ``digest``."""
    return readable(text, short_id(digest))


def readable(text: str, name: str) -> str:
    """Return a file name with words of a text, up to 60 ASCII letters, digits and hyphens, before it.

    Scripts other than Latin leave nothing of the text, and the name stays as it is.
    """
    plain = unicodedata.normalize("NFKD", text[:400]).encode("ascii", "ignore").decode().lower()
    words = _NOT_SLUG.sub("-", plain).strip("-")
    if len(words) > 60:
        cut = words[:61].rpartition("-")[0]
        words = cut if len(cut) >= 30 else words[:60]
    words = words.strip("-")
    return f"{words}-{name}" if words else name
