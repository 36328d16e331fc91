"""Which bytes are which characters: byte order mark, headers, declaration, and what the bytes themselves say.

UTF-8 that decodes strictly is UTF-8, whatever labels say: text in another encoding that happens to be valid UTF-8 is
rarer than wrong labels by orders of magnitude. Labels are those of the WHATWG Encoding Standard and map to what
browsers decode (``gb2312`` is GB 18030, ``iso-8859-1`` is windows-1252). Python's other codecs are never looked up:
some of them decompress, unescape or rotate.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import NamedTuple

_DECLARED = re.compile(rb"""^\s{0,256}<\?xml[^>]{0,256}?encoding\s{0,16}=\s{0,16}["']?([A-Za-z0-9._:\-]{1,40})""")
_CHARSET = re.compile(r"""charset\s{0,16}=\s{0,16}["']?([A-Za-z0-9._:\-]{1,40})""", re.IGNORECASE)

# Python codec -> labels of the WHATWG standard (and a few that feeds use for the same).
_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "utf-16": "utf-16 utf16 unicode ucs-2 iso-10646-ucs-2 csunicode unicodefeff u16",
    "utf-16-le": "utf-16le utf16le",
    "utf-16-be": "utf-16be utf16be unicodefffe",
    "utf-32": "utf-32 utf32 ucs-4 iso-10646-ucs-4 csucs4 u32",
    "utf-32-le": "utf-32le utf32le",
    "utf-32-be": "utf-32be utf32be",
    "gb18030": "gb18030 gbk gb2312 gb_2312 gb_2312-80 chinese csgb2312 csiso58gb231280 iso-ir-58 x-gbk cp936 ms936 936"
    " euc-cn euccn gb2312-80 hz-gb-2312",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5 big5hkscs cp950 ms950",
    "euc_jp": "euc-jp eucjp cseucpkdfmtjapanese x-euc-jp ujis",
    "cp932": "shift_jis shift-jis sjis x-sjis ms932 ms_kanji windows-31j csshiftjis cp932 s-jis",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp949": "euc-kr euckr cseuckr ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean windows-949 cp949 uhc"
    " iso-ir-149 csksc56011987",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 latin1 latin-1 l1"
    " ascii us-ascii ansi_x3.4-1968 cp819 ibm819 csisolatin1 iso-ir-100",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251 cp-1251",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 latin5 l5 iso_8859-9 csisolatin5",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp874": "windows-874 tis-620 iso-8859-11 iso8859-11 dos-874 cp874",
    "cp866": "ibm866 cp866 866 csibm866",
    "iso8859_2": "iso-8859-2 iso8859-2 latin2 l2 iso_8859-2 csisolatin2",
    "iso8859_3": "iso-8859-3 iso8859-3 latin3 l3",
    "iso8859_4": "iso-8859-4 iso8859-4 latin4 l4",
    "iso8859_5": "iso-8859-5 iso8859-5 cyrillic csisolatincyrillic",
    "iso8859_6": "iso-8859-6 iso8859-6 arabic ecma-114 asmo-708 csisolatinarabic",
    "iso8859_7": "iso-8859-7 iso8859-7 greek greek8 ecma-118 elot_928 csisolatingreek",
    "iso8859_8": "iso-8859-8 iso8859-8 iso-8859-8-i hebrew logical visual csisolatinhebrew",
    "iso8859_10": "iso-8859-10 iso8859-10 latin6 l6",
    "iso8859_13": "iso-8859-13 iso8859-13",
    "iso8859_14": "iso-8859-14 iso8859-14",
    "iso8859_15": "iso-8859-15 iso8859-15 latin9 latin-9 l9 csisolatin9",
    "iso8859_16": "iso-8859-16",
    "koi8_r": "koi8-r koi8 koi koi8_r cskoi8r",
    "koi8_u": "koi8-u koi8-ru",
    "mac_roman": "macintosh mac x-mac-roman csmacintosh",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp037": "cp037 ibm037 ebcdic-cp-us",
}
_CODEC = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}

