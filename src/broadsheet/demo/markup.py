"""Light markup -> HTML and plain text. Pure.

Blocks are parted by blank lines: ``## subhead``, ``- list``, ``1. list``, ``> quote``, ``| table |`` (first row is its
head), a fence of three backticks, ``![caption](picture)``, ``[^1]: note``; anything else is a paragraph.
Inside a line: ``**strong**``, ``*emphasis*``, a pair of backticks for code, ``[text](address)``, ``[^1]``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

_INLINE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![*\w])\*([^*]+?)\*(?![*\w])"), r"<em>\1</em>"),
    (re.compile(r"\[\^(\w+)\](?!:)"), r'<sup><a href="#fn-\1">\1</a></sup>'),
    (re.compile(r"(?<!!)\[([^\]^]+)\]\(([^)\s]+)\)"), r'<a href="\2">\1</a>'),
)
_CODE = re.compile(r"`([^`]+)`")
_FIGURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
_WIDE = "[\u3000-\u9fff\uff00-\uffef“”]"
_WIDE_BREAK = re.compile(f"(?<={_WIDE})\n(?={_WIDE})")
_NOTE = re.compile(r"\[\^(\w+)\]: ?(.*)", re.DOTALL)


def to_html(text: str, picture_url: Callable[[str], str], *, base: str = "") -> str:
    """Return the HTML of a body. ``picture_url`` gives a picture's address; ``base`` stands before links from ``/``."""
    return "\n".join(_block(block, picture_url, base) for block in blocks(text))


def to_text(text: str) -> str:
    """Return the body's words without markup, one block a line; figures, code and notes are left out."""
    kept = [block for block in blocks(text) if not block.startswith(("![", "```", "[^"))]
    return "\n".join(_plain(block) for block in kept)


def first_paragraph(text: str) -> str:
    """Return the plain text of the first paragraph: what a feed of excerpts gives."""
    for block in blocks(text):
        if not block.startswith(("#", "!", "|", "```", ">", "- ")):
            return _plain(block)
    return ""


def blocks(text: str) -> list[str]:
    """Return the blocks of a body; a fence keeps its blank lines."""
    found: list[str] = []
    for number, part in enumerate(re.split(r"^(```[^\n]*\n.*?\n```)$", text.strip(), flags=re.DOTALL | re.MULTILINE)):
        if number % 2:
            found.append(part)
        else:
            found += [block.strip("\n") for block in re.split(r"\n\s*\n", part) if block.strip()]
    return found


def _plain(block: str) -> str:
    if block.startswith("|"):
        block = re.sub(r"\s*\|\s*", " ", block)
    bare = re.sub(r"^(?:#+|-|>|\d+\.) +", "", block, flags=re.MULTILINE)
    bare = re.sub(r"\[\^\w+\]", "", bare)
    bare = re.sub(r"\[([^\]]+)\]\([^)\s]+\)", r"\1", bare)
    return _line(re.sub(r"\*\*(.+?)\*\*|(?<![*\w])\*([^*]+?)\*(?![*\w])|`([^`]+)`", r"\1\2\3", bare))


def _line(text: str) -> str:
    """Return the text on one line; a line break between Han characters leaves no blank."""
    return " ".join(_WIDE_BREAK.sub("", text).split())


def _inline(text: str, base: str) -> str:
    """Return one run of text as HTML. Code is set aside first: nothing inside it is markup."""
    parts = _CODE.split(_line(text))
    for index, part in enumerate(parts):
        escaped = html.escape(part, quote=False)
        if index % 2:
            parts[index] = f"<code>{escaped}</code>"
            continue
        for pattern, replacement in _INLINE:
            escaped = pattern.sub(replacement, escaped)
        parts[index] = escaped.replace('href="/', f'href="{base}/')
    return "".join(parts)


def _block(block: str, picture_url: Callable[[str], str], base: str) -> str:
    lines = block.splitlines()
    first = lines[0]
    if first.startswith("```"):
        language = first[3:].strip()
        name = f' class="language-{language}"' if language else ""
        return f"<pre><code{name}>{html.escape(chr(10).join(lines[1:-1]), quote=False)}\n</code></pre>"
    if figure := _FIGURE.fullmatch(block):
        return picture(picture_url(figure[2]), figure[1])
    if note := _NOTE.fullmatch(block):
        return f'<p class="footnote" id="fn-{note[1]}">{note[1]}. {_inline(note[2], base)}</p>'
    if first.startswith("## "):
        return f"<h2>{_inline(first[3:], base)}</h2>"
    if first.startswith("- "):
        return _items("ul", [line[2:] for line in lines], base)
    if re.match(r"\d+\. ", first):
        return _items("ol", [line.split(". ", 1)[1] for line in lines], base)
    if first.startswith("> "):
        return f"<blockquote><p>{_inline(chr(10).join(line[2:] for line in lines), base)}</p></blockquote>"
    if first.startswith("|"):
        return _table(lines, base)
    return f"<p>{_inline(block, base)}</p>"


def picture(address: str, caption: str, *, css: str = "") -> str:
    """Return a figure with its caption."""
    name = f' class="{css}"' if css else ""
    words = html.escape(caption)
    below = f"<figcaption>{words}</figcaption>" if caption else ""
    return f'<figure{name}><img src="{html.escape(address)}" alt="{words}" width="1200" height="675">{below}</figure>'


def _items(tag: str, items: list[str], base: str) -> str:
    return f"<{tag}>\n" + "\n".join(f"<li>{_inline(item, base)}</li>" for item in items) + f"\n</{tag}>"


def _table(lines: list[str], base: str) -> str:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head = "".join(f"<th>{_inline(cell, base)}</th>" for cell in rows[0])
    body = "\n".join("<tr>" + "".join(f"<td>{_inline(cell, base)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
