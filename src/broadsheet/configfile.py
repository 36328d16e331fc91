"""``broadsheet.toml`` -> ``Config``. Pure: text and mappings in, records out.

Flags beat environment (``BROADSHEET_<TABLE>_<KEY>``), which beats the file, which beats the defaults; ``Config.origin``
says which it was. Every wrong key or value of a file is reported at once, with its line and the nearest right name.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from broadsheet.config import (
    CONVERSIONS,
    ENGINE_GROUP,
    REQUIRED,
    TABLES,
    TOP_LEVEL,
    Config,
    FeedConfig,
    Origin,
    TopicConfig,
)
from broadsheet.errors import ConfigError
from broadsheet.model import Filters, FullText, Mode, Scrape
from broadsheet.text import compile_pattern, selector_fault, words

_CHOICES = {
    "site.language": ("en", "zh"),
    "site.copies": ("noindex", "canonical"),
    "site.whole_in_feeds": ("none", "front", "all"),
    "engine.kind": ("inline", "threads", "processes", "dask"),
    "deploy.host": ("", "github-pages", "cloudflare-pages"),
    "feeds.mode": get_args(Mode),
    "feeds.full_text": get_args(FullText),
}
_POSITIVE = {
    "poll.concurrency",
    "poll.per_host",
    "poll.timeout",
    "poll.max_bytes",
    "media.max_width",
    "media.max_bytes",
}


def parse_config(
    text: str = "",
    *,
    name: str = "broadsheet.toml",
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Config:
    """Return the configuration that ``text`` (TOML) gives with environment and flags laid over it.

    ``flags`` maps ``table.key`` to a value. Raises ``ConfigError`` that lists every fault, one a line, each with
    ``name`` and its line number.
    """
    try:
        text.encode()
        document = tomllib.loads(text)
    except ValueError as error:  # no TOML, a number of thousands of digits, or half a character
        raise ConfigError(f"{name}: {error}. Mend the TOML syntax there.") from None
    except RecursionError:
        raise ConfigError(f"{name}: values nest too deeply. Mend the TOML syntax there.") from None
    lines = _Lines(text)
    faults: list[str] = []
    origin: dict[str, Origin] = {}
    values: dict[str, Any] = {"opml": document.get("opml", "")}
    if not isinstance(values["opml"], str):
        faults.append(f"{name}:{lines.find('', 'opml')}: opml must be a file name in quotes")
    faults += [
        f"{name}:{lines.find('', key)}: unknown table or key {key!r}{_nearest(key, TOP_LEVEL)}"
        for key in document
        if key not in TOP_LEVEL
    ]
    for table, kind in TABLES.items():
        given = document.get(table, {})
        if not isinstance(given, dict):
            faults.append(f"{name}:{lines.find('', table)}: [{table}] must be a table")
            continue
        layers: dict[str, tuple[Any, Origin]] = {key: (value, "file") for key, value in given.items()}
        layers |= {key: (value, "environment") for key, value in _environment(table, kind, environ or {})}
        for key in _fields(kind):
            if flags and flags.get(f"{table}.{key}") is not None:
                layers[key] = (flags[f"{table}.{key}"], "flag")
        checked, problems = _check(kind, {key: value for key, (value, _) in layers.items()}, table)
        faults += [_located(name, lines, table, key, layers, message) for key, message in problems]
        values[table] = checked
        for key in _fields(kind):
            origin[f"{table}.{key}"] = layers[key][1] if key in layers else "default"
    values["feeds"], problems_of_feeds = _feeds(document.get("feeds", []))
    faults += [f"{name}:{lines.find('feeds', key, index)}: {message}" for index, key, message in problems_of_feeds]
    values["topics"], problems_of_topics = _topics(document.get("topics", []))
    faults += [f"{name}:{lines.find('topics', key, index)}: {message}" for index, key, message in problems_of_topics]
    origin["opml"] = "file" if "opml" in document else "default"
    if faults:
        raise ConfigError("\n".join(faults))
    return Config(**values, origin=origin)


def _fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return kind.__struct_fields__


def _nearest(word: str, right: tuple[str, ...] | list[str]) -> str:
    near = difflib.get_close_matches(word, right, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known are: {', '.join(right)}"


def _environment(table: str, kind: type[msgspec.Struct], environ: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(kind)
    for key in _fields(kind):
        raw = environ.get(f"BROADSHEET_{table}_{key}".upper())
        if raw is None:
            continue
        if hints[key] == tuple[str, ...]:
            yield key, [part.strip() for part in raw.split(",") if part.strip()]
        elif hints[key] is bool:
            yield (
                key,
                {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(raw.lower(), raw),
            )
        elif hints[key] is str:
            yield key, raw
        else:
            try:
                yield key, hints[key](raw)
            except ValueError:
                yield key, raw


def _check(kind: type[msgspec.Struct], given: Mapping[str, Any], table: str) -> tuple[Any, list[tuple[str, str]]]:
    """Return the record (defaults where a value is wrong) and (key, message) of each fault."""
    hints = get_type_hints(kind)
    right: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    for key, value in given.items():
        if key not in hints:
            problems.append((key, f"unknown key {key!r}{_nearest(key, _fields(kind))}"))
            continue
        try:
            choice = _CHOICES.get(f"{table}.{key}")
            converted = value if choice else msgspec.convert(value, hints[key])
        except msgspec.ValidationError as error:
            problems.append((key, f"{key} is {value!r}: {_plain(str(error))}"))
            continue
        wrong = _value_fault(f"{table}.{key}", converted)
        if wrong:
            problems.append((key, f"{key} is {value!r}: {wrong}"))
        else:
            right[key] = converted
    try:
        return kind(**right), problems
    except TypeError:  # a required key is missing
        missing = [key for key in REQUIRED.get(table, ()) if key not in given]
        return None, [*problems, *((key, f"{key} is missing") for key in missing)]


def _plain(message: str) -> str:
    """Return msgspec's message without its marks."""
    return (
        re.sub(r" - at `[^`]*`", "", message)
        .replace("`", "'")
        .replace("Expected ", "must be ")
        .replace("must be 'array'", "must be a list")
    )


