"""Dates as feeds write them: an aware UTC datetime, or None. Never an exception, never an unsupported guess.

A date without a zone is taken as UTC (or as ``zone``). Expressions are anchored and bounded; longer text is no date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

_MAX = 128
_EARLIEST = 1900
_AHEAD = timedelta(days=2)
"""By which a date without a year may be ahead: "12月31日" read in January is last year's."""

_AT = r"(?:г\.,?\s{1,2})?(?:(?:at|à|às|um|kl\.?|klo|alle|om|в|a\slas)\s{1,2})?"
_RFC822 = re.compile(
    r"(?:[^\W\d]{2,12}\.?,?\s{0,4})?(\d{1,2})(?:st|nd|rd|th)?[\s\-./]{1,3}(?:de\s)?([^\W\d]{3,12})\.?,?[\s\-./]{1,3}(?:de\s)?(\d{4}|\d{2})"
    rf"(?:,?\s{{1,4}}{_AT}"
    r"(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?)?(?:\s?([ap])\.?m\.?)?)?\s{0,4}(.*)",
    re.IGNORECASE,
)
# ``November 2, 2026 10:00``, and asctime's ``Mon Nov  2 10:00:00 2026``.
_MONTH_FIRST = re.compile(
    r"(?:[^\W\d]{2,12}\.?,?\s{1,4})?([^\W\d]{3,12})\.?\s{1,4}(\d{1,2})(?:st|nd|rd|th)?,?\s{1,4}(?:(\d{4})(?!:),?\s{0,4})?"
    r"(?:(?:at\s)?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([ap])\.?m\.?)?)?\s{0,4}(?:([^\W\d]{1,5}|[+-]\d{2}:?\d{2})\s)?\s{0,4}(\d{4})?\s{0,4}(.*)",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"(\d{4})(?:-?(\d{3})(?!\d)|[-/.](\d{1,2})(?:[-/.](\d{1,2}))?|(\d{2})(\d{2}))?"
    r"(?:(?:\s{0,4}t\s{0,4}|\s{1,4}|,\s?)(\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,:]\d{1,12})?)?)?(?:\s?([ap])\.?m\.?)?)?\s{0,4}(.*)",
    re.IGNORECASE,
)
_SHORT_ISO = re.compile(r"(\d{2})-(\d{2})-(\d{2})(?:[tT\s](\d{2}):(\d{2})(?::(\d{2}))?)?\s{0,4}(.*)")
_HUNGARIAN = re.compile(
    r"(\d{4})[-.\s]{1,3}([^\W\d]{3,12})[-.\s]{1,3}(\d{1,2})\.?(?:,?\s{1,4}[^\W\d]{3,12}\.?)?"
    r"(?:(?:t|,?\s{1,4})(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s{0,4}(.*)",
    re.IGNORECASE,
)
_PERFORCE = re.compile(r"[^\W\d]{2,9},?\s{1,4}(\d{4}[/\-].{6,60})")
# 2026年11月2日 10:00, 2026년 11월 2일 오후 3:00, 2026年11月2日 下午3时5分, also without a year.
_EAST = re.compile(
    r"(?:(\d{2,4})\s?[年년]\s{0,2})?(\d{1,2})\s?[月월]\s{0,2}(\d{1,2})\s?[日号號일]?[\s,，(（]{0,3}(?:(?:星期|周|週|礼拜)?[一二三四五六日天月火水木金土월화수목금토]?(?:曜日|요일)?)?[)）\s,，]{0,3}(.*)"
)
_EAST_TIME = re.compile(
    r"(上午|下午|晚上|早上|凌晨|中午|午前|午後|오전|오후)?\s{0,2}(\d{1,2})\s?[:：时時点點시]\s?(\d{1,2})?\s?[分분]?\s?(?:[:：]?\s?(\d{1,2})\s?[秒초]?)?\s{0,4}(.*)"
)
_KOREAN = re.compile(
    r"(\d{4})[-./]\s?(\d{1,2})[-./]\s?(\d{1,2})\.?"
    r"(?:\s{1,4}(오전|오후|上午|下午|午前|午後)?\s{0,2}(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?\s{0,4}(.*)"
)
_NUMERIC = re.compile(
    r"(\d{1,2})([/.])(\d{1,2})\2(\d{4}|\d{2})(?:,?\s{1,4}"
    rf"{_AT}"
    r"(\d{1,2})[:.](\d{2})(?::(\d{2}))?(?:\s?([ap])\.?m\.?)?)?\s{0,4}(.*)",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(.*)")
_REIWA = re.compile(r"令和\s?(\d{1,2}|元)\s?年")
# 11-27 08:30, as lists of Chinese sites have it.
_THIS_YEAR = re.compile(r"(\d{1,2})-(\d{1,2})\s{1,4}(\d{1,2}):(\d{2})")
_EPOCH = re.compile(r"-?\d{9,10}(?:\.\d{1,9})?|\d{13}|\d{16}")
_AGO = re.compile(
    r"(\d{1,5}|半|一|两|兩|an?|one)\s?(秒|分钟|分鐘|分|小时|小時|時間|个小时|個小時|天|日|周|週|个月|個月|月|年|초|분|시간|일|주|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)"
    r"钟?之?\s?(?:以)?(?:前|전|ago)",
    re.IGNORECASE,
)
_DAY_WORDS = {
    "今天": 0, "今日": 0, "오늘": 0, "today": 0, "刚刚": 0, "剛剛": 0, "刚才": 0, "just now": 0, "now": 0,
    "昨天": -1, "昨日": -1, "어제": -1, "yesterday": -1, "前天": -2, "一昨日": -2, "그저께": -2,
}  # fmt: skip
_SOME = {"半": 0.5, "一": 1, "两": 2, "兩": 2, "a": 1, "an": 1, "one": 1}
_SECONDS = {
    "秒": 1, "초": 1, "second": 1, "sec": 1,
    "分钟": 60, "分鐘": 60, "分": 60, "분": 60, "minute": 60, "min": 60,
    "小时": 3600, "小時": 3600, "時間": 3600, "个小时": 3600, "個小時": 3600, "시간": 3600, "hour": 3600, "hr": 3600,
    "天": 86400, "日": 86400, "일": 86400, "day": 86400,
    "周": 604800, "週": 604800, "주": 604800, "week": 604800,
    "个月": 2592000, "個月": 2592000, "月": 2592000, "month": 2592000,
    "年": 31536000, "year": 31536000,
}  # fmt: skip

_MONTHS = (
    (
        "jan january janv janvier ene enero gen gennaio januar januari jän jänner janeiro январь января янв "
        "січня stycznia led ledna ocak يناير ינואר ιαν ιανουαρίου január januára ianuarie tammikuuta"
    ),
    (
        "feb february fév févr février fev febrero febbraio februar februari fevereiro февраль февраля фев "
        "лютого lutego února şubat فبراير פברואר φεβ φεβρουαρίου február februári helmikuuta"
    ),
    (
        "mar march mars marzo mär märz maerz mrz maart março март марта мар березня marca března mart مارس "
        "מרץ μάρ μαρ μάώ μαώ μαρτίου március maaliskuuta"
    ),
    (
        "apr april avr avril abr abril aprile апрель апреля апр квітня kwietnia dubna nisan أبريل ابريل אפריל "
        "απρ απριλίου április huhtikuuta"
    ),
    (
        "may mai mayo mag maggio maj mei maio май мая травня maja května mayıs مايو מאי μάι μαι μαϊ μαΐου "
        "május toukokuuta"
    ),
    (
        "jun june juin junio giu giugno juni junho июнь июня июн червня czerwca června haziran يونيو יוני "
        "ιούν ιουν ιον ιουνίου június kesäkuuta"
    ),
    (
        "jul july juil juillet julio lug luglio juli julho июль июля июл липня lipca července temmuz يوليو "
        "יולי ιούλ ιουλ ιολ ιουλίου július heinäkuuta"
    ),
    (
        "aug august aoû août aout ago agosto augustus augusti август августа авг серпня sierpnia srpna "
        "ağustos أغسطس אוגוסט αύγ αυγ αυγούστου augusztus elokuuta"
    ),
    (
        "sep sept september septembre septiembre set settembre setembro сентябрь сентября сен вересня "
        "września září eylül سبتمبر ספטמבר σεπ σεπτ σεπτεμβρίου szeptember syyskuuta"
    ),
    (
        "oct october octobre octubre ott ottobre okt oktober out outubro октябрь октября окт жовтня "
        "października října ekim أكتوبر אוקטובר οκτ οκτωβρίου október lokakuuta"
    ),
    (
        "nov november novembre noviembre novembro ноябрь ноября ноя листопада listopada listopadu kasım "
        "نوفمبر נובמבר νοέ νοε νοεμβρίου marraskuuta"
    ),
    (
        "dec december déc décembre dic diciembre dicembre dez dezember dezembro декабрь декабря дек грудня "
        "grudnia prosince aralık ديسمبر דצמבר δεκ δεκεμβρίου joulukuuta"
    ),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}

_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_MONTH = {f" {name.title()} ": f"-{number:02}-" for number, name in enumerate(_ENGLISH_MONTHS, 1)}
_ISO_ZONE = {"GMT": "+00:00", "UTC": "+00:00", "Z": "+00:00"}

# Hours east of Greenwich. IST is India's: Irish feeds that write it are fewer by far.
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "met": 1,
    "mest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3, "sast": 2, "msk": 3, "msd": 4, "trt": 3, "gst": 4,
    "pkt": 5, "ist": 5.5, "npt": 5.75, "wib": 7, "ict": 7, "hkt": 8, "sgt": 8, "pht": 8, "myt": 8, "awst": 8,
    "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "brt": -3,
    "art": -3, "clt": -4, "nst": -3.5, "ndt": -2.5, "adt": -3, "ast": -4, "at": -4, "edt": -4, "est": -5,
    "et": -5, "cdt": -5, "cst": -6, "ct": -6, "mdt": -6, "mst": -7, "mt": -7, "pdt": -7, "pst": -8, "pt": -8,
    "akdt": -8, "akst": -9, "hst": -10, "a": -1, "n": 1, "m": -12, "y": 12,
}  # fmt: skip
_OFFSET = re.compile(r"(?:gmt|utc|etc/gmt)?\s?([+\-\u2212])\s?(\d{1,2}):?(\d{2})?(?!\d)", re.IGNORECASE)
_ZONE_NAME = re.compile(r"\(?([a-z]{1,5})\b", re.IGNORECASE)
_PM = frozenset(("下午", "晚上", "午後", "오후", "中午", "p"))
_AM = frozenset(("上午", "早上", "凌晨", "午前", "오전", "a"))


