"""Topics: lists of what speaks of something, whichever source it comes from. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from broadsheet.config import TopicConfig
from broadsheet.model import Article, ListSpec
from broadsheet.site import plan
from broadsheet.site.search import folded, kept
from broadsheet.text import is_cjk, tokens


class Topics:
    """The newspaper's topics, each with its words in the form in which the search compares them."""

    def __init__(self, given: Sequence[TopicConfig]) -> None:
        self._known = [
            (
                plan.spec("topic", topic.title),
                [_plain(word) for word in topic.words if is_cjk(word)],
                [_words(_plain(word)) for word in topic.words if not is_cjk(word)],
            )
            for topic in given
        ]

    @property
    def lists(self) -> list[ListSpec]:
        """Return the list of each topic, in the order of the configuration."""
        return [spec for spec, _, _ in self._known]

    def of(self, article: Article) -> list[ListSpec]:
        """Return the lists of the topics that an article belongs to: a word stands in its title, categories or beginning.

        Traditional counts as Simplified, an English plural as its singular; words of other scripts stand by themselves (AI
        is not in "said").
        """
        if not self._known:
            return []
        text = _plain("\n".join((article.title, *article.categories, article.excerpt)))
        words = _words(text)
        return [
            spec
            for spec, pieces, phrases in self._known
            if any(piece in text for piece in pieces) or any(phrase in words for phrase in phrases)
        ]


def _plain(text: str) -> str:
    return folded(text)


def _words(plain: str) -> str:
    """Return the words of a plain text, each between blanks."""
    return f" {' '.join(kept(tokens(plain)))} "
