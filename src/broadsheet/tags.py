"""How many attributes an element of HTML may come to have, before any parser sees it: they take quadratic time for these."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

BLANK = r" \t\n\r\f"
"""As HTML has it: what others call a blank belongs to a name there. Besides, a set of signs takes less than a class of them."""
ATTRIBUTE = (
    rf"""[^{BLANK}/>][^{BLANK}/>=]*+(?:[{BLANK}]*+=[{BLANK}]*+(?:"[^"]*+"|'[^']*+'|[^{BLANK}>"'][^{BLANK}>]*+))?+"""
)

_FEW = 64
_NEXT = rf"[{BLANK}/]*+{ATTRIBUTE}"
_NAME = rf"[a-zA-Z][^{BLANK}/>]*+"
_SHORT_NAME = rf"[a-zA-Z][^{BLANK}/>]{{0,{_FEW}}}+(?![^{BLANK}/>])"
_SHORT = (
    rf"""[{BLANK}/]*+[^{BLANK}/>][^{BLANK}/>=]{{0,{_FEW}}}+(?![^{BLANK}/>=])"""
    rf"""(?:[{BLANK}]*+=[{BLANK}]*+(?:"[^"]*+"|'[^']*+'|[^{BLANK}>"'][^{BLANK}>]{{0,{_FEW}}}+(?![^{BLANK}>])))?+"""
    rf"(?![{BLANK}]*+=)"
)
# What would be a start tag and does not end after a few attributes with short names; another one may begin inside. Names and
# values without quotes that many tags share to their end are looked through by none of them: that took quadratic time.
_MANY = rf"<(?=[a-zA-Z])(?!{_SHORT_NAME}(?:{_SHORT}){{0,{_FEW}}}+[{BLANK}/]*+(?:>|\Z))"
_MANY_IN = re.compile(_MANY.encode(), re.DOTALL)
_NAME_IN = re.compile(_NAME.encode(), re.DOTALL)
_NEXT_IN = re.compile(_NEXT.encode(), re.DOTALL)
_MAX_WORK = 20
"""How many times the length of markup may be looked through."""
# The same question without possessive quantifiers, so that a name that begins with "=" may count twice: RE2 answers it in a
# quarter of the time. Markup made to be hard for it takes up to 3 s a megabyte.
_ITEM = (
    rf"""[^{BLANK}/>][^{BLANK}/>=]*(?:[{BLANK}/]+|[{BLANK}]*=[{BLANK}]*"""
    rf"""(?:(?:"[^"]*"|'[^']*')[{BLANK}/]*|[^{BLANK}>"'][^{BLANK}>]*[{BLANK}][{BLANK}/]*))"""
)
_MAY_BE_MANY = rf"(?s)<[a-zA-Z][^{BLANK}/>]*[{BLANK}/]+(?:{_ITEM})"
_MAX_ASKED = 1_000_000


def most_attributes(markup: str | bytes, few: int = _FEW) -> int:
    """Return an upper bound of the attributes of one element, where there may be more than ``few`` (64 or more), else 0.

    Whatever looks like a start tag counts, inside comments, texts and values, too: what is one hangs on the parser. Where one
    of them comes to an attribute of another, the rest is theirs in common, and is counted once: in linear time. Where they
    share a name or a value instead, each has to be looked through; markup that takes too much of that may have any number.
    """
    data = markup.encode("utf-8", "surrogatepass") if isinstance(markup, str) else markup
    if len(data) <= _MAX_ASKED and not _may_be_more(few).search(data):
        return 0
    left: dict[int, int] = {}
    most, work = 0, _MAX_WORK * len(data)
    for start in _MANY_IN.finditer(data):
        named = _NAME_IN.match(data, start.end())
        assert named is not None
        places = [named.end()]
        while (place := places[-1]) not in left and (one := _NEXT_IN.match(data, place)):
            places.append(one.end())
        work -= places[-1] - start.end()
        if work < 0:
            return len(data)
        count = left.setdefault(places.pop(), 0)
        for place in reversed(places):
            count += 1
            left[place] = count
        most = max(most, count)
    return most


@lru_cache(maxsize=4)
def _may_be_more(few: int) -> Any:
    import re2

    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(f"{_MAY_BE_MANY}{{{few}}}".encode(), options)
