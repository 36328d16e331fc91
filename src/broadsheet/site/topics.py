"""Topics: lists of what speaks of something, whichever source it comes from. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from broadsheet.config import TopicConfig
from broadsheet.model import Article, ListSpec
from broadsheet.site import plan
from broadsheet.site.search import folded, terms
from broadsheet.text import is_cjk, searchable


class Topics:
    """The newspaper's topics, each with its words in the form in which the search compares them."""

    def __init__(self, given: Sequence[TopicConfig]) -> None:
        self._known = [(plan.spec("topic", topic.title), [_form(word) for word in topic.words]) for topic in given]

    @property
    def lists(self) -> list[ListSpec]:
        """Return the list of each topic, in the order of the configuration."""
        return [spec for spec, _ in self._known]

    def of(self, article: Article) -> list[ListSpec]:
        """Return the lists of the topics that an article belongs to: a word stands in its title, categories or beginning.

        Traditional counts as Simplified, an English plural as its singular; words of other scripts stand by themselves (AI
        is not in "said").
        """
        if not self._known:
            return []
        told = "\n".join((article.title, *article.categories, article.excerpt))
        text, words = searchable(folded(told)), f" {' '.join(terms(told))} "
        return [spec for spec, forms in self._known if any(form in (text if is_cjk(form) else words) for form in forms)]


def _form(word: str) -> str:
    return searchable(folded(word)) if is_cjk(word) else f" {' '.join(terms(word))} "
