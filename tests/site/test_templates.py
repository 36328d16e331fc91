"""Templates print the same bytes as they stand and made flat: Jinja itself is the measure."""

from __future__ import annotations

import random
import re
import types
import typing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pytest
from markupsafe import Markup

from broadsheet.messages import labels
from broadsheet.site import context
from broadsheet.site.context import NAMES, TEMPLATES, Page, Site, Target
from broadsheet.site.render import MUCH, THEMES, Theme
from broadsheet.site.templates import Environment, FlatEnvironment

SITE = Site(
    title="A & B", subtitle="", language="en", home="/", url="https://paper.example/", assets="/assets/",
    sections=(Target(title="World", href="/section/world/"), Target(title="<Town>", href="/section/town/")),
    labels=labels("en"),
)  # fmt: skip
OPTIONS: dict[str, Any] = {
    "autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True,
    "keep_trailing_newline": True,
}  # fmt: skip


def remembered(macro: Any, *arguments: object) -> Any:
    return macro(*arguments)


def environments(loader: jinja2.BaseLoader) -> list[jinja2.Environment]:
    """Return Jinja's own, then ours."""
    found = [jinja2.Environment(loader=loader, **OPTIONS)]
    found += [kind(SITE, loader=loader, **OPTIONS) for kind in (Environment, FlatEnvironment)]
    for environment in found:
        environment.globals["remembered"] = remembered
    return found


