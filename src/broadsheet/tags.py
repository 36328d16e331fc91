"""How many attributes an element of HTML may come to have, before any parser sees it: they take quadratic time for these."""

from __future__ import annotations

import re
from typing import AnyStr

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
_Patterns = tuple[re.Pattern[AnyStr], re.Pattern[AnyStr], re.Pattern[AnyStr]]
_IN_TEXT: _Patterns[str] = (
    re.compile(_MANY, re.DOTALL), re.compile(_NAME, re.DOTALL), re.compile(_NEXT, re.DOTALL)
)  # fmt: skip
_IN_BYTES: _Patterns[bytes] = (
    re.compile(_MANY.encode(), re.DOTALL), re.compile(_NAME.encode(), re.DOTALL), re.compile(_NEXT.encode(), re.DOTALL)
)  # fmt: skip
_MAX_WORK = 20
"""How many times the length of markup may be looked through."""


def most_attributes(markup: AnyStr) -> int:
    """Return an upper bound of the attributes of one element, where there may be more than a few, else 0.

    Whatever looks like a start tag counts, inside comments, texts and values, too: what is one hangs on the parser. Where one
    of them comes to an attribute of another, the rest is theirs in common, and is counted once: in linear time. Where they
    share a name or a value instead, each has to be looked through; markup that takes too much of that may have any number.
    """
    many, name, following = _IN_TEXT if isinstance(markup, str) else _IN_BYTES
    left: dict[int, int] = {}
    most, work = 0, _MAX_WORK * len(markup)
    for start in many.finditer(markup):
        named = name.match(markup, start.end())
        assert named is not None
        places = [named.end()]
        while (place := places[-1]) not in left and (one := following.match(markup, place)):
            places.append(one.end())
        work -= places[-1] - start.end()
        if work < 0:
            return len(markup)
        count = left.setdefault(places.pop(), 0)
        for place in reversed(places):
            count += 1
            left[place] = count
        most = max(most, count)
    return most