def _value_fault(name: str, value: Any) -> str:
    """Return what is wrong with a value of the right type, or nothing."""
    choices = _CHOICES.get(name)
    if name == "engine.kind" and choices and value not in choices:
        choices += _added_engines()
    if choices and value not in choices:
        near = difflib.get_close_matches(str(value), choices, n=1, cutoff=0.5)
        return f"must be one of {', '.join(choices)}" + (f"; did you mean {near[0]!r}?" if near else "")
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a number of some size"
    if name in _POSITIVE and value <= 0:
        return "must be greater than 0"
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return "must not be negative"
    if name == "feeds.zone_offset" and value != "auto" and not re.fullmatch(r"[+-]?(\d|1[0-4])", str(value)):
        return "must be auto, or whole hours from -14 to 14 in quotes, such as '8'"
    if name == "feeds.opencc" and value and value not in CONVERSIONS:
        return f"must be one of OpenCC's conversions: {', '.join(CONVERSIONS)}"
    if name == "site.timezone":
        return _zone_fault(str(value))
    if name == "site.url" and not re.match(r"https?://[^/\s]+", str(value)):
        return "must be an address that begins with http:// or https://"
    if name == "store.url" and not re.match(r"sqlite:///[^/]|sqlite:////|postgresql://", str(value)):
        return "must be sqlite:///PATH or postgresql://USER@HOST/DATABASE"
    if name == "store.blobs" and value and not re.match(r"[a-z][a-z0-9+.-]*://.", str(value)):
        return "must be an address such as s3://BUCKET/PREFIX, or empty"
    if name == "poll.allow_private":
        wrong = [item for item in value if not _is_target(item)]
        return f"{wrong[0]!r} must be host:port, for example '127.0.0.1:1200'" if wrong else ""
    if name == "rsshub.instances":
        wrong = [item for item in value if not re.match(r"https?://[^/\s]+", item)]
        return f"{wrong[0]!r} must be an address that begins with http:// or https://" if wrong else ""
    return ""


def _added_engines() -> tuple[str, ...]:
    """Return the names of the engines that other packages add."""
    from importlib.metadata import entry_points  # 13 ms, which few ask for

    return tuple(sorted(point.name for point in entry_points(group=ENGINE_GROUP)))


def _is_target(text: str) -> bool:
    match = re.fullmatch(r"(?:\[[0-9a-fA-F:.]+\]|[^\s:/]+):([0-9]{1,5})", text)
    return match is not None and 0 < int(match[1]) < 65536