def printed(environment: jinja2.Environment, name: str, values: dict[str, Any]) -> str:
    """Return the page, or the error that a theme's author is told."""
    try:
        return environment.get_template(name).render(values)
    except (jinja2.TemplateError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


MACROS = """
{% macro plain(item, mark="b") %}<{{ mark }}>{{ item.title }}</{{ mark }}>{% endmacro %}
{% macro each(item, site, upper=false) %}
{% for part in item.parts if part %}{{ loop.index }}{{ plain(item) }}{% if upper %}{{ part|upper }}{% else %}{{ part }}{% endif %}
{% else %}none{% endfor %}{% endmacro %}
{% macro deep(n) %}{{ n }}{% if n %}{{ deep(n - 1) }}{% endif %}{% endmacro %}
{% macro around(item) %}<i>{{ caller() }}{{ item.title }}</i>{% endmacro %}
{% macro counting(item) %}{% set n = item.parts|length %}{{ n }}{{ varargs|length }}{% endmacro %}
"""
BASE = """<title>{{ page.title }}{% block head %}{{ site.title }}{% endblock %}</title>
{% for section in site.sections %}<a{% if section.title == page.title %} on{% endif %}>{{ section.title }}</a>{% endfor %}
{% block main %}base{% block inner %} inner{% endblock %}{% endblock %}
{{ site.home }}"""
FROM = "{% from 'macros' import plain, each, deep, around, counting %}"
CASES = {
    "child": "{% extends 'base' %}{% block main %}{{ item.title }}{% endblock %}",
    "child of child": "{% extends 'middle' %}{% block inner %}deepest{% endblock %}",
    "block in block": "{% extends 'base' %}{% block inner %}mine{% endblock %}",
    "parent's block kept": "{% extends 'base' %}{% block main %}{{ super() }}more{% endblock %}",
    "block printed again": "{% extends 'base' %}{% block main %}{{ self.head() }}{% endblock %}",
    "set in a block": "{% extends 'base' %}{% block head %}{% set page = item %}{{ page.title }}{% endblock %}",
    "set beside blocks": "{% extends 'base' %}{% set word = 'set' %}{% block main %}{{ word }}{% endblock %}",
    "text beside blocks": "{% extends 'base' %}lost{{ item.title }}{% block main %}kept{% endblock %}",
    "text before the parent": "first {% extends 'base' %}",
    "parent by name": "{% extends which %}{% block main %}x{% endblock %}",
    "macros in a child": f"{{% extends 'base' %}}{FROM}{{% block main %}}{{{{ each(item, site) }}}}{{% endblock %}}",
    "macro": FROM + "{{ plain(item) }}, {{ plain(item, 'em') }}, {{ plain(mark='q', item=item) }}",
    "macro given what is not there": FROM + "{{ plain(item.nothing) }}",
    "macro without an argument": FROM + "{{ plain() }}",
    "macro given too much": FROM + "{{ plain(item, 'a', 'b') }}",
    "macro with a loop": FROM + "{{ each(item, site, true) }}{{ each(item, site, upper=no) }}",
    "macro that calls itself": FROM + "{{ deep(3) }}",
    "macro with a caller": FROM + "{% call around(item) %}inside{% endcall %}",
    "macro that sets": FROM + "{{ counting(item, 1, 2) }}",
    "macro's result used": FROM + "{{ plain(item)|length }}{{ plain(item) ~ '<' }}{{ remembered(plain, item) }}",
    "loop's names given": FROM + "{% for part in [item] %}{{ each(part, site, loop.first) }}{{ loop.index }}{% endfor %}",
    "name taken by a loop": FROM + "{% for plain in item.parts %}{{ plain }}{% endfor %}",
    "other name": "{% from 'macros' import plain as shown %}{{ shown(item) }}",
    "with context": "{% from 'macros' import plain with context %}{{ plain(item) }}",
    "whole module": "{% import 'macros' as all %}{{ all.plain(item) }}",
    "own macro": "{% macro own(x) %}{{ x.title }}{% endmacro %}{{ own(item) }}",
    "own macro over an imported one": FROM + "{% macro plain(item) %}own{% endmacro %}{{ plain(item) }}",
    "macro of a template that is not there": "{% from 'nowhere' import plain %}{{ plain(item) }}",
    "macro that is not there": "{% from 'macros' import nothing %}{{ nothing(item) }}",
    "decided": "{% if true and item.title %}a{% elif false %}b{% else %}c{% endif %}{% if not true %}d{% elif 1 %}e{% endif %}",
    "sides": "{{ 'x' if false else item.title }}{{ '' or item.title }}{{ 0 and item.title }}{{ 'y' if false }}",
    "escaped": "{{ item.title }}{{ item.html }}{{ item.number }}{{ none }}{{ item.title|safe }}{{ \"a'b\" }}",
    "attributes": "{{ item.parts.0 }}{{ item['title'] }}{{ site.labels.search }}{{ item.none is none }}{{ item.x is defined }}",
    "nothing's attribute": "{{ item.none.title }}",
    "unescaped part": "{% autoescape false %}{{ item.title }}{% endautoescape %}{{ item.title }}",
    "included": "{% include 'part' %}",
    "error in the parent": "{% extends 'broken' %}",
}  # fmt: skip
FILES = CASES | {
    "macros": MACROS, "base": BASE, "part": "{{ item.title }}", "broken": "{% if %}",
    "middle": "{% extends 'base' %}{% block main %}middle{% block inner %} {{ page.title }}{% endblock %}{% endblock %}",
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_flat_templates_print_what_jinja_prints(name: str) -> None:
    item = {
        "title": "<Ü & 'q'>", "parts": ["one", "", "two>"], "html": Markup("<b>x</b>"), "number": 3, "none": None,
    }  # fmt: skip
    values = {"page": {"title": "World"}, "site": SITE, "item": item, "which": "base", "no": False}
    found = [printed(environment, name, values) for environment in environments(jinja2.DictLoader(FILES))]
    assert found == [found[0]] * 3


def example(kind: Any, chance: random.Random) -> Any:
    """Return a value of a field's type: full, empty and hostile ones by chance."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Site:
        return SITE
    if kind is str:
        return chance.choice(("", "plain", "<b>&'\"", "2026-01-02", "full", "excerpt", "link", "en", "World", "新闻"))
    if kind in (int, bool):
        return kind(chance.randrange(3))
    if origin is tuple:
        return tuple(example(inner[0], chance) for _ in range(chance.randrange(4)))
    if origin is types.UnionType:
        return example(chance.choice(inner), chance)
    if kind is type(None):
        return None
    fields = typing.get_type_hints(kind)
    return kind(**{field: example(fields[field], chance) for field in kind.__struct_fields__})


@pytest.mark.parametrize("theme", sorted(path.name for path in THEMES.iterdir()))
@pytest.mark.parametrize("template", TEMPLATES)
def test_flat_pages_of_our_themes_are_the_same(theme: str, template: str) -> None:
    folders = [THEMES / name / "templates" for name in dict.fromkeys((theme, "default"))]
    measure, *ours = environments(jinja2.FileSystemLoader(folders))
    for seed in range(30):
        chance = random.Random(seed)
        page, record = example(Page, chance), example(TEMPLATES[template], chance)
        values = {"page": page, "site": SITE, NAMES[template]: record}
        wanted = printed(measure, template, values)
        assert "<main" in wanted
        assert [printed(environment, template, values) for environment in ours] == [wanted] * 2


def test_a_theme_prints_the_same_page_after_many(tmp_path: Path) -> None:
    theme = Theme.load("default", tmp_path)
    chance = random.Random(5)
    page, record = example(Page, chance), example(TEMPLATES["list.html"], chance)
    first = theme.render("list.html", page, record)
    assert {theme.render("list.html", page, record) for _ in range(MUCH // len(first) + 2)} == {first}
    other = msgspec.structs.replace(page, site=msgspec.structs.replace(SITE, title="Other"))
    assert theme.render("list.html", other, record) != first


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_end_of_a_span_of_time_says_its_day_only_where_it_is_another(language: str) -> None:
    first, last, next_day = (
        context.moment(datetime(2026, 3, day, 14, minute, tzinfo=UTC), UTC, language)
        for day, minute in ((11, 5), (11, 40), (12, 5))
    )
    assert context.later(first, last) == msgspec.structs.replace(last, text="14:40")
    assert context.later(first, next_day) == next_day
    known_by_day = context.moment(datetime(2026, 3, 11, tzinfo=UTC), UTC, language, day_only=True)
    assert context.later(known_by_day, last) == last


@pytest.mark.parametrize("name", sorted(path.name for path in THEMES.iterdir() if path.is_dir()))
def test_the_style_sheets_of_a_theme_use_no_property_that_it_does_not_define(name: str, tmp_path: Path) -> None:
    """Those too that come from the default theme, because the theme has none of its own."""
    theme = Theme.load(name, tmp_path)
    pages = "".join(path.read_text("utf-8") for path in sorted((THEMES / name).rglob("*.html")))
    used = ("style.css", "search.css", *(["text.css"] if "text.css" in pages else []))
    style = "".join(theme.assets[sheet].read_text("utf-8") for sheet in used)
    assert set(re.findall(r"var\((--[\w-]+)", style)) <= set(re.findall(r"(--[\w-]+):", style))
