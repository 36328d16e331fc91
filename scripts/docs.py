"""Writes the reference pages from the code itself: python scripts/docs.py [--check]

``docs/reference/commands.md``, ``settings.md`` and ``templates.md`` are made here, and the list of limits in
``docs/concepts/security.md``; everything else in ``docs/`` is written by hand. With ``--check`` nothing is written, and the
exit code is 1 when a page is out of date.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from broadsheet import config, limits, model
from broadsheet.cli import COMMANDS, cli
from broadsheet.site import context

ROOT = Path(__file__).parents[1]
NOTE = "<!-- Made by `make docs` from the code. Change it there. -->\n\n"


def field_docs(kind: type) -> dict[str, str]:
    """Return what the string below each field of a record says of it."""
    tree = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for before, node in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(before, ast.AnnAssign) and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            assert isinstance(before.target, ast.Name)
            found[before.target.id] = plain(str(node.value.value))
    return found


def annotations(kind: type) -> dict[str, str]:
    """Return the type of each field as it is written in the code."""
    tree = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(tree, ast.ClassDef)
    return {
        node.target.id: ast.unparse(node.annotation)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def first_line(kind: type) -> str:
    """Return the first paragraph of a record's docstring."""
    return plain((inspect.getdoc(kind) or "").split("\n\n")[0])


def plain(text: str) -> str:
    """Return a docstring's text on one line, as Markdown."""
    return inspect.cleandoc(text).replace("\n", " ").replace("``", "`").replace("|", "\\|")


def commands() -> Iterator[str]:
    """Yield the page of all commands with their help."""
    yield f"# Commands\n\n{NOTE}"
    yield "Data goes to stdout, messages to stderr. Exit codes: 0 done (even if some feeds failed), 1 nothing could be done "
    yield "(or, with `--strict`, a feed failed), 2 wrong usage or configuration, 3 another run holds the lock, 130 interrupted.\n\n"
    yield f"```\n{help_of('broadsheet', cli)}\n```\n"
    context_ = click.Context(cli, info_name="broadsheet")
    for name in COMMANDS:
        found = cli.get_command(context_, name)
        assert found is not None
        yield f"\n## broadsheet {name}\n\n```\n{help_of(f'broadsheet {name}', found)}\n```\n"


def help_of(name: str, command: click.Command) -> str:
    """Return a command's help, global options left out of single commands."""
    with click.Context(command, info_name=name, terminal_width=100) as made:
        text = command.get_help(made)
    if command is cli:
        return text
    shared = tuple(f"  {option.opts[0]}" for option in cli.params if option.opts[0] not in ("--version", "--help"))
    hidden = (*shared, "  -q, --quiet", "  -v, --verbose", "  -h, --help", "  --help")
    lines = [line for line in text.splitlines() if not line.startswith(hidden)]
    return "\n".join(lines).removesuffix("\nOptions:").rstrip().removesuffix("Options:").rstrip()


