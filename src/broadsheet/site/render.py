"""Template and context -> bytes. Pure, given the theme.

What is the same on all pages of a site is put into the templates when they are compiled, and what the same article
shows in several lists is rendered once: together that is most of the work.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2

from broadsheet.errors import ConfigError, RenderError
from broadsheet.model import Record
from broadsheet.site.context import NAMES, Page, Site
from broadsheet.site.templates import Environment, FlatEnvironment
from broadsheet.text import digest

THEMES = Path(__file__).parent / "themes"
MUCH = 1_000_000
"""Characters of pages after which it pays to make a template flat."""
_REMEMBERED = 4096
"""Parts of pages that are kept for other pages: some 3 kB each at most."""


class Theme:
    """A folder with ``templates`` and ``assets``. What a theme lacks comes from the default theme."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._loader = jinja2.FileSystemLoader([folder / "templates" for folder in folders])
        self._site: Site | None = None
        self._environments: dict[type[Environment], Environment] = {}
        self._compiled: dict[tuple[type[Environment], str], jinja2.Template] = {}
        self._printed: Counter[str] = Counter()
        """Characters that came of each template."""
        self._remembered: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    @classmethod
    def load(cls, name: str, folder: Path) -> Theme:
        """Return a bundled theme, or the one in a folder of the newspaper laid over the default."""
        default = THEMES / "default"
        if name == "default":
            return cls([default])
        for candidate in (folder / name, THEMES / name):
            if candidate.is_dir():
                return cls([candidate, default])
        bundled = ", ".join(sorted(path.name for path in THEMES.iterdir() if path.is_dir()))
        raise ConfigError(
            f"[site] theme is {name!r}: neither a folder at {folder / name} nor a bundled theme ({bundled})"
        )

    def render(self, template: str, page: Page, record: Record) -> bytes:
        """Return the page as UTF-8. Raises ``RenderError`` with template and line."""
        try:
            compiled = self._template(template, page.site)
            # ``compiled.render`` copies what it is given, and that takes a quarter of the time of an article's page.
            given = {**compiled.environment.globals, "page": page, "site": page.site, NAMES[template]: record}
            text = "".join(compiled.root_render_func(compiled.new_context(given, shared=True)))
        except jinja2.TemplateSyntaxError as error:
            raise RenderError(f"{error.filename or template}:{error.lineno}: {error.message}") from None
        except jinja2.TemplateError as error:
            raise RenderError(f"{template} for {page.path}: {error}") from None
        self._printed[template] += len(text)
        return text.encode("utf-8", "replace")

    def _template(self, name: str, site: Site) -> jinja2.Template:
        """Return the template as it is compiled for the site; one that much comes of is worth the time to make it flat."""
        if self._site is not site:
            self._site = site
            self._environments = {kind: self._environment(kind, site) for kind in (Environment, FlatEnvironment)}
            for made in (self._compiled, self._printed, self._remembered):
                made.clear()
        kind = FlatEnvironment if self._printed[name] > MUCH else Environment
        found = self._compiled.get((kind, name))
        if found is None:
            found = self._compiled[kind, name] = self._environments[kind].get_template(name)
        return found

    def _environment(self, kind: type[Environment], site: Site) -> Environment:
        made = kind(
            site,
            loader=self._loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        made.globals["remembered"] = self._remember
        return made

    def forget(self) -> None:
        """Let go of what macros made of records."""
        self._remembered.clear()

    def _remember(self, macro: Any, item: Record, site: Site, *arguments: object) -> Any:
        """Return what the macro makes of a record and the site; what it made of an equal record before, if that is kept."""
        key = (macro, item, arguments)
        found = self._remembered.get(key)
        if found is None:
            found = self._remembered[key] = macro(item, site, *arguments)
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    @cached_property
    def assets(self) -> Mapping[str, Path]:
        """The theme's files by name; a site's own file replaces the default's of the same name."""
        found: dict[str, Path] = {}
        for folder in reversed(self._folders):
            root = folder / "assets"
            for path in sorted(root.rglob("*")) if root.is_dir() else ():
                if path.is_file():
                    found[path.relative_to(root).as_posix()] = path
        return found

    @cached_property
    def digest(self) -> str:
        """A name for everything that the theme says; the site is printed anew when it changes."""
        parts: list[str | bytes] = []
        for folder in self._folders:
            for path in sorted((folder / "templates").rglob("*")) if (folder / "templates").is_dir() else ():
                if path.is_file():
                    parts += [path.name, path.read_bytes()]
        for name, path in sorted(self.assets.items()):
            parts += [name, path.read_bytes()]
        return digest(*parts)
