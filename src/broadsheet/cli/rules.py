"""broadsheet rules: what is cut from a site's articles, and a person's word against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from broadsheet import urls
from broadsheet.articles.rules import FIELDS, NONE, Rules, added, from_site_config, read_rules, rules_for
from broadsheet.cli.base import State, command
from broadsheet.cli.story import find_article
from broadsheet.errors import UsageError
from broadsheet.model import Removed
from broadsheet.newspaper import Newspaper


@command("show")
@click.argument("article")
def show(state: State, article: str) -> None:
    """Show what was cut from an article, numbered, each with the reason and the evidence, and the rules for its site.

    An ARTICLE is named by its id, its address here, or its original's. A domain in its place shows its rules alone.
    """
    from broadsheet.store import articles

    removed: tuple[Removed, ...] = ()
    with state.open() as paper:
        if _is_domain(article):
            domain = article.lower()
            rules = rules_for(paper.rules(), f"https://{domain}/")
        else:
            with paper.store.read() as connection:
                found = articles.get(connection, find_article(state, connection, article))
            assert found is not None
            domain, removed = urls.host(found.url), found.removed
            rules = rules_for(paper.rules(), found.url)
    if state.json:
        state.print_json({"domain": domain, "rules": rules, "removed": removed})
        return
    for number, item in enumerate(removed, 1):
        click.echo(f"{number:3}  {item.why} ({item.evidence}): {item.what}")
    if not removed and not _is_domain(article):
        state.tell(state.say("rules.nothing"))
    if rules is NONE:
        state.tell(state.say("rules.none", domain=domain))
    for name in FIELDS:
        for value in getattr(rules, name):
            click.echo(f"{name} = {value}")


@command("keep")
@click.argument("article")
@click.argument("numbers", type=int, nargs=-1, required=True)
def keep(state: State, article: str, numbers: tuple[int, ...]) -> None:
    """Undo cuts: what stands under these NUMBERS of 'rules show' is not cut from the site's articles any more."""
    from broadsheet.store import articles

    with state.open() as paper:
        with paper.store.read() as connection:
            found = articles.get(connection, find_article(state, connection, article))
        assert found is not None
        wrong = [number for number in numbers if not 1 <= number <= len(found.removed)]
        if wrong:
            raise UsageError(state.say("rules.no_number", number=wrong[0], count=len(found.removed)))
        _change(state, paper, urls.host(found.url), keep=[found.removed[number - 1].what for number in numbers])


@command("drop")
@click.argument("domain")
@click.argument("selector")
def drop(state: State, domain: str, selector: str) -> None:
    """Take what a CSS SELECTOR or an XPath names out of all articles of a domain."""
    with state.open() as paper:
        _change(state, paper, domain, drop=[selector])


@command("body")
@click.argument("domain")
@click.argument("selector")
def body(state: State, domain: str, selector: str) -> None:
    """Take the text of a domain's articles from what a CSS SELECTOR or an XPath names on their pages."""
    with state.open() as paper:
        _change(state, paper, domain, body=[selector])


@command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take(state: State, files: tuple[Path, ...]) -> None:
    """Take rules from files of FiveFilters' ftr-site-config, each named after its domain: news.example.txt."""
    with state.open() as paper:
        for path in files:
            rules, left = from_site_config(path.read_text("utf-8", "replace"))
            for line in left:
                click.echo(state.say("rules.left", file=path.name, line=line), err=True)
            _change(state, paper, path.stem.lstrip("."), **{name: list(getattr(rules, name)) for name in FIELDS})


rules_command = click.Group(
    "rules",
    commands={"show": show, "keep": keep, "drop": drop, "body": body, "import": take},
    help="Show what was cut from an article and why, and correct it for its site, in rules.toml.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _is_domain(name: str) -> bool:
    return "." in name and "/" not in name


def _change(state: State, paper: Newspaper, domain: str, **more: list[str]) -> None:
    """Add to the rules of a domain, everything else in the file left as it is; nothing is written that would not be read."""
    import tomlkit

    if not _is_domain(domain):
        raise UsageError(state.say("rules.no_domain", domain=domain))
    domain = domain.lower().removeprefix("www.")
    before = paper.rules().get(domain, Rules())
    after = added(before, **more)
    text = paper.rules_file.read_text("utf-8") if paper.rules_file.exists() else state.say("rules.head") + "\n"
    document: Any = tomlkit.parse(text)
    table = document.setdefault(domain, tomlkit.table())
    for name in FIELDS:
        if getattr(after, name) != getattr(before, name):
            values = tomlkit.array()
            values.extend(getattr(after, name))
            table[name] = values.multiline(multiline=True)
    written = tomlkit.dumps(document)
    read_rules(written, str(paper.rules_file))
    paper.rules_file.write_text(written, "utf-8")
    if state.json:
        state.print_json({"domain": domain, "rules": msgspec.to_builtins(after)})
    else:
        state.tell(state.say("rules.done", file=paper.rules_file.name, domain=domain))
