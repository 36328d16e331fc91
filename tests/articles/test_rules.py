"""A person's rules for a site: read, applied before what is judged and learnt, and never a reason to lose a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.articles.extract import extract_article
from broadsheet.articles.rules import NONE, Rules, added, from_site_config, read_rules, rules_for
from broadsheet.articles.template import learn_fragments
from broadsheet.errors import ConfigError
from broadsheet.model import Entry

URL = "https://news.example/a"
PARAGRAPHS = "".join(
    f"<p>The ferry ran for the {number}th time, and everyone on the pier said so.</p>" for number in range(12)
)
PAGE = (
    "<html><head><title>Ferry</title></head><body><nav><a href=/>Home</a></nav>"
    f"<div id=text><h1>Ferry</h1>{PARAGRAPHS}<p class=box>Vote for the ferry of the year.</p></div>"
    "<div class=other><p>Something else that is long enough to be taken for an article, were it alone on a page.</p></div>"
    "</body></html>"
).encode()


def test_rules_are_found_by_host() -> None:
    rules = read_rules('["news.example"]\nbody = "div"\n["www.uk.news.example"]\ndrop = [".x", "//aside"]\n')
    assert rules_for(rules, "https://news.example/a").body == ("div",)
    assert rules_for(rules, "https://www.news.example/a").body == ("div",)
    assert rules_for(rules, "https://uk.news.example/a").drop == (".x", "//aside")
    for url in ("https://xnews.example/a", "https://example/", "mailto:x", ""):
        assert rules_for(rules, url) is NONE


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('["a.example"]\nbdy = "p"', "unknown key 'bdy'; did you mean 'body'?"),
        ('["a.example"]\ndrop = ["p[["]', "drop: 'p[['"),
        ('["a.example"]\nbody = "img@src"', "ends in an attribute"),
        ('["a.example"]\ndrop_lines = ["(?=x)"]', "drop_lines: '(?=x)'"),
        ('["a.example"]\nkeep = 3', "keep must be text, or a list of texts"),
        ("x = 1", "x must be a table"), ("[", "Mend the TOML"),
    ],
)  # fmt: skip
def test_faults_name_domain_and_key(text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_rules(text)
    assert fault in str(caught.value)
    assert str(caught.value).startswith("rules.toml: ")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_rules(text)
    except ConfigError:
        return


def test_what_holds_the_text_is_believed() -> None:
    article = extract_article(PAGE, url=URL, rules=Rules(body=(".missing", "div.other")))
    assert article.text.startswith("Something else")
    assert "ferry" not in article.text
    assert article.title == "Ferry"


def test_a_body_that_is_not_there_costs_nothing() -> None:
    plain = extract_article(PAGE, url=URL)
    assert "the 11th time" in plain.text
    assert extract_article(PAGE, url=URL, rules=Rules(body=(".missing",))).text == plain.text


def test_nested_bodies_are_taken_once() -> None:
    article = extract_article(PAGE, url=URL, rules=Rules(body=("div, p",)))
    assert article.text.count("the 3th time") == 1


def test_what_is_dropped_is_told() -> None:
    article = extract_article(PAGE, url=URL, rules=Rules(drop=(".box",), drop_lines=("the [45]th time",)))
    assert "Vote" not in article.text
    assert "4th" not in article.text
    assert "6th" in article.text
    told = {(item.what, item.evidence) for item in article.removed if item.why == "rule"}
    assert ("Vote for the ferry of the year.", "drop .box") in told
    assert len(told) == 3


def test_what_feeds_say_is_under_the_same_rules() -> None:
    entry = Entry(link=URL, title="Ferry", content=f"{PARAGRAPHS}<p class=box>Vote!</p><p>Advertisement</p>")
    article = extract_article(b"", url=URL, entry=entry, rules=Rules(drop=(".box",), drop_lines=("^Advertisement$",)))
    assert "Vote" not in article.text
    assert "Advertisement" not in article.text


def test_a_cut_is_undone() -> None:
    """Of each kind: a line that recurs, a picture that does, an editor's line, and the title on top."""
    greeting, picture = "Good evening from the harbour.", "https://news.example/mole.png"
    end = "责任编辑：林海"
    items = [
        f'<p>Ferry</p><p>{greeting}</p><img src="{picture}"><p>Report {number} of many words about the ferry.</p>'
        f"{PARAGRAPHS.replace('time', f'time in week {number}')}<p>{end}</p>"
        for number in range(8)
    ]
    template = learn_fragments(items)
    entry = Entry(link=URL, title="Ferry", content=items[0])
    cut = extract_article(b"", url=URL, entry=entry, template=template)
    whats = [item.what for item in cut.removed]
    assert {greeting, picture, end} <= set(whats)
    whole = extract_article(b"", url=URL, entry=entry, template=template, rules=Rules(keep=tuple(whats)))
    assert whole.removed == ()
    assert greeting in whole.text
    assert end in whole.text
    assert picture in whole.html


def test_rules_of_others() -> None:
    text = (
        "# a comment\ntitle: //h1\nbody: //div[@id='text']\nstrip: //aside\nstrip_id_or_class: share\n"
        'strip_image_src: "ads/"\nprune: no\ntest_url: https://news.example/x\nnonsense\nstrip: //p[['
    )
    rules, left = from_site_config(text)
    assert rules.body == ("//div[@id='text']",)
    assert rules.drop == (
        "//aside", '//*[contains(@id, "share") or contains(@class, "share")]', '//img[contains(@src, "ads/")]',
    )  # fmt: skip
    assert left == ["title: //h1", "prune: no", "nonsense", "strip: //p[["]
    assert extract_article(PAGE, url=URL, rules=rules).text.startswith("The ferry")


def test_more_rules_are_added_once() -> None:
    assert added(Rules(drop=("a",)), drop=["b", "a", "b"], keep=["x"]) == Rules(drop=("a", "b"), keep=("x",))
    assert Rules().digest() == ""
    assert len({Rules(drop=("a",)).digest(), Rules(keep=("a",)).digest(), Rules(drop=("b",)).digest()}) == 3
