"""What the sanitiser has no element for, in elements that it keeps: sections, formulas, numbered listings, signs as pictures."""

from __future__ import annotations

import re

from broadsheet import urls
from broadsheet.articles.tree import BLOCKS, Element, drop, last_of, make, raw_text, replace

_RENAMED = dict.fromkeys(
    "section article main header footer aside nav center address fieldset form hgroup".split(), "div"
)
# Two of them would become one paragraph if the sanitiser only took their tags away.
_RENAMED |= {"strike": "s", "tt": "code", "acronym": "abbr", "dir": "ul", "menu": "ul", "xmp": "pre", "listing": "pre"}
_FORM_OF_TEXT = 200
"""Letters from which a form holds a page's text, as some systems have it, rather than fields."""
_NUMBERS = re.compile(r"[\s\d]+")
_NUMBERING = frozenset("ln lnt lineno linenos line-number line-numbers linenumber line-numbers-rows".split())
"""Classes of what numbers the lines of a listing (Pygments, Chroma, Rouge, highlight.js)."""
_PERMALINK = re.compile(r"[#¶§∞⚓🔗\s\ufe0e\ufe0f]+")
_SIGN = re.compile(r"emoji|smil(?:ey|ie)|emoticon", re.IGNORECASE)
_MAX_SIGN = 24
_PICTURES = ("img", "picture", "svg", "canvas", "iframe", "video", "audio", "embed", "object")


def settle(root: Element) -> None:
    """Rewrite a body so that nothing of it is lost when the sanitiser takes out what it does not know."""
    formulas_to_code(root)
    listings_alone(root)
    captions_to_figures(root)
    _drop_permalinks(root)
    _signs_to_text(root)
    for element in list(root.iter(*_RENAMED)):
        if element is root or (element.tag == "form" and len(raw_text(element)) < _FORM_OF_TEXT):
            continue
        if _RENAMED[element.tag] != "div" or _holds_loose(element):
            element.tag = _RENAMED[element.tag]


def paragraphs_from_breaks(root: Element) -> None:
    """Make a paragraph of every run of text that stands loose between others or is set off from them by two breaks."""
    for holder in [root, *root.iter("div", "section", "article", "main", "center", "p")]:
        if holder is root or _is_set_off(holder):
            units = _units(holder)
            holder.text = None
            for child in list(holder):
                holder.remove(child)
            holder.extend(units)
            holder.tag = "div" if holder.tag == "p" else holder.tag


def _is_set_off(holder: Element) -> bool:
    """Return whether a holder has text beside blocks, or two breaks with nothing between them."""
    loose = holder.tag != "p" and bool((holder.text or "").strip())
    blocks, before = False, False
    for child in holder:
        if child.tag == "br":
            if before:
                return True
            before = not (child.tail or "").strip()
        elif child.tag in BLOCKS:
            blocks, before = True, False
        else:
            loose, before = loose or holder.tag != "p", False
        loose = loose or (holder.tag != "p" and bool((child.tail or "").strip()))
        if loose and blocks:
            return True
    return False


def _units(holder: Element) -> list[Element]:
    """Return the blocks of a holder and, as paragraphs, the runs between them; its children are taken out of it."""
    found: list[Element] = []
    run = make("p")
    waiting: list[Element] = []

    def end() -> None:
        nonlocal run
        if len(run) or (run.text or "").strip():
            found.append(run)
        run = make("p")
        waiting.clear()

    def add(text: str | None) -> None:
        if not text or not (text.strip() or len(run) or run.text) or (waiting and not text.strip()):
            return
        if text.strip():
            run.extend(waiting)
            waiting.clear()
        if len(run):
            run[-1].tail = (run[-1].tail or "") + text
        else:
            run.text = (run.text or "") + text

    children, text = list(holder), holder.text
    add(text)
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag in BLOCKS or next(child.iterdescendants(*BLOCKS), None) is not None:
            end()
            found.append(child)
        elif child.tag == "br":
            if waiting:
                end()
            elif len(run) or (run.text or "").strip():
                waiting.append(child)
        else:
            run.extend(waiting)
            waiting.clear()
            run.append(child)
        add(tail)
    end()
    return found


def links_to_targets(root: Element, base_url: str) -> None:
    """Let links lead where they lead in the end, as far as a redirector's address itself says that."""
    for link in root.iter("a"):
        address = link.get("href") or ""
        if "http" in address[4:] and (whole := urls.resolve(base_url, address)) != (target := urls.unwrap(whole)):
            link.set("href", target)