def settings() -> Iterator[str]:
    """Yield the page of all settings with their defaults."""
    yield f"# Settings\n\n{NOTE}"
    yield "One `broadsheet.toml` in the newspaper's folder. Flags beat the environment (`BROADSHEET_<TABLE>_<KEY>`), which beats "
    yield "the file, which beats the defaults; `broadsheet config` shows what is in force and where it comes from. A wrong key or "
    yield "value is reported with its line and the nearest right name, and nothing runs.\n\n"
    yield "`opml` (at the top, before the first table): a file of subscriptions beside the `[[feeds]]` below.\n"
    for name, kind in [*config.TABLES.items(), ("[feeds]", config.FeedConfig), ("[topics]", config.TopicConfig)]:
        yield f"\n## [{name}]\n\n{first_line(kind)}\n\n| key | default | |\n|---|---|---|\n"
        told = field_docs(kind)
        required = set(config.REQUIRED.get(name.strip("[]"), ()))
        blank = kind(**dict.fromkeys(required, ""))
        for field in annotations(kind):
            default = "required" if field in required else f"`{toml(getattr(blank, field))}`"
            yield f"| `{field}` | {default} | {told.get(field, '')} |\n"
        if kind is config.FeedConfig:
            yield f"\n### filters\n\n`filters = {{ include = [...], exclude_title = [...] }}`: {first_line(model.Filters)}\n"
            yield "\nPatterns are those of [RE2](https://github.com/google/re2/wiki/Syntax), which take linear time "
            yield "whatever the text: no look-around, no back-references, and `\\w`, `\\d`, `\\b` know ASCII "
            yield "only (`\\pL`, `\\p{Han}` know the rest). "
            yield "They look at plain text, without tags; `(?i)` ignores case.\n\n| key | default | |\n|---|---|---|\n"
            for field, told_of in field_docs(model.Filters).items():
                yield f"| `{field}` | `[]` | {told_of} |\n"
            yield f"\n### scrape\n\n{first_line(model.Scrape)}\n\n| key | default | |\n|---|---|---|\n"
            for field, told_of in field_docs(model.Scrape).items():
                yield f'| `{field}` | `""` | {told_of} |\n'


def toml(value: object) -> str:
    """Return a value as TOML writes it."""
    if value is None:
        return "as in [poll]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    return str(value) if isinstance(value, int | float) else "{}"


def templates() -> Iterator[str]:
    """Yield the page of all templates with the records that they are given."""
    yield f"# Templates\n\n{NOTE}"
    yield "A theme is a folder with `templates/` and `assets/`; what it lacks comes from the default theme. `[site] theme` names "
    yield "a bundled theme or a folder of the newspaper. Templates are Jinja2 with autoescape; each is given `page`, `site` and "
    yield "its own record. The only HTML that may be printed unescaped is `article.html` (and `page.structured` inside its script "
    yield "element).\n\n| template | record | printed as |\n|---|---|---|\n"
    for name, kind in context.TEMPLATES.items():
        yield f"| `{name}` | [{kind.__name__}](#{kind.__name__.lower()}) | `{context.NAMES[name]}` |\n"
    kinds = [kind for _, kind in inspect.getmembers(context, inspect.isclass) if kind.__module__ == context.__name__]
    order = {name: index for index, name in enumerate(line.split("(")[0][6:] for line in class_lines())}
    for kind in sorted(kinds, key=lambda kind: order[kind.__name__]):
        yield f"\n## {kind.__name__}\n\n{first_line(kind)}\n"
        fields = annotations(kind)
        if fields:
            yield "\n| field | type | |\n|---|---|---|\n"
            told = field_docs(kind)
            for field, annotation in fields.items():
                shown = annotation.replace("|", "\\|")
                yield f"| `{field}` | `{shown}` | {told.get(field, '')} |\n"


def class_lines() -> list[str]:
    """Return the lines of the context module that begin a record."""
    return [line for line in inspect.getsource(context).splitlines() if line.startswith("class ")]


def limits_table() -> Iterator[str]:
    """Yield the table of all limits."""
    yield "| limit | at most | beyond it |\n|---|---|---|\n"
    for name, limit in limits.LIMITS.items():
        yield f"| `{name}` | {limit.value:,} {limit.of} | {limit.then} |\n"


def security() -> Iterator[str]:
    """Yield the page on security with its list of limits made anew."""
    before, mark, rest = (ROOT / "docs" / "concepts" / "security.md").read_text("utf-8").partition("<!-- limits -->\n")
    _, end, after = rest.partition("<!-- end of limits -->\n")
    assert mark
    assert end
    yield from (before, mark, *limits_table(), end, after)


PAGES = {
    "reference/commands.md": commands,
    "reference/settings.md": settings,
    "reference/templates.md": templates,
    "concepts/security.md": security,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or check them."""
    stale = []
    for name, make in PAGES.items():
        path = ROOT / "docs" / name
        text = "".join(make())
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, "utf-8")
    if stale and "--check" in arguments:
        print(f"out of date: {', '.join(stale)}; run: make docs")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