_MARKS = (
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32be"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16be"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16le"),
)
# ``<`` or ``<?`` in encodings that ASCII cannot be read in (XML 1.0, appendix F); the last is EBCDIC's ``<?xm``.
_SHAPES = (
    (b"\x00\x00\x00<", "utf-32-be", "utf-32be"),
    (b"<\x00\x00\x00", "utf-32-le", "utf-32le"),
    (b"\x00<\x00", "utf-16-be", "utf-16be"),
    (b"<\x00", "utf-16-le", "utf-16le"),
    (b"\x4c\x6f\xa7\x94", "cp037", "cp037"),
)


class Decoded(NamedTuple):
    """A document as UTF-8 bytes without byte order mark; ``strict`` where every byte meant something."""

    data: bytes
    encoding: str
    problems: tuple[str, ...] = ()


def codec_for(label: str) -> str:
    """Return Python's codec for a label that the web uses, or ``""``."""
    return _CODEC.get(label.strip().lower(), "")


def charset_of(content_type: str | None) -> str:
    """Return the charset parameter of a Content-Type, or ``""``."""
    found = _CHARSET.search(content_type or "")
    return found[1] if found else ""


def to_utf8(data: bytes, content_type: str | None = None) -> Decoded:
    """Return the document in UTF-8, the name of the encoding it was in, and what was wrong with its labels."""
    if data[:3] == codecs.BOM_UTF8:
        return _as_utf8(data[3:], "utf-8", ())
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], codec, name, ())
    for shape, codec, name in _SHAPES:
        if data.startswith(shape):
            return _decode(data, codec, name, ())
    return _by_label(data, content_type)


def _by_label(data: bytes, content_type: str | None) -> Decoded:
    found = _DECLARED.match(data)
    labels = [label for label in (charset_of(content_type), found[1].decode("ascii") if found else "") if label]
    # Eight-bit documents cannot be UTF-16 or EBCDIC; UTF-7 and other codecs that are not the web's are not read.
    known = [
        ("gb18030" if label.lower() == "gb2312" else label.lower(), codec)
        for label in labels
        if (codec := codec_for(label)) and codec[:6] not in {"utf-16", "utf-32", "cp037"}
    ]
    unknown = tuple(f"encoding: the label {label} is not one of the web's" for label in labels if not codec_for(label))
    if not known or known[0][1] == "utf-8":
        return _as_utf8(data, "utf-8", unknown, known[1:])
    label, codec = known[0]
    if codec == "iso2022_jp":
        return _decode(data, codec, label, unknown)
    if data.isascii():
        return Decoded(data, label, unknown)
    if _is_utf8(data):
        return Decoded(data, "utf-8", (*unknown, f"encoding: labelled {label}, is utf-8"))
    for label, codec in known:
        if codec != "utf-8" and (text := _strictly(data, codec)) is not None:
            return Decoded(text.encode(), label, unknown)
    return _decode(data, codec, label, unknown)


def _as_utf8(data: bytes, name: str, problems: tuple[str, ...], others: list[tuple[str, str]] = []) -> Decoded:  # noqa: B006
    if _is_utf8(data):
        return Decoded(data, name, problems)
    for label, codec in others:
        if codec != "utf-8" and (text := _strictly(data, codec)) is not None:
            return Decoded(text.encode(), label, (*problems, f"encoding: labelled utf-8, is {label}"))
    codec, label = guess(data)
    if codec == "utf-8":
        return _decode(data, codec, name, problems)
    return _decode(data, codec, label, (*problems, f"encoding: no right label, read as {label}"))


def _decode(data: bytes, codec: str, name: str, problems: tuple[str, ...]) -> Decoded:
    text = data.decode(codec, "replace")
    if "\ufffd" in text and _strictly(data, codec) is None:
        problems = (*problems, f"encoding: bytes that are not {name}")
    return Decoded(text.encode("utf-8", "replace"), name, problems)


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_utf8(data: bytes) -> bool:
    """Return whether every byte has a meaning in UTF-8. Piece by piece: the text of a whole page is not kept in memory."""
    start = 0
    while start < len(data):
        piece = data[start : start + _PIECE]
        if piece.isascii():
            start += len(piece)
            continue
        try:
            start += codecs.utf_8_decode(piece, "strict", start + _PIECE >= len(data))[1]
        except UnicodeDecodeError:
            return False
    return True