def _holds_loose(element: Element) -> bool:
    """Return whether there is text in an element that would stand beside its neighbours' without it."""
    return bool((element.text or "").strip()) or any(
        child.tag not in BLOCKS or (child.tail or "").strip() for child in element
    )


def formulas_to_code(root: Element) -> None:
    """Put what a formula says into text: its TeX where that is given, else its signs."""
    for formula in list(root.iter("math")):
        holder = _holder(formula)
        if holder.getparent() is None:
            continue  # gone with another of the same
        tex = next(
            (_tex(note.text) for note in formula.iter("annotation") if "tex" in (note.get("encoding") or "")), ""
        )
        tex = tex or _tex(formula.get("alttext"))
        if tex:
            replace(holder, make("code", tex))
        else:
            holder.tail = "".join(raw_text(formula).split()) + (holder.tail or "")
            drop(holder)
    for script in list(root.iter("script")):
        if (script.get("type") or "").startswith("math/tex"):
            replace(script, make("code", _tex(script.text)))


def _holder(formula: Element) -> Element:
    """Return what shows a formula a second time, beside its markup for machines: drawn letters or a picture."""
    for above in list(formula.iterancestors("span"))[:3]:
        if {"katex", "mwe-math-element"}.intersection((above.get("class") or "").split()):
            return above
    return formula


def _tex(text: str | None) -> str:
    plain = " ".join((text or "").split())
    found = re.fullmatch(r"\{\\(?:display|text)style (.*)\}", plain)
    return found[1].strip() if found else plain


def listings_alone(root: Element) -> None:
    """Take listings out of the tables that hold them on many sites, and away from their lines' numbers."""
    for table in list(root.iter("table")):
        rows = list(table.iter("tr"))
        if len(rows) != 1:
            continue
        parts = [_only_listing(cell) for cell in rows[0]]
        listings = [part for part in parts if part is not None and not _NUMBERS.fullmatch(raw_text(part))]
        if len(parts) != 2 or None in parts or len(listings) != 1:
            continue
        around = last_of(table.iterancestors("pre"))
        outer = table if around is None else around
        if outer.getparent() is not None and len(list(outer.iter("table"))) <= 1:
            replace(outer, listings[0])
    for listing in root.iter("pre"):
        for part in list(listing.iter("span", "a")):
            if _NUMBERING.intersection((part.get("class") or "").split()) and _NUMBERS.fullmatch(raw_text(part) or " "):
                drop(part)


def captions_to_figures(root: Element) -> None:
    """Put a picture and its caption into a figure where only their classes say that they are one (WordPress, HTML 4)."""
    for holder in list(root.iter("div")):
        if "wp-caption" not in (holder.get("class") or "").split() or next(holder.iter("img"), None) is None:
            continue
        captions = [part for part in holder.iter("p") if "wp-caption-text" in (part.get("class") or "").split()]
        if len(captions) == 1:
            holder.tag, captions[0].tag = "figure", "figcaption"


def figures_of_text(root: Element) -> None:
    """Give figures that hold a table or a listing a name that says nothing: what stands in a figure is judged as a caption is."""
    for figure in list(root.iter("figure")):
        held = next(figure.iter("table", "pre"), None)
        if held is None or next(figure.iter(*_PICTURES), None) is not None or "pull" in (figure.get("class") or ""):
            continue
        figure.tag = "div"
        for caption in figure.iter("figcaption"):
            caption.tag = "p"


def _only_listing(cell: Element) -> Element | None:
    found = list(cell.iter("pre"))
    return found[0] if len(found) == 1 and raw_text(found[0]).strip() == raw_text(cell).strip() else None


def _drop_permalinks(root: Element) -> None:
    """Take out of headings the signs that lead to themselves."""
    for heading in root.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        for link in list(heading.iter("a")):
            sign = raw_text(link)
            if "#" in (link.get("href") or "") and sign and _PERMALINK.fullmatch(sign):
                drop(link)


def _signs_to_text(root: Element) -> None:
    """Put the sign itself in the place of a picture of it."""
    for image in list(root.iter("img")):
        sign = (image.get("alt") or "").strip()
        if 0 < len(sign) <= _MAX_SIGN and _SIGN.search(f"{image.get('class') or ''} {image.get('src') or ''}"):
            image.tail = sign + (image.tail or "")
            drop(image)