def _zone_fault(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return "is no time zone name such as 'Asia/Shanghai' or 'UTC'"
    return ""


def _feeds(given: Any) -> tuple[tuple[FeedConfig, ...], list[tuple[int, str, str]]]:
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        return (), [(0, "feeds", "feeds must be tables: [[feeds]]")]
    feeds: list[FeedConfig] = []
    faults: list[tuple[int, str, str]] = []
    seen: set[str] = set()
    for index, item in enumerate(given):
        feed, problems = _check(FeedConfig, item, "feeds")
        faults += [(index, key, message) for key, message in problems]
        for table, kind in (("filters", Filters), ("scrape", Scrape)):
            inner = item.get(table)
            if isinstance(inner, dict):
                faults += [
                    (index, table, f"unknown key {key!r} in {table}{_nearest(key, _fields(kind))}")
                    for key in inner
                    if key not in _fields(kind)
                ]
        if feed is None:
            continue
        if not re.match(r"(https?|rsshub)://[^\s]+$", feed.url):
            faults.append((index, "url", f"url is {feed.url!r}: must begin with http://, https:// or rsshub://"))
        if feed.url in seen:
            faults.append((index, "url", f"{feed.url} is listed twice; remove one"))
        for pattern in (one for key in _fields(Filters) for one in getattr(feed.filters, key)):
            if fault := _pattern_fault(pattern, feed.url):
                faults.append((index, "filters", fault))
        if feed.scrape != Scrape():
            faults += [(index, "scrape", f"{fault} (scrape of {feed.url})") for fault in scrape_faults(feed.scrape)]
        seen.add(feed.url)
        feeds.append(feed)
    return tuple(feeds), faults


def _topics(given: Any) -> tuple[tuple[TopicConfig, ...], list[tuple[int, str, str]]]:
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        return (), [(0, "topics", "topics must be tables: [[topics]]")]
    topics: list[TopicConfig] = []
    faults: list[tuple[int, str, str]] = []
    for index, item in enumerate(given):
        topic, problems = _check(TopicConfig, item, "topics")
        faults += [(index, key, message) for key, message in problems]
        if topic is None:
            continue
        if not words(topic.title):
            faults.append((index, "title", f"title is {topic.title!r}: must have a letter"))
        if any(topic.title == other.title for other in topics):
            faults.append((index, "title", f"the topic {topic.title!r} is there twice; remove one"))
        faults += [
            (index, "words", f"{word!r} has no letter (topic {topic.title!r})")
            for word in topic.words
            if not words(word)
        ]
        if not topic.words and "words" not in dict(problems):
            faults.append((index, "words", f"words is empty (topic {topic.title!r}): nothing would ever belong to it"))
        topics.append(topic)
    return tuple(topics), faults


def _pattern_fault(pattern: str, url: str) -> str:
    """Return what is wrong with a feed's pattern and what to do, or nothing."""
    try:
        compile_pattern(pattern)
    except ValueError as error:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            mend = "Mend it, or put a \\ before the sign that is meant"
            return f"{pattern!r} is no regular expression (filters of {url}): {error}. {mend}"
        return (
            f"{pattern!r} takes more than linear time (filters of {url}): {error}. Write it without look-around, "
            "back-references and possessive repeats; what must not match goes into an exclude list"
        )
    return ""


def scrape_faults(scrape: Scrape) -> list[str]:
    """Return what is wrong with each selector and what to do."""
    faults = [] if scrape.list else ["list is missing: the selector of the elements that are entries"]
    for name in _fields(Scrape):
        selector = getattr(scrape, name)
        if not selector:
            continue
        if fault := selector_fault(selector):
            faults.append(f"{name} {selector!r} is no CSS selector (and no XPath, which starts with / or .//): {fault}")
        elif name != "list" and selector.strip().startswith("/"):
            faults.append(f"{name} {selector!r} looks at the whole page instead of an entry; begin it with .//")
    return faults


def _located(
    name: str, lines: _Lines, table: str, key: str, layers: Mapping[str, tuple[Any, Origin]], message: str
) -> str:
    where = layers[key][1]
    if where == "environment":
        return f"environment: BROADSHEET_{table.upper()}_{key.upper()}: {message}"
    if where == "flag":
        return f"command line: {table}.{key}: {message}"
    return f"{name}:{lines.find(table, key)}: [{table}] {message}"


class _Lines:
    """Finds the line of a key, which ``tomllib`` does not tell."""

    _HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\-\"']+)\s*\]\]?")
    _KEY = re.compile(r"\s*[\"']?([\w\-]+)[\"']?\s*(?:\.\s*[\"']?([\w\-]+)[\"']?\s*)?[=.]")

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def find(self, table: str, key: str, index: int = 0) -> int:
        """Return the number (from 1) of the line of ``key`` in ``table``; of the table where the key is not found."""
        current, count, best = "", -1, 1
        for number, line in enumerate(self._lines, 1):
            header = self._HEADER.match(line)
            if header:
                name = header[2].strip("\"'")
                current = name
                if name == table:
                    count += 1
                    best = number if count == index or header[1] == "[" else best
                if not table and name.split(".")[0] == key:
                    return number
                continue
            match = self._KEY.match(line)
            if match and table and not current and match[1] == table:  # table.key = ..., table = { key = ... }
                best = number
                if match[2] == key:
                    return number
            if match and match[1] == key and current == table and (not table or count == index):
                return number
        return best
