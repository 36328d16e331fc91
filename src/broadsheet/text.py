"""Text as readers and machines need it: plain form, language, search tokens, excerpts, reading time.

All functions take any string, never raise, and take time linear in its length.
"""

from __future__ import annotations

import html
import re
import tempfile
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from typing import Any

from broadsheet.disk import naming

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA = "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HANGUL = "\uac00-\ud7af\u1100-\u11ff\u3130-\u318f"


def _later(pattern: str) -> Callable[[], re.Pattern[str]]:
    """Return what gives the pattern: to make one of so many characters takes milliseconds, and most runs need none."""
    return lru_cache(maxsize=1)(lambda: re.compile(pattern))


_CJK = _later(f"[{_HAN}{_KANA}{_HANGUL}]+")
_TOKEN = _later(f"[{_HAN}{_KANA}{_HANGUL}]+|[^\\W_{_HAN}{_KANA}{_HANGUL}]+")
_WORD = _later(f"[^\\W_{_HAN}{_KANA}{_HANGUL}]+")
_ANY_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_ONLY_WORDS = bytes(code if code >= 128 or chr(code).isalnum() else 32 for code in range(256))
"""Puts a blank in the place of each ASCII sign, in UTF-8: then splitting is six times as fast as finding."""
_ONLY_LETTERS = bytes(code if code >= 128 or chr(code).isalpha() else 32 for code in range(256))
CJK = [(ord(first), ord(last)) for first, last in re.findall("(.)-(.)", _HAN + _KANA + _HANGUL)]
"""First and last code point of each range of Han, kana and Hangul."""
_NO_LETTER = re.compile(r"[\W_]+")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]+")
# Control characters save tab, newline and return; soft hyphens; bidirectional overrides; non-characters; lone surrogates.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_ASCII_ODD = bytes(code for code in range(128) if not chr(code).isprintable())
_ASCII_CONTROLS = {code: None for code in range(128) if _CONTROL.match(chr(code))}
_ASCII_HARMLESS = bytes(code for code in range(128) if code not in _ASCII_CONTROLS)
_NO_WORD = bytes(code for code in range(128) if not chr(code).isalnum())
_NO_ASCII_LETTER = bytes(code for code in range(256) if not (chr(code).isascii() and chr(code).isalpha()))
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,15}(?:\s[^<>]{0,2000})?/?>")
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})(?=[\s/>])")
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
# Numbers that no character has; int() refuses those of more than 4,300 digits.
_HUGE_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
_MAX_MARKS = 30
"""Combining marks in a row, as in the stream-safe text format (UAX #15, section 13): sorting more takes quadratic time."""
# Inline elements that writers of feeds put into titles. Other angle brackets are the title's own text.
_INLINE = frozenset(
    (
        "a abbr b bdi big br cite code del em font i img ins kbd mark q s small span strike strong sub sup tt u wbr"
    ).split()
)

# Characters that only one of the two Chinese orthographies writes, of the few hundred most frequent.
_HANS = (
    "这们来个时为说对会国学发进过还着经动种关开点无现样问电机业车东见书长门话马头爱边气让给从应当场员实际总体经济报达"
)
_HANT = (
    "這們來個時為說對會國學發進過還著經動種關開點無現樣問電機業車東見書長門話馬頭愛邊氣讓給從應當場員實際總體經濟報達"
)
_ONLY_HANS = re.compile(f"[{''.join(sorted(set(_HANS) - set(_HANT)))}]")
_ONLY_HANT = re.compile(f"[{''.join(sorted(set(_HANT) - set(_HANS)))}]")


def clean(text: str) -> str:
    """Return the text without control characters and direction overrides, in Unicode's composed form (NFC).

    Soft hyphens go, too: where a word may be broken is a matter of its markup, and with them nobody finds it.
    Of more than 30 combining marks in a row the first 30 stay.
    """
    if _is_printable_ascii(text):
        return text
    return _cleaned(text) if len(text) > _LONG else _remembered(text)


def _is_printable_ascii(text: str) -> bool:
    if not text.isascii():
        return False
    # Bytes are looked through in half the time that characters take, once that pays for making them.
    return text.isprintable() if len(text) < 100 else len(text.encode().translate(None, _ASCII_ODD)) == len(text)


def _cleaned(text: str) -> str:
    if text.isascii():
        return text.translate(_ASCII_CONTROLS)  # five times as fast as the pattern
    odd = _beyond_ascii(text)
    kept = _CONTROL.sub("", text) if _CONTROL.search(odd) else text
    few = _few_marks(kept) if _MAY_HOLD_MARKS.search(odd) else kept
    composed = unicodedata.normalize("NFC", few)
    return composed if composed == few else _few_marks(composed)


