"""Template and context -> bytes. Pure, given the theme."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import jinja2

from broadsheet.errors import ConfigError, RenderError
from broadsheet.model import Record
from broadsheet.site.context import NAMES, Page
from broadsheet.text import digest

THEMES = Path(__file__).parent / "themes"


class Theme:
    """A folder with ``templates`` and ``assets``. What a theme lacks comes from the default theme."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([folder / "templates" for folder in folders]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

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
            text = self._environment.get_template(template).render(
                {"page": page, "site": page.site, NAMES[template]: record}
            )
        except jinja2.TemplateSyntaxError as error:
            raise RenderError(f"{error.filename or template}:{error.lineno}: {error.message}") from None
        except jinja2.TemplateError as error:
            raise RenderError(f"{template} for {page.path}: {error}") from None
        return text.encode("utf-8", "replace")

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