_PIECE = 4_096
# Two-byte sequences of the characters that each encoding has first: first-level hanzi, kana, hangul.
_COMMON = (
    ("gb18030", "gb18030", re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|\xa3[\xa1-\xfe]|\xa1[\xa1-\xbf]")),
    ("big5hkscs", "big5", re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x40-\x7e\xa1-\xbf]")),
    (
        "cp932",
        "shift_jis",
        re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]|\x81[\x40-\x9f]|[\x88-\x97][\x40-\x7e\x80-\xfc]"),
    ),
    ("euc_jp", "euc-jp", re.compile(rb"[\xa4\xa5][\xa1-\xf6]|[\xb0-\xcf][\xa1-\xfe]|\xa1[\xa1-\xbf]")),
    ("cp949", "euc-kr", re.compile(rb"[\xb0-\xc8][\xa1-\xfe]")),
)
_KANA = re.compile(rb"[\xa4\xa5][\xa1-\xf6]")
# Characters that make up half of any text. Two encodings that both have a meaning for some bytes differ in which
# characters these are: by chance one in ten is frequent. Those of all who write with hanzi come first.
_HANZI = (
    "的一是不了在人有我他中上大和地到以就出可也你生能而子那得下自之年后作用道行所然家种事成方多去法如都同面起看定天分好小部其些主理心"
    "本前但因只想日者意力它十民第公此已工使情明性知全三又外高由很最重手向文政美相被利什二等或新制身果加西月合回特代信化表世位次度任常"
    "先海通教原提立及比解水名走各入口平活更打女四安少反受目太量再感建做接必件管期市直命山金指保至形社便治展科司五基非光放思路南品住告"
    "求程北交取望共清今切院"
)
_SIMPLIFIED = (
    "这个们来为国说时会对着过发经学现当没动还进样开从实军无长关点业将两间问应战头见产话内给门东声员论处义认条题别变总电报结务场计资统区"
    "队决书则达强难权设记类边规术领传师观让识带导争运里么把与并物系气几真数"
)
_TRADITIONAL = (
    "這個們來為國說時會對著過發經學現當沒動還進樣開從實軍無長關點業將兩間問應戰頭見產話內給門東聲員論處義認條題別變總電報結務場計資統區"
    "隊決書則達強難權設記類邊規術領傳師觀讓識帶導爭運裡麼把與並物係氣幾真數於後種體製機據確萬"
)
_JAPANESE = (
    "来国会時個説対発経学現当動進開実軍無長機関点業間問応戦体見産製話門東声員論処義認気題別変総電数報結場計資統決書達強権設記類辺規術領"
    "確伝観争運物内務後京府県済首議選挙株価震台風警察委針調査始画算案党閣米韓優勝試監督球育医療患染型策影響技研究企販売格昇落円六七八九百千"
)
_HANGUL = (
    "이다는의에을를가고은한하지로기사도대인자시리서일정해으전제아장과스수그나부들어공원보관상국선성개년있동조라위중경주소구여비만거세방면유안문"
    "계회미물실연했발용적요당신학오트재마단모진와행명월생체드분반음화우통간무게될것때더내날출금호니습합까"
)
_SYLLABLES = "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FD))))
_FREQUENT = {
    ("gb18030", "gb18030"): frozenset(_HANZI + _SIMPLIFIED),
    ("big5hkscs", "big5"): frozenset(_HANZI + _TRADITIONAL),
    ("cp932", "shift_jis"): frozenset(_HANZI + _JAPANESE + _SYLLABLES),
    ("euc_jp", "euc-jp"): frozenset(_HANZI + _JAPANESE + _SYLLABLES),
    ("cp949", "euc-kr"): frozenset(_HANGUL),
}
_HIGH = re.compile(rb"[\x80-\xff]")
_RUN = re.compile(rb"[\x80-\xff]+")
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SAMPLE = 200_000
_HEBREW = bytes(range(0xE0, 0xFB))
_THAI = bytes((*range(0xA1, 0xDB), *range(0xDF, 0xFC)))
_SIGNS = bytes(range(0xA0, 0xC0))