def parse_date(text: str, *, reference: datetime | None = None, zone: tzinfo = UTC) -> datetime | None:
    """Return the instant in UTC that a date string names, or None.

    ``reference`` is what relative dates ("3小时前", "今天 08:30", "yesterday") and dates without a year count from;
    without it they are None. ``zone`` is that of dates which name none. A missing time is midnight.
    """
    if len(text) > _MAX:
        text = text.strip()
        if len(text) > _MAX:
            return None
    try:
        return _parse(text, reference, zone)
    except (ValueError, OverflowError):
        return None


def _parse(text: str, reference: datetime | None, zone: tzinfo) -> datetime | None:
    # The two forms of nearly all feeds come first: 2026-11-02T10:00:00Z and Mon, 02 Nov 2026 10:00:00 +0000.
    if text[10:11] in ("T", " ") and text[:4].isdigit() and text.isascii():
        try:
            return _checked(datetime.fromisoformat(text), zone)
        except ValueError:
            pass
    if text[3:5] == ", " and text[16:17] == " " and (middle := _ISO_MONTH.get(text[7:12])):
        try:
            offset = text[26:]
            return _checked(
                datetime.fromisoformat(
                    f"{text[12:16]}{middle}{text[5:7]}T{text[17:25]}{_ISO_ZONE.get(offset, offset)}"
                ),
                zone,
            )
        except ValueError:
            pass
    text = text.strip()
    match = _RFC822.match(text)
    if match and (month := _MONTH.get(match[2].lower()) or _MONTH.get(match[2][:3].lower())):
        return _rfc822(match, month, zone)
    for pattern, build in _FORMS:
        found = pattern.fullmatch(text)
        if found and (date := build(found, zone)) is not None:
            return date
    return _east(text, reference, zone) or (_relative(text, reference, zone) if reference is not None else None)


