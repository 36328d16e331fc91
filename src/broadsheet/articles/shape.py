"""What a subscription makes of its articles: Chinese in the other orthography, a brief text in place of the whole. Pure."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any

import msgspec

from broadsheet.model import Article
from broadsheet.text import collapse, digest, excerpt, language

_TAG = re.compile(r"<[^<>]*>")
_EXCERPT = 240


def shape(article: Article, *, opencc: str = "", brief: int = 0) -> Article:
    """Return the article in the orthography that ``opencc`` names, its text cut to ``brief`` characters; 0 keeps it whole.

    Articles in other languages than Chinese keep their orthography: most Japanese characters are Chinese ones too.
    """
    shaped = article
    if opencc and article.language.partition("-")[0] == "zh":
        shaped = _converted(shaped, opencc)
    if brief:
        shaped = _brief(shaped, brief)
    if shaped is article:
        return article
    return msgspec.structs.replace(shaped, digest=digest(shaped.title, shaped.text))


def _converted(article: Article, opencc: str) -> Article:
    convert = _converter(opencc).convert
    title, text = convert(article.title), convert(article.text)
    hint = "zh" if opencc.partition("2")[2].startswith("s") else "zh-Hant"
    return msgspec.structs.replace(
        article, title=title, text=text, excerpt=convert(article.excerpt),
        html=convert_markup(article.html, opencc), language=language(f"{title}\n{text}", hint),
        provenance=article.provenance | {"orthography": f"opencc {opencc}"},
    )  # fmt: skip


def convert_markup(markup: str, opencc: str) -> str:
    """Return markup with its text converted; tags, and so addresses, stay as they are."""
    convert = _converter(opencc).convert
    parts, end = [], 0
    for tag in _TAG.finditer(markup):
        if tag.start() > end:
            parts.append(convert(markup[end : tag.start()]))
        parts.append(tag[0])
        end = tag.end()
    return "".join((*parts, convert(markup[end:]) if end < len(markup) else ""))


def _brief(article: Article, length: int) -> Article:
    text = collapse(article.text)
    if len(text) > length:
        text = text[:length].rstrip() + "…"
    return msgspec.structs.replace(
        article, text=text, html=f"<p>{html.escape(text, quote=False)}</p>" if text else "", images=(),
        excerpt=excerpt(text, width=_EXCERPT), provenance=article.provenance | {"brief": f"{length} characters"},
    )  # fmt: skip


@lru_cache(maxsize=16)
def _converter(name: str) -> Any:
    import opencc

    return opencc.OpenCC(name)