def guess(data: bytes) -> tuple[str, str]:
    """Return (codec, name) that the bytes look like, in linear time; windows-1252 when nothing fits better."""
    sample = data[:_SAMPLE]
    high = len(_HIGH.findall(sample)) or 1
    utf8 = sum(map(len, _UTF8.findall(sample))) / high
    if utf8 < 0.75 and (found := _by_frequency(data)):
        return found
    if utf8 > 0.5:
        return "utf-8", "utf-8"
    return _by_rows(sample, high) or _single_byte(sample)


def _by_frequency(data: bytes) -> tuple[str, str] | None:
    """Return the encoding in which the text is made of the characters that most texts are made of."""
    best, score = None, 0.25
    for (codec, name), frequent in _FREQUENT.items():
        text = _sampled(data, codec)
        if text is None:
            continue
        counts = Counter(text)
        letters = sum(count for character, count in counts.items() if character > "\x7f" and character.isalpha())
        hits = sum(counts[character] for character in counts.keys() & frequent)
        # One that stands alone is an accented letter beside another letter.
        if hits > 1 and hits > score * letters:
            best, score = (codec, name), hits / letters
    return best


def _by_rows(data: bytes, high: int) -> tuple[str, str] | None:
    """Return the encoding in which nearly all characters are among those that it has first: names, lists."""
    sample = data[:_SAMPLE]
    runs = _RUN.findall(sample)
    # Most of Latin's high bytes stand alone.
    if sum(map(len, runs)) < 2 * len(runs):
        return None
    best, score = None, 0.7
    for codec, name, common in _COMMON:
        text = _sampled(data, codec)
        if text is None:
            continue
        share = sum(sum(byte > 0x7F for byte in pair) for pair in common.findall(sample)) / high
        if codec == "euc_jp":
            # Its kanji are GB's hanzi: only kana tell them apart.
            share += 0.5 if len(_KANA.findall(sample)) * 10 > high else -0.5
        elif codec == "cp949":
            share += 0.2 if _hangul(text) else -0.5
        if share > score:
            best, score = (codec, name), share
    return best


def _sampled(data: bytes, codec: str) -> str | None:
    """Return the first of a document's characters, the last of which may be cut, or None where bytes mean nothing."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(data[:_SAMPLE], final=len(data) <= _SAMPLE)
    except UnicodeDecodeError:
        return None


def _hangul(text: str) -> bool:
    high = sum(character > "\x7f" for character in text) or 1
    return sum("\uac00" <= character <= "\ud7a3" for character in text) * 2 > high


def _single_byte(sample: bytes) -> tuple[str, str]:
    """Return the eight-bit encoding: other scripts show as whole words of high bytes, Latin as single ones."""
    runs = _RUN.findall(sample)
    if sum(map(len, runs)) < 3 * len(runs):
        # FE and FF hardly occur in Western text: bytes that mean nothing stay visible as such.
        return ("utf-8", "utf-8") if b"\xff" in sample or b"\xfe" in sample else ("cp1252", "windows-1252")
    high = b"".join(runs)
    # Hebrew is one alphabet of 27 letters in one place; Thai is mostly where others have signs.
    if len(high) > 40 and not high.translate(None, _HEBREW):
        return "cp1255", "windows-1255"
    if len(high) > 40 and len(high.translate(None, _SIGNS)) * 5 < len(high) * 4 and not high.translate(None, _THAI):
        return "cp874", "tis-620"
    scores = {}
    for codec, name in (("cp1251", "windows-1251"), ("koi8_r", "koi8-r")):
        text = sample.decode(codec, "ignore")
        # Small letters outnumber capitals in text that is read with the right one of the two.
        scores[codec, name] = sum("а" <= c <= "я" for c in text) - sum("А" <= c <= "Я" for c in text)
    best = max(scores, key=lambda key: scores[key])
    return best if scores[best] > 0 else ("cp1252", "windows-1252")
