"""EPUB 3.3: one edition (a day, a week, a story) as ``<edition>.epub``, with cover, contents by section and pictures.

Editions stay in the folder beside each other; one that holds an article that was taken down since is removed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from uuid import NAMESPACE_URL, uuid5

from broadsheet import urls
from broadsheet.errors import UsageError
from broadsheet.export.base import ExportArticle, Manifest, Target
from broadsheet.export.folder import Folder
from broadsheet.export.sites import LOCALES, local
from broadsheet.export.xhtml import legal, xhtml
from broadsheet.messages import labels

PUBLIC = True
EDITIONS = True
_STYLE = """\
body { line-height: 1.5; margin: 0 4%; }
h1 { line-height: 1.25; }
img { max-width: 100%; height: auto; }
figure { margin: 1em 0; }
figcaption, .about { color: #555; font-size: 0.85em; }
blockquote { border-left: 0.2em solid #bbb; margin-left: 0; padding-left: 1em; }
pre { white-space: pre-wrap; }
table { border-collapse: collapse; }
td, th { border: 1px solid #bbb; padding: 0.2em 0.5em; vertical-align: top; }
.cover { margin: 0; text-align: center; }
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file knows: the same articles make the same bytes."""


def write(articles: Iterable[ExportArticle], target: Target) -> Manifest:
    """Write the target's edition beside those that are there."""
    edition = target.edition
    if edition is None:
        raise UsageError("an EPUB is one edition; give --day, --week or --story")
    items = list(articles)
    with Folder(target, "epub") as folder:
        own = f"{edition.name}.epub"
        for path, kept in folder.before.items():
            if path == own:
                continue
            if all(map(target.is_live, kept.articles)):
                folder.keep(path)
            else:
                folder.notes.append(f"{path} is removed: an article of it was taken down. Export it again.")
        if items:
            folder.put(own, _Book(items, target).made(), *(item.id for item in items))
        else:
            folder.notes.append(f"{edition.name}: there is nothing to export.")
        return folder.finish()


class _Book:
    """One edition. Files are kept in the order of reading."""

    def __init__(self, items: list[ExportArticle], target: Target) -> None:
        assert target.edition is not None
        self._target = target
        self._edition = target.edition
        self._labels = labels(target.language)
        self._language = LOCALES.get(target.language, target.language)
        self._pictures: dict[str, tuple[str, bytes, str]] = {}
        """Path of ours -> (name, bytes, media type)."""
        self._sections: dict[str, list[tuple[str, ExportArticle]]] = {}
        for number, item in enumerate(items, 1):
            name = item.section if not target.edition.name.startswith("story-") else item.source
            self._sections.setdefault(name or item.source, []).append((f"{number:04}.xhtml", item))
        self._modified = max(item.modified or item.date for item in items)

    def made(self) -> bytes:
        """Return the file."""
        chapters = [pair for section in self._sections.values() for pair in section]
        texts = {name: self._chapter(item) for name, item in chapters}
        files: list[tuple[str, bytes]] = [
            ("META-INF/container.xml", _CONTAINER.encode()),
            ("EPUB/package.opf", self._package([name for name, _ in chapters]).encode()),
            ("EPUB/nav.xhtml", self._navigation().encode()),
            ("EPUB/style.css", _STYLE.encode()),
            ("EPUB/cover.svg", self._cover().encode()),
            ("EPUB/cover.xhtml", self._cover_page().encode()),
            *((f"EPUB/{name}", text.encode()) for name, text in texts.items()),
            *((f"EPUB/{name}", body) for name, body, _ in self._pictures.values()),
        ]
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as book:
            # EPUB OCF 3.3, section 4.2.3: the first file, stored as it is.
            book.writestr(_entry("mimetype", zipfile.ZIP_STORED), b"application/epub+zip")
            for name, body in files:
                book.writestr(_entry(name, zipfile.ZIP_DEFLATED), body)
        return written.getvalue()

    # ------------------------------------------------------------------------------------------- parts

    def _chapter(self, item: ExportArticle) -> str:
        article = item.stored.article
        language = article.language or self._language
        about = " · ".join(filter(None, (item.source, article.byline, f"{self._date(item.date)}")))
        body = xhtml(item.html, self._picture)
        lead = ""
        if article.image and article.image.path and f'src="/{article.image.path}"' not in item.html:
            place = self._picture(f"/{article.image.path}")
            lead = f'<figure><img src="{_attr(place)}" alt="{_attr(article.image.alt)}"/></figure>' if place else ""
        original = ""
        if urls.is_http(article.url):
            text = self._labels["original"] % urls.host(article.url)
            original = f'<p class="about"><a href="{_attr(_reachable(article.url))}">{_text(text)}</a></p>'
        inner = (
            f'<article><h1>{_text(item.title)}</h1><p class="about">{_text(about)}</p>{lead}{body}{original}</article>'
        )
        return _document(language, item.title, inner)

    def _picture(self, source: str) -> str:
        """Return the name of a picture within the book; nothing for one that we have no copy of."""
        path = source.removeprefix("/")
        if not source.startswith("/m/"):
            return ""
        if path not in self._pictures:
            body = self._target.archive.picture(path)
            converted = _for_readers(body) if body is not None else None
            if converted is None:
                return ""
            data, ending, kind = converted
            self._pictures[path] = (
                f"{path.removeprefix('m/').replace('/', '').rpartition('.')[0]}.{ending}",
                data,
                kind,
            )
        return self._pictures[path][0]

    def _date(self, instant: datetime) -> str:
        return f"{local(instant, self._target.zone):%Y-%m-%d %H:%M}"

    def _package(self, chapters: list[str]) -> str:
        identifier = f"urn:uuid:{uuid5(NAMESPACE_URL, f'{self._target.url}#{self._edition.name}')}"
        items = [
            '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
            '<item id="style" href="style.css" media-type="text/css"/>',
            '<item id="cover-image" href="cover.svg" media-type="image/svg+xml" properties="cover-image"/>',
            '<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>',
            *(f'<item id="c{name[:4]}" href="{name}" media-type="application/xhtml+xml"/>' for name in chapters),
            *(
                f'<item id="p{name[:-4]}" href="{name}" media-type="{kind}"/>'
                for name, _, kind in self._pictures.values()
            ),
        ]
        spine = "".join(f'<itemref idref="c{name[:4]}"/>' for name in chapters)
        language = f"<dc:language>{_text(self._language)}</dc:language>"
        also = sorted({item.stored.article.language for _, item in self._all()} - {"", self._language})
        language += "".join(f"<dc:language>{_text(name)}</dc:language>" for name in also)
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
            f'unique-identifier="id" xml:lang="{_attr(self._language)}"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f'<dc:identifier id="id">{identifier}</dc:identifier><dc:title>{_text(self._edition.title)}</dc:title>'
            f"{language}<dc:creator>{_text(self._target.title)}</dc:creator>"
            f"<dc:publisher>{_text(self._target.title)}</dc:publisher>"
            f"<dc:date>{local(self._modified, self._target.zone):%Y-%m-%d}</dc:date>"
            f'<meta property="dcterms:modified">{self._modified.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</meta></metadata>'
            f'<manifest>{"".join(items)}</manifest><spine><itemref idref="cover"/><itemref idref="nav"/>{spine}</spine>'
            "</package>\n"
        )

    def _all(self) -> Iterable[tuple[str, ExportArticle]]:
        return (pair for section in self._sections.values() for pair in section)

    def _navigation(self) -> str:
        lines = []
        for section, chapters in self._sections.items():
            links = "".join(f'<li><a href="{name}">{_text(item.title)}</a></li>' for name, item in chapters)
            lines.append(f"<li><span>{_text(section)}</span><ol>{links}</ol></li>")
        title = self._labels["contents"]
        inner = f'<nav epub:type="toc" id="toc"><h1>{_text(title)}</h1><ol>{"".join(lines)}</ol></nav>'
        return _document(self._language, title, inner)

    def _cover(self) -> str:
        name, _, rest = (
            self._edition.title.rpartition(", ") if ", " in self._edition.title else ("", "", self._edition.title)
        )
        lines = [(name or self._target.title, 64, 260), (rest, 40, 350)]
        lines += [(section, 34, 520 + 60 * number) for number, section in enumerate(list(self._sections)[:10])]
        texts = "".join(
            f'<text x="400" y="{y}" font-size="{_fitting(text, size)}" text-anchor="middle">{_text(text[:60])}</text>'
            for text, size, y in lines
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 1200" '
            'width="800" height="1200"><rect width="800" height="1200" fill="#fbf8f1"/>'
            '<path d="M80 160h640M80 410h640M80 420h640" stroke="#222" stroke-width="4"/>'
            f'<g fill="#222" font-family="serif">{texts}</g></svg>\n'
        )

    def _cover_page(self) -> str:
        inner = f'<p class="cover"><img src="cover.svg" alt="{_attr(self._edition.title)}"/></p>'
        return _document(self._language, self._edition.title, inner)


_CONTAINER = """\
<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>\
<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"""


def _document(language: str, title: str, inner: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops" lang="{_attr(language)}" xml:lang="{_attr(language)}"><head>'
        f'<title>{_text(title) or "—"}</title><link rel="stylesheet" href="style.css"/></head><body>{inner}</body></html>\n'
    )


def _entry(name: str, method: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, _EPOCH)
    made.compress_type = method
    made.create_system = 3
    made.external_attr = 0o644 << 16
    return made


def _for_readers(body: bytes) -> tuple[bytes, str, str] | None:
    """Return a picture as (bytes, ending, media type) that reading devices show; many know no WebP."""
    from PIL import Image, UnidentifiedImageError

    written = io.BytesIO()
    try:
        with Image.open(io.BytesIO(body)) as picture:
            if picture.mode in ("RGBA", "LA", "P", "PA"):
                picture.convert("RGBA").save(written, "PNG", optimize=True)
                return written.getvalue(), "png", "image/png"
            picture.convert("RGB").save(written, "JPEG", quality=85)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
        return None
    return written.getvalue(), "jpg", "image/jpeg"


def _reachable(url: str) -> str:
    return urls.resolve("", url).replace("|", "%7C").replace("[", "%5B").replace("]", "%5D").replace("^", "%5E")


def _fitting(text: str, size: int) -> int:
    columns = sum(1.0 if ord(character) > 0x2E7F else 0.55 for character in text[:60])
    return min(size, int(660 / max(columns, 1.0)))


def _text(value: str) -> str:
    return escape(legal(value), quote=False)


def _attr(value: str) -> str:
    return escape(legal(value))