def _beyond_ascii(text: str) -> str:
    """Return what a text has besides ASCII's printable characters and blanks, where that is little; else all of it.

    In most languages that is a hundredth of a text, and a pattern is looked for in it in a tenth of the time.
    """
    data = text.encode("utf-8", "surrogatepass")
    if 2 * len(data) > 3 * len(text):
        return text
    return data.translate(None, _ASCII_HARMLESS).decode("utf-8", "surrogatepass")


def _letters_of(text: str) -> int:
    """Return how many letters a text has."""
    ascii_letters = len(text.encode("utf-8", "surrogatepass").translate(None, _NO_ASCII_LETTER))
    return ascii_letters + sum(character.isalpha() for character in _beyond_ascii(text) if character > "\x7f")


# Each block of a page is asked for its text by several who judge it.
_LONG = 4_000
_remembered = lru_cache(maxsize=2048)(_cleaned)


def _few_marks(text: str) -> str:
    return _marks().sub(r"\1", text) if _MAY_HOLD_MARKS.search(text) else text


# Seven ranges are looked through five times as fast as the hundreds that the marks are.
_MAY_HOLD_MARKS = re.compile(
    "[\u0300-\u1fff\u20d0-\u20ff\u2cef-\u2dff\u302a-\u302f\u3099\u309a\ua66f-\uabff\ufb1e-\ufe2f\U00010100-\U0001ffff]"
)


@lru_cache(maxsize=1)
def _marks() -> re.Pattern[str]:
    """Return the pattern of a run of combining marks that is too long; all marks lie below U+1F000."""
    marks = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code)))
    return re.compile(f"([{marks}]{{{_MAX_MARKS}}})[{marks}]+")


def collapse(text: str) -> str:
    """Return cleaned text on one line, each run of white space as one blank."""
    if _is_printable_ascii(text):
        # All its white space is blanks; to look for two in a row takes a tenth of the time that splitting takes.
        line = text.strip()
        return " ".join(line.split()) if "  " in line else line
    cleaned = clean(text)
    if cleaned.isprintable():
        line = cleaned.strip()
        return " ".join(line.split()) if "  " in line else line
    if not cleaned.isascii() and ("\u200b" in cleaned or "\u2060" in cleaned or "\ufeff" in cleaned):
        cleaned = _INVISIBLE.sub(" ", cleaned)
    # Several times as fast as a regular expression that replaces every blank of a long text.
    return " ".join(cleaned.split())


def plain_title(markup: str, media_type: str = "") -> str:
    """Return a feed's title as plain text on one line.

    Feeds mark up, escape and escape twice without saying so. Tags of inline elements that are closed (or void) go,
    entities are decoded at most twice, and any other ``<`` stays as the text that it is.
    """
    if "&" not in markup and "<" not in markup:
        return collapse(markup)
    text = markup
    for _ in range(2):
        if media_type != "text/plain" or _ENTITY.search(text):
            text = _strip_inline(text)
        if not _ENTITY.search(text):
            break
        text = _unescape(text)
    return collapse(text)


def _unescape(text: str) -> str:
    if "&" not in text:
        return text
    return html.unescape(_HUGE_NUMBER.sub("\ufffd", text))


def _strip_inline(text: str) -> str:
    if "<" not in text:
        return text
    # Which elements are closed and opened anywhere, in one pass.
    found = {(match[1], match[2].lower()) for match in _TAG_NAME.finditer(text)}

    def keep(match: re.Match[str]) -> str:
        name = re.sub(r"[^a-z0-9]", "", match[0].split()[0].lower())
        void = name in {"br", "img", "wbr"}
        whole = void or {("", name), ("/", name)} <= found
        if name in _INLINE and whole:
            return " " if void else ""
        return match[0]

    return _TAG.sub(keep, _without(text, "<!--", "-->"))


def is_cjk(text: str) -> bool:
    """Return whether Han, kana or Hangul make up a good part of the letters."""
    sample = text[:4000]
    return sum(map(len, _CJK().findall(_beyond_ascii(sample)))) * 4 > (_letters_of(sample) or 1)


def language(text: str, hint: str = "") -> str:
    """Return the BCP 47 language of the text, or the hint where the text is too short to tell.

    Scripts decide first (kana: ``ja``, Hangul: ``ko``, Han: ``zh`` or ``zh-Hant``); Latin, Cyrillic and other
    letters go to py3langid where there are enough of them.
    """
    sample = text[:4000]
    kana = hangul = han = 0
    if _CJK().search(odd := _beyond_ascii(sample)):
        kana, hangul, han = (len(re.findall(f"[{script}]", odd)) for script in (_KANA, _HANGUL, _HAN))
    letters = _letters_of(sample)
    base = hint.split("-")[0].lower()
    if not letters:
        return hint
    if hangul * 4 > letters:
        return "ko"
    if kana * 8 > kana + han and (kana + han) * 3 > letters:
        return "ja"
    if han * 4 > letters:
        return _chinese(sample, hint)
    if letters - han - kana < 60:
        return hint if base not in {"zh", "ja", "ko"} else "en"
    guess = _identify(sample)
    return hint if base == guess else guess