def _checked(moment: datetime, zone: tzinfo) -> datetime | None:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment if moment.year >= _EARLIEST else None


def _rfc822(match: re.Match[str], month: int, zone: tzinfo) -> datetime | None:
    day, _, year, hour, minute, second, half, rest = match.groups()
    return _build(_year(year), month, int(day), hour, minute, second, rest, zone, half)


def _build(
    year: int,
    month: int,
    day: int,
    hour: str | None,
    minute: str | None,
    second: str | None,
    rest: str,
    zone: tzinfo,
    half: str | None = None,
) -> datetime | None:
    hours = int(hour or 0)
    if half is not None:
        half = half.lower()
        if half in _PM and hours < 12:
            hours += 12
        elif half in _AM and hours == 12:
            hours = 0
    seconds = int(second or 0)
    extra = 0
    if seconds == 60:  # a leap second
        seconds, extra = 59, 1
    days = 0
    if hours == 24 and not int(minute or 0) and not seconds:
        hours, days = 0, 1
    moment = datetime(year, month, day, hours, int(minute or 0), seconds, tzinfo=_zone(rest, zone))
    if extra or days:
        moment += timedelta(days=days, seconds=extra)
    return _checked(moment, zone)


def _year(text: str) -> int:
    year = int(text)
    if len(text) <= 2:
        year += 2000 if year < 70 else 1900
    return year


