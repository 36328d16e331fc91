"""CSS selectors and XPath on a page, in time that a hostile page cannot stretch.

CSS that is written as one XPath takes minutes where elements nest deeply: libxml2 merges the results of each step, element by
element. So each step of a selector is looked for by itself, and the steps are put together with sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cssselect import HTMLTranslator, parse
from cssselect.parser import CombinedSelector
from lxml import etree

from broadsheet.errors import LimitExceeded
from broadsheet.text import css_parts

Find = Callable[[Any], list[Any]]


def finder(selector: str) -> Find:
    """Return a function that finds, in an element and below it, the elements or texts that a selector names.

    The selector is one that ``text.selector_fault`` finds nothing in. The function raises ``LimitExceeded`` where libxml2 gives up.
    """
    css, attribute = css_parts(selector)
    if not css:
        return _xpath(selector.strip())
    trees = [_steps(one.parsed_tree) for one in parse(css)]

    def find(node: Any) -> list[Any]:
        found: set[Any] = set().union(*(one(node) for one in trees))
        ordered = [element for element in node.iter() if element in found]
        if not attribute:
            return ordered
        return [value for element in ordered if (value := element.get(attribute)) is not None]

    return find


def _xpath(path: str) -> Find:
    compiled = etree.XPath(path)

    def find(node: Any) -> list[Any]:
        try:
            found = compiled(node)
        except etree.XPathError as error:
            raise LimitExceeded(f"{path!r} cannot be looked for: {error}", "selector") from None
        return list(found) if isinstance(found, list) else [str(found)]

    return find


def _steps(tree: Any) -> Callable[[Any], set[Any]]:
    """Return what finds the set of elements that a selector without commas names."""
    if not isinstance(tree, CombinedSelector):
        find = _xpath(f"descendant-or-self::{HTMLTranslator().xpath(tree)}")
        return lambda node: set(find(node))
    before, last, beside = _steps(tree.selector), _steps(tree.subselector), _BESIDE[tree.combinator]

    def joined(node: Any) -> set[Any]:
        left = before(node)
        return beside(left, last(node)) if left else set()

    return joined


def _below(left: set[Any], right: Iterable[Any]) -> set[Any]:
    return {node for node in right if any(parent in left for parent in node.iterancestors())}


def _children(left: set[Any], right: Iterable[Any]) -> set[Any]:
    return {node for node in right if node.getparent() in left}


def _next(left: set[Any], right: Iterable[Any]) -> set[Any]:
    return {node for node in right if node.getprevious() in left}


def _later(left: set[Any], right: Iterable[Any]) -> set[Any]:
    after: set[Any] = set()
    for parent in {node.getparent() for node in left} - {None}:
        seen = False
        for child in parent:
            if seen:
                after.add(child)
            seen = seen or child in left
    return after.intersection(right)


_BESIDE = {" ": _below, ">": _children, "+": _next, "~": _later}