def _chinese(sample: str, hint: str) -> str:
    traditional, simplified = len(_ONLY_HANT.findall(sample)), len(_ONLY_HANS.findall(sample))
    if traditional > simplified:
        return "zh-Hant"
    if traditional == simplified and hint.lower() in {"zh-tw", "zh-hk", "zh-mo", "zh-hant"}:
        return "zh-Hant"
    return "zh"


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    with naming(tempfile.gettempdir()):  # where it unpacks 65 MB for a moment
        return LanguageIdentifier.from_model_file(MODEL_FILE)


_IDENTIFIED = 1_000
"""Characters that are enough for the identifier, which goes through them one by one."""
# The identifier costs 0.5 s and 100 MB once; the two most frequent languages are told by their function words.
_ENGLISH = "the of and to in that is was for it with as on be at by this had are but from or have an they which"
_GERMAN = (
    "der die das und den von mit sich des auf für ist im dem nicht ein eine auch werden aus er hat dass sie nach wird bei "
    "einer um am sind noch wie einem über einen zum war haben oder aber zur"
)
_FUNCTION_WORDS = {"en": frozenset(_ENGLISH.encode().split()), "de": frozenset(_GERMAN.encode().split())}


def _identify(sample: str) -> str:
    pieces = sample.lower().encode("utf-8", "surrogatepass").translate(_ONLY_LETTERS).split()
    found = list(filter(bytes.isascii, pieces))
    if len(found) < len(pieces):
        others = b" ".join(piece for piece in pieces if not piece.isascii()).decode("utf-8", "surrogatepass")
        found += (word.encode("utf-8", "surrogatepass") for word in _LETTERS.findall(others))
    for language, listed in _FUNCTION_WORDS.items():
        if sum(map(listed.__contains__, found)) * 5 > len(found):
            return language
    return str(_identifier().classify(sample[:_IDENTIFIED])[0])


def searchable(text: str) -> str:
    """Return the text in the form in which it is searched: full and half width alike (NFKC), in lower case."""
    return unicodedata.normalize("NFKC", _few_marks(text)).lower()


def letters(text: str) -> str:
    """Return the letters and digits of a text, small: what two wordings are compared by."""
    if text.isascii():
        return text.encode().translate(None, _NO_WORD).lower().decode()
    return _NO_LETTER.sub("", text).lower()


def plain_words(text: str) -> list[str]:
    """Return the words of a text in its searchable form that are not Han, kana or Hangul."""
    return _WORD().findall(text)


def tokens(text: str) -> list[str]:
    """Return search tokens: bigrams of Han, kana and Hangul runs (a lone character stays), other words in lower case.

    Full and half width forms are folded (NFKC). The same tokens serve the store's index and the site's.
    """
    found: list[str] = []
    is_cjk = _CJK().match
    for run in _TOKEN().findall(searchable(text)):
        if not is_cjk(run) or len(run) == 1:
            found.append(run)
        else:
            found += [run[index : index + 2] for index in range(len(run) - 1)]
    return found


def is_open(token: str) -> bool:
    """Return whether a query's token is the beginning of those it finds: a CJK character that stands alone."""
    return len(token) == 1 and not token.isascii()


def words(text: str) -> int:
    """Return the number of words; a Han, kana or Hangul character counts as one."""
    pieces = text.encode("utf-8", "surrogatepass").translate(_ONLY_WORDS).split()
    others = [piece for piece in pieces if not piece.isascii()]
    if not others:
        return len(pieces)
    left = b" ".join(others).decode("utf-8", "surrogatepass")
    characters = _CJK().findall(left)
    found = _ANY_WORD.findall(_CJK().sub(" ", left) if characters else left)
    return len(pieces) - len(others) + sum(map(len, characters)) + len(found)


def reading_minutes(text: str) -> int:
    """Return the minutes that reading takes, at least 1: 400 characters of CJK or 230 other words a minute."""
    runs, is_cjk = _TOKEN().findall(text), _CJK().match
    cjk = [len(run) for run in runs if is_cjk(run)]
    return max(1, round(sum(cjk) / 400 + (len(runs) - len(cjk)) / 230))


_SENTENCE_END = re.compile(r"[。！？!?…][”’」』）)]*|\.[\"”’)]*(?=\s|$)")