@lru_cache(maxsize=512)
def _zone(rest: str, default: tzinfo) -> tzinfo:
    if not rest or not (rest := rest.strip()):
        return default
    if rest in {"GMT", "Z", "UTC", "+0000", "+00:00"}:
        return UTC
    found = _OFFSET.match(rest)
    if found:
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes > 14 * 60 + 59:
            return default
        return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    name = _ZONE_NAME.match(rest)
    hours = _ZONES.get(name[1].lower()) if name else None
    return default if hours is None else timezone(timedelta(hours=hours))


def _iso(match: re.Match[str], zone: tzinfo) -> datetime | None:
    year, ordinal, month, day, short_month, short_day, hour, minute, second, half, rest = match.groups()
    if ordinal:
        first = _build(int(year), 1, 1, hour, minute, second, rest, zone, half)
        return first + timedelta(days=int(ordinal) - 1) if first and 1 <= int(ordinal) <= 366 else None
    if rest and not _is_zone(rest):
        return None
    return _build(
        int(year), int(month or short_month or 1), int(day or short_day or 1), hour, minute, second, rest, zone, half
    )


def _is_zone(rest: str) -> bool:
    return bool(_OFFSET.match(rest) or _ZONE_NAME.match(rest) or rest[:1] in "[(")


def _month_first(match: re.Match[str], zone: tzinfo) -> datetime | None:
    name, day, year, hour, minute, second, half, early_zone, late_year, rest = match.groups()
    month = _MONTH.get(name.lower()) or _MONTH.get(name[:3].lower())
    if not month or not (year or late_year):
        return None
    return _build(int(year or late_year), month, int(day), hour, minute, second, early_zone or rest, zone, half)


def _hungarian(match: re.Match[str], zone: tzinfo) -> datetime | None:
    year, name, day, hour, minute, second, rest = match.groups()
    month = _MONTH.get(name.lower()) or _MONTH.get(name[:3].lower())
    if not month or (rest and not _is_zone(rest)):
        return None
    return _build(int(year), month, int(day), hour, minute, second, rest, zone)


def _perforce(match: re.Match[str], zone: tzinfo) -> datetime | None:
    inner = _ISO.fullmatch(match[1])
    return _iso(inner, zone) if inner else None


def _short_iso(match: re.Match[str], zone: tzinfo) -> datetime | None:
    year, month, day, hour, minute, second, rest = match.groups()
    return _build(_year(year), int(month), int(day), hour, minute, second, rest, zone)


_SEOUL = timezone(timedelta(hours=9))


