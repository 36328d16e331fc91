"""What a person says of a site's pages, against what was judged or learnt: ``rules.toml``. Pure.

Each table is a domain; it holds for the hosts below it too, and the longest that fits is taken::

    ["news.example"]
    body = ["div.article-text"]
    drop = [".share", "//aside"]
    drop_lines = ["^Advertisement$"]
    keep = ["Good evening from the harbour."]
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from broadsheet import urls
from broadsheet.articles.tree import Element, drop, leaf_blocks, make, text_of
from broadsheet.errors import ConfigError, LimitExceeded
from broadsheet.model import Record, Removed
from broadsheet.selectors import Find, finder
from broadsheet.text import compile_pattern, css_parts, digest, selector_fault

QUOTED = 300
"""Characters of what was cut that are kept of it, and by which it is kept in."""


class Rules(Record, frozen=True, kw_only=True):
    """Rules for the articles of one domain."""

    body: tuple[str, ...] = ()
    """CSS or XPath of what holds the article's text; the first that finds anything is taken."""
    drop: tuple[str, ...] = ()
    """CSS or XPath of what is taken out of pages and of what feeds say."""
    drop_lines: tuple[str, ...] = ()
    """Regular expressions (RE2); a line in which one is found is taken out."""
    keep: tuple[str, ...] = ()
    """Lines, openings and addresses of pictures that are not cut, though they recur; their first 300 characters."""

    def digest(self) -> str:
        """Return a name for what the rules say, empty where they say nothing."""
        parts = [f"{name}={value}" for name in FIELDS for value in getattr(self, name)]
        return digest(*parts, size=8) if parts else ""


FIELDS = Rules.__struct_fields__


def read_rules(text: str, name: str = "rules.toml") -> dict[str, Rules]:
    """Return the rules by domain; raise ``ConfigError`` that lists every fault, each with its domain and key."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # no TOML, or a number of thousands of digits
        raise ConfigError(f"{name}: {error}. Mend the TOML syntax there.") from None
    faults: list[str] = []
    found: dict[str, Rules] = {}
    for domain, table in document.items():
        if not isinstance(table, dict):
            faults.append(f'{name}: {domain} must be a table: ["{domain}"]')
            continue
        values: dict[str, tuple[str, ...]] = {}
        for key, value in table.items():
            given = [value] if isinstance(value, str) else value
            fault = _fault(key, given)
            if fault:
                faults.append(f'{name}: ["{domain}"] {fault}')
            else:
                values[key] = tuple(given)
        found[domain.lower().strip().removeprefix("www.")] = Rules(**values)
    if faults:
        raise ConfigError("\n".join(faults))
    return found


def _fault(key: str, given: object) -> str:
    """Return what is wrong with a value, or nothing."""
    if key not in FIELDS:
        near = difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.5)
        return f"unknown key {key!r}; " + (f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(FIELDS)}")
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        return f"{key} must be text, or a list of texts"
    if key in ("body", "drop"):
        wrong = [
            (item, selector_fault(item) or ("" if not css_parts(item)[1] else "it ends in an attribute"))
            for item in given
        ]
    elif key == "drop_lines":
        wrong = [(item, _pattern_fault(item)) for item in given]
    else:
        wrong = []
    return "; ".join(f"{key}: {item!r}: {why}" for item, why in wrong if why)


def _pattern_fault(pattern: str) -> str:
    try:
        compile_pattern(pattern)
    except ValueError as error:
        return str(error) or "is no regular expression"
    return ""


def rules_for(rules: Mapping[str, Rules], url: str) -> Rules:
    """Return the rules for an article's address: those of its host, or of the nearest domain above it."""
    parts = urls.host(url).split(".") if rules else []
    names = (".".join(parts[start:]) for start in range(len(parts)))
    return next((rules[name] for name in names if name in rules), NONE)


NONE = Rules()


def body_by(tree: Element, rules: Rules) -> Element | None:
    """Return a body of what the rules name on a page, or None where they name nothing that is there; the tree is used up."""
    for selector in rules.body:
        found = [element for element in _find(tree, selector) if isinstance(element.tag, str)]
        inside = set(found)
        outer = [element for element in found if not inside.intersection(element.iterancestors())]
        if any(text_of(element) for element in outer):
            body = make("body")
            for element in outer:
                element.tail = None
                element.tag = element.tag if element.tag not in ("html", "body", "td", "tr", "li") else "div"
                body.append(element)
            return body
    return None


def drop_by(root: Element, rules: Rules) -> list[Removed]:
    """Take what the rules name out of a tree and return what that was."""
    removed = []
    for selector in rules.drop:
        for element in _find(root, selector):
            if isinstance(getattr(element, "tag", None), str) and element.getparent() is not None:
                told = text_of(element)[:QUOTED] or f"<{element.tag}>"
                removed.append(Removed(what=told, why="rule", evidence=f"drop {selector}"))
                drop(element)
    return removed


def drop_lines_by(root: Element, rules: Rules) -> list[Removed]:
    """Take the lines that the rules name out of a body and return what they were."""
    removed = []
    for pattern in rules.drop_lines:
        matches = _compiled(pattern)
        for block in list(leaf_blocks(root)):
            text = text_of(block)
            if text and matches(text):
                removed.append(Removed(what=text[:QUOTED], why="rule", evidence=f"drop_lines {pattern}"))
                drop(block)
    return removed


def _find(root: Element, selector: str) -> list[Element]:
    try:
        return _finder(selector)(root)
    except LimitExceeded:
        return []  # a page on which libxml2 gives up is judged as any other


@lru_cache(maxsize=512)
def _finder(selector: str) -> Find:
    return finder(selector)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Callable[[str], bool]:
    return compile_pattern(pattern)


_SITE_CONFIG = re.compile(r"([a-z_]+)\s*(?:\([^)]*\))?\s*:\s*(.+)")


def from_site_config(text: str) -> tuple[Rules, list[str]]:
    """Return the rules that a site's file of FiveFilters' ftr-site-config gives, and its lines that have no counterpart.

    ``body``, ``strip``, ``strip_id_or_class`` and ``strip_image_src`` are understood; test addresses are passed over.
    """
    body, dropped, left = [], [], []
    for line in _lines(text):
        found = _SITE_CONFIG.fullmatch(line)
        name, value = (found[1], found[2].strip()) if found else ("", "")
        quoted = value.strip("'\"").replace('"', "")
        selector = {
            "strip_id_or_class": f'//*[contains(@id, "{quoted}") or contains(@class, "{quoted}")]',
            "strip_image_src": f'//img[contains(@src, "{quoted}")]',
        }.get(name, value)
        if name == "body" and not selector_fault(selector):
            body.append(selector)
        elif name.startswith("strip") and name in _STRIPS and not selector_fault(selector):
            dropped.append(selector)
        elif name != "test_url":
            left.append(line)
    return Rules(body=tuple(body), drop=tuple(dropped)), left


_STRIPS = frozenset(("strip", "strip_id_or_class", "strip_image_src"))


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        plain = line.strip()
        if plain and not plain.startswith("#"):
            yield plain


def added(rules: Rules, **more: Sequence[str]) -> Rules:
    """Return rules with more of them, none twice."""
    return Rules(
        **{name: tuple(dict.fromkeys((*getattr(rules, name), *more.get(name, ())))) for name in FIELDS}
    )  # fmt: skip