_ABBREVIATED = re.compile(
    r"(?<!\w)(?:[^\W\d_]|\d{1,2}|Dr|Mr|Mrs|Ms|Mme|St|Ste|Mt|Prof|Gen|Sen|Rep|Gov|Lt|Sgt|Capt|Jr|Sr|Rev|Hon|Inc|Ltd|Corp|Co|Bros|"
    r"No|Nos|Nr|vs|cf|ca|approx|Fig|Vol|Art|Abs|bzw|evtl|usw|Jan|Feb|Aug|Sept|Oct|Nov|Dec)\.$"
)
"""Words and ordinal numbers whose full stop ends no sentence as often as it does."""
_NEEDLESS = re.compile(r" (?:(?<=[。！？；）」』] )|(?<=[。！？][”’] ))(?=[\u3000-\u9fff\uff00-\uffef“‘])")
"""A blank between paragraphs, where the script has none between sentences. It comes first, as one sign is found fast."""


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def excerpt(text: str, *, width: int = 200) -> str:
    """Return the beginning of the text, about ``width`` columns (a CJK character takes two), to a sentence's end.

    Where no sentence ends in the second half of the room, the text is cut at a blank and an ellipsis added.
    """
    flat = _NEEDLESS.sub("", collapse(text))
    ends_at = list(accumulate(map(_columns, flat[: width + 1])))
    head = flat[: bisect_right(ends_at, width)]
    if len(head) == len(flat):
        return flat
    # One character more tells a full stop from a decimal point.
    ends = [match.end() for match in _SENTENCE_END.finditer(flat[: len(head) + 1]) if match.end() <= len(head)]
    ends = [end for end in ends if not _ABBREVIATED.search(head, max(0, end - 12), end)]
    if ends and ends[-1] * 2 >= len(head):
        return head[: ends[-1]]
    blank = head.rfind(" ")
    return (head[:blank] if blank * 2 > len(head) else head).rstrip(" ,;:，；：、") + "…"


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a function that tells whether a pattern matches anywhere in a text, in time linear in its length (RE2).

    Raises ``ValueError`` with the reason for what RE2 refuses: look-around, back-references, possessive repeats.
    """
    import re2

    options = re2.Options()
    options.log_errors = False  # it would write to stderr
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise ValueError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from None
    except UnicodeEncodeError:
        raise ValueError("it holds half of a character") from None

    def matches(text: str) -> bool:
        return compiled.search(_CONTROL.sub("", text)) is not None

    return matches


def css_parts(selector: str) -> tuple[str, str]:
    """Return the CSS of a selector and the attribute that it ends in: ``time@datetime``. No CSS where it is XPath.

    XPath starts with ``/``, ``./`` or ``.//``.
    """
    text = selector.strip()
    if text.startswith(("/", "./")):
        return "", ""
    attribute = re.search(r"@([A-Za-z][\w:\-]*)$", text)
    return (text[: attribute.start()].strip(), attribute[1].lower()) if attribute else (text, "")


def selector_fault(selector: str) -> str:
    """Return why this is neither CSS nor XPath, or nothing where it is one of them."""
    from cssselect import HTMLTranslator, SelectorError
    from lxml import etree

    css, _ = css_parts(selector)
    try:
        etree.XPath(HTMLTranslator().css_to_xpath(css) if css else selector.strip() or "?")
    except (SelectorError, etree.XPathError, ValueError, RecursionError) as error:
        return str(error) or type(error).__name__
    return ""


def digest(*parts: str | bytes, size: int = 16) -> str:
    """Return the hexadecimal BLAKE2b digest of the parts, each with its length, ``size`` bytes long."""
    state = blake2b(digest_size=size)
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        state.update(len(raw).to_bytes(8, "little"))
        state.update(raw)
    return state.hexdigest()


_RAW_TEXT = ("script", "style", "template", "noscript")
_ANY_TAG = re.compile(r"<[^<>]*>")
_NOT_SEEN = re.compile(rf"<(?:!--|{'|'.join(_RAW_TEXT)})", re.IGNORECASE)


def visible_text(markup: str) -> str:
    """Return roughly what a reader sees of markup, on one line, for comparing and counting.

    Comments, scripts and styles go; tags become blanks. Linear in the length whatever the markup.
    """
    if "<" not in markup:
        return collapse(_unescape(markup))
    text = markup
    if _NOT_SEEN.search(text):
        text = _without(text, "<!--", "-->")
        lowered = text.lower()
        for name in _RAW_TEXT:
            if f"<{name}" in lowered:
                text = _without(text, f"<{name}", f"</{name}>")
    return collapse(_unescape(_ANY_TAG.sub(" ", text)))


def _without(text: str, start: str, end: str) -> str:
    """Return the text without what lies between the marks; an opening mark that is never closed stays."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters change their length; such text is compared as it stands
        lowered = text
    kept, position = [], 0
    while (begin := lowered.find(start, position)) >= 0:
        finish = lowered.find(end, begin + len(start))
        if finish < 0:
            break
        kept.append(text[position:begin])
        position = finish + len(end)
    return "".join(kept) + text[position:]