def _korean(match: re.Match[str], zone: tzinfo) -> datetime | None:
    year, month, day, half, hour, minute, second, rest = match.groups()
    if rest and not _is_zone(rest):
        return None
    if half in {"오전", "오후"} and zone is UTC:
        zone = _SEOUL
    return _build(int(year), int(month), int(day), hour, minute, second, rest, zone, half)


def _numeric(match: re.Match[str], zone: tzinfo) -> datetime | None:
    first, mark, second, year, hour, minute, seconds, half, rest = match.groups()
    day, month = int(first), int(second)
    # 11/02/2026 can be either. Slashes with a half of the day are American; a number above 12 settles it.
    if mark == "/" and (month > 12 or (half and day <= 12)):
        day, month = month, day
    return _build(_year(year), month, day, hour, minute, seconds, rest, zone, half)


def _compact(match: re.Match[str], zone: tzinfo) -> datetime | None:
    year, month, day, hour, minute, second, rest = match.groups()
    return (
        None
        if rest and not _is_zone(rest)
        else _build(int(year), int(month), int(day), hour, minute, second, rest, zone)
    )


def _epoch(match: re.Match[str], zone: tzinfo) -> datetime | None:
    del zone
    number = float(match[0])
    digits = len(match[0].partition(".")[0].lstrip("-"))
    return datetime.fromtimestamp(number / (1000 if digits == 13 else 1_000_000 if digits == 16 else 1), UTC)


_FORMS = (
    (_ISO, _iso),
    (_SHORT_ISO, _short_iso),
    (_KOREAN, _korean),
    (_MONTH_FIRST, _month_first),
    (_HUNGARIAN, _hungarian),
    (_PERFORCE, _perforce),
    (_NUMERIC, _numeric),
    (_COMPACT, _compact),
    (_EPOCH, _epoch),
)


def _east(text: str, reference: datetime | None, zone: tzinfo) -> datetime | None:
    if era := _REIWA.match(text):
        text = f"{2018 + int(era[1].replace('元', '1'))}年{text[era.end() :]}"
    match = _EAST.fullmatch(text)
    if not match:
        return None
    year, month, day, rest = match.groups()
    if year is None and reference is None:
        return None
    if "년" in text and zone is UTC:
        zone = _SEOUL
    number = _year(year) if year else reference.astimezone(zone).year if reference else 0
    time = _EAST_TIME.fullmatch(rest)
    half, hour, minute, second, tail = time.groups() if time else (None, None, None, None, rest)
    if not time and rest and not _is_zone(rest):
        return None
    found = _build(number, int(month), int(day), hour, minute, second, tail or "", zone, half)
    if found and year is None and reference is not None and found > reference + _AHEAD:
        found = _build(number - 1, int(month), int(day), hour, minute, second, tail or "", zone, half)
    return found


def _relative(text: str, reference: datetime, zone: tzinfo) -> datetime | None:
    match = _AGO.fullmatch(text)
    if match:
        unit = match[2].lower()
        seconds = _SECONDS.get(unit) or _SECONDS.get(unit.removesuffix("s"))
        count = _SOME.get(match[1].lower()) or int(match[1])
        return _checked(reference - timedelta(seconds=count * seconds), zone) if seconds else None
    if match := _THIS_YEAR.fullmatch(text):
        month, day, hour, minute = match.groups()
        year = reference.astimezone(zone).year
        found = _build(year, int(month), int(day), hour, minute, None, "", zone)
        late = found is not None and found > reference + _AHEAD
        return _build(year - 1, int(month), int(day), hour, minute, None, "", zone) if late else found
    for word, days in _DAY_WORDS.items():
        if text[: len(word)].lower() == word:
            rest = text[len(word) :].strip(" ,，").removeprefix("at ")
            if not rest:
                return _checked(reference + timedelta(days=days), zone)
            time = _EAST_TIME.fullmatch(rest)
            if time is None:
                return None
            half, hour, minute, second, tail = time.groups()
            local = reference.astimezone(zone) + timedelta(days=days)
            return _build(local.year, local.month, local.day, hour, minute, second, tail, zone, half)
    return None
