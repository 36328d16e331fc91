"""Pictures: the true address behind lazy loading, what is no picture of the article, the lead, and local copies."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import takewhile
from typing import Any, NamedTuple
from urllib.parse import unquote

from broadsheet import urls
from broadsheet.articles.sanitize import sanitize_html
from broadsheet.articles.tree import Element, drop, make, parse_fragment, prune, replace, serialise, text_of
from broadsheet.errors import CodePicture, LimitExceeded, ParseError
from broadsheet.limits import value
from broadsheet.model import Image, Removed

MAX_PIXELS = value("image_pixels")
MIN_SIDE = 80
"""Pixels; smaller pictures are icons, rules and counters."""
_LAZY = ("data-original", "data-src", "data-lazy-src", "data-actualsrc", "data-echo", "data-url", "data-hi-res-src")
_JUNK = re.compile(
    r"(?i)(^|/)qr/|(^|[/_.\-])qrs?\d*([_.\-?][^/]*)?$|"  # in the middle of a folder's name these are any two letters
    r"(^|[/_.\-])(qrcode|erweima|weixin|wechat|logo|favicon|icon|emoji|smil(?:ey|ie)|emoticon|avatar|gravatar|pixel|spacer|"
    r"blank|spinner|loading|beacon|counter|ad|ads|advert|banner|sponsor)s?\d*([/_.\-?]|$)"
)
_PORTRAIT = re.compile(
    r"(?i)\.svg([?#]|$)|(^|[/_.\-=])(arrow|btn|button|bullet|calendar|author|authors|autor|journalist|portrait|profile|"
    r"headshot|staff|square|transparent|placeholder|1x1)s?([/_.\-=?0-9]|$)|[?&/_,\-=](w|width|h|s|size)[_=\-]?\d{1,2}(?!\d)"
)
"""Addresses of writers' portraits, of small or empty pictures, and of drawings."""
_STANDS_IN = re.compile(
    r"(?i)(^|[/_.\-])(placeholder|blank|spacer|transparent|loading|lazy(load)?|1x1|pixel|grey|gray)s?[_.\-?]"
)
"""Addresses of what is shown until a script has put the picture there."""
_HIDDEN = re.compile(r"display\s?:\s?none", re.IGNORECASE)
_CANDIDATES = re.compile(r",\s+|(?<=\d[wx]),(?=\S)")
"""Between the pictures of a ``srcset``; a comma inside an address stands before no blank."""
_IS_PICTURE = re.compile(r"(?i)\.(?:jpe?g|png|webp|gif|avif|bmp)(?=[?#!/:@&,;]|$)")
_MIN_WIDTH = 600
"""Pixels; where the page shows its own picture smaller, what its metadata name is taken."""
_CODE_WORDS = re.compile(r"(?i)二维码|二維碼|掃碼|扫码|\bQR\b")
_CODE_SHARE = 0.1
"""Share of a picture from which on a code in it is what the picture is for; a poster may have a small one."""
_CODE_SIDE = 800
"""Pixels to which a picture is made smaller before a code is looked for."""
_MAX_ADDRESS = 2000
_HOST = re.compile(r"^(?:(?:[a-z]+:)?//[^/]*)?/?")
_SAME_NAME, _SAME_SHARE = 12, 0.6
"""Letters, and share of the shorter name, with which the names of two files must begin to be of one picture."""
_FORMATS = {"JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"}


def settle_sources(root: Element, base_url: str) -> list[Removed]:
    """Give every ``img`` its true, absolute address; take out counters and what has no usable address."""
    removed: list[Removed] = []
    for image in list(root.iter("img")):
        found = _true_address(image)
        address = urls.resolve(base_url, found) if found else ""
        sides = [_side(image.get("width")), _side(image.get("height"))]
        tiny = any(side is not None and side < 4 for side in sides) or _HIDDEN.search(image.get("style") or "")
        if not urls.is_http(address) or tiny:
            if image.get("src"):
                why = "tracking pixel" if tiny else "picture without a usable address"
                removed.append(Removed(what=str(image.get("src"))[:300], why=why, evidence="size or address"))
            drop(image)
            continue
        for name in list(image.attrib):
            if name not in ("alt", "title", "width", "height"):
                del image.attrib[name]
        image.set("src", address)
    for source in list(root.iter("source")):
        drop(source)
    return removed


def _true_address(image: Element) -> str:
    address = (image.get("src") or "").strip()
    for name in _LAZY:
        waiting = (image.get(name) or "").strip()
        # Some keep there what a script fills in, some what a click leads to.
        if (
            waiting
            and not waiting.startswith("data:")
            and "{" not in waiting
            and (name != "data-url" or _IS_PICTURE.search(waiting) or not _IS_PICTURE.search(address))
        ):
            return str(waiting)
    if not address or address.startswith(("data:", "about:")) or _STANDS_IN.search(address):
        return _in_sets(image) or ("" if address.startswith("data:") else address)
    return address


def _in_sets(image: Element) -> str:
    """Return the largest picture of those that a screen may choose from."""
    sets = [image.get("data-srcset"), image.get("data-lazy-srcset"), image.get("srcset")]
    parent = image.getparent()
    if parent is not None and parent.tag == "picture":
        sets += [source.get(name) for source in parent.iter("source") for name in ("srcset", "data-srcset")]
    return _largest(", ".join(filter(None, sets)))


def _largest(srcset: str) -> str:
    """Return the widest candidate of a ``srcset`` (HTML, section 4.8.4.2.1), in time linear in its length."""
    best, widest = "", -1.0
    for candidate in _CANDIDATES.split(srcset):
        parts = candidate.strip().strip(",").split()
        if not parts or parts[0].startswith("data:"):
            continue
        size = parts[1][:-1] if len(parts) > 1 else "1"
        width = float(size) if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", size) else 0.0
        if width > widest:
            best, widest = parts[0], width
    return best


def _side(value: str | None) -> int | None:
    match = re.match(r"\s*(\d{1,6})", value or "")
    return int(match[1]) if match else None


def looks_like_junk(url: str) -> bool:
    """Return whether a picture's address speaks of a QR code, logo, icon, counter or advert."""
    return bool(_JUNK.search(url.split("://")[-1].split("/", 1)[-1][:500]))


def picture_at_top(found: Sequence[tuple[Element, bool]], base_url: str, told: str) -> Image | None:
    """Return the picture at the top of a page that can lead the article, as its address and words say.

    That is the one that the page says is its own (``told``), whatever its size or cut, else the first whose place is the lead's.
    """
    wanted, first = _name_parts(told), None
    for element, placed in found:
        address = _true_address(element)
        named = bool(told) and shared_word(told) in address.lower() and _are_same(_name_parts(address), wanted)
        if not named and (first or not placed):
            continue
        image = _may_lead(element, address, base_url)
        if image and named and (image.width or _MIN_WIDTH) >= _MIN_WIDTH:
            return image
        first = first or (image if placed else None)
    return first


def _may_lead(element: Element, found: str, base_url: str) -> Image | None:
    address = urls.resolve(base_url, found)
    sides = [side for name in ("width", "height") if (side := _side(element.get(name)))]
    if (
        not found
        or not urls.is_http(address)
        or looks_like_junk(address)
        or _PORTRAIT.search(address)
        or min(sides, default=200) < 200
    ):
        return None
    width, height = (_side(element.get(name)) for name in ("width", "height"))
    return Image(url=address, alt=(element.get("alt") or "")[:500], width=width, height=height)


class _Name(NamedTuple):
    path: str
    """The address up to the end of its picture's name, without the host."""
    words: list[str]
    """Of the file's name."""


def is_same_picture(one: str, other: str) -> bool:
    """Return whether two addresses are of one picture in different sizes or cuts, as their files' names say."""
    return _are_same(_name_parts(one), _name_parts(other))


def shared_word(told: str) -> str:
    """Return what is in the address of every picture that is the same as this one, in small letters; may be empty."""
    return _name_parts(told).words[0]


def _are_same(one: _Name, other: _Name) -> bool:
    if one.path == other.path != "":
        return True
    left, right = one.words, other.words
    common = list(takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
    size = sum(len(part) for part, _ in common)
    shorter = min(sum(map(len, left)), sum(map(len, right)))
    after = [parts[len(common)] for parts in (left, right) if len(parts) > len(common)]
    numbered = len(after) == 2 and all(map(str.isdigit, after))  # of a series
    return size >= _SAME_NAME and size >= _SAME_SHARE * shorter and not numbered


def _name_parts(url: str) -> _Name:
    return _parts_of(url[:_MAX_ADDRESS])


@lru_cache(maxsize=64)
def _parts_of(url: str) -> _Name:
    plain = _HOST.sub("", unquote(url).lower())
    ends = list(_IS_PICTURE.finditer(plain))
    if not ends:
        return _Name(plain, re.split(r"[^a-z0-9]+", plain.partition("?")[0].rpartition("/")[2]))
    name = re.split(r"[/?&=:]", plain[: ends[-1].start()])[-1]
    return _Name(plain[: ends[-1].end()], re.split(r"[^a-z0-9]+", name))


def lead_image(candidates: Sequence[Image]) -> Image | None:
    """Return the first candidate that can be a picture of the article; none rather than a wrong one."""
    for image in candidates:
        known = [side for side in (image.width, image.height) if side]
        if urls.is_http(image.url) and not looks_like_junk(image.url) and all(side >= MIN_SIDE for side in known):
            return image
    return None


def body_images(root: Element) -> list[Image]:
    """Return the pictures of a body in their order, with caption and declared size."""
    found = []
    for image in root.iter("img"):
        figure = next(image.iterancestors("figure"), None)
        caption = figure.find(".//figcaption") if figure is not None else None
        found.append(
            Image(
                url=image.get("src"), alt=(image.get("alt") or "")[:500],
                caption=text_of(caption)[:500] if caption is not None else "",
                width=_side(image.get("width")), height=_side(image.get("height")),
            )
        )  # fmt: skip
    return found


def copies_in(html: str) -> list[str]:
    """Return the paths of our copies that stored HTML shows, in their order; ``localise`` wrote them so."""
    return ["m/" + part.split('"', 1)[0] for part in html.split('src="/m/')[1:]]


def localise(html: str, copies: Mapping[str, Image | None], *, keep_remote: bool = False) -> str:
    """Return safe HTML whose pictures are our copies; a picture without one becomes a link to the original."""
    if "<img" not in html:
        return html
    root = parse_fragment(html)
    for image in list(root.iter("img")):
        source = image.get("src") or ""
        if source.startswith("/m/") or (keep_remote and source not in copies):
            continue
        copy = copies.get(source)
        if copy is None:
            label = image.get("alt") or ""
            if label and next(image.iterancestors("a"), None) is not None:
                image.tail = label + (image.tail or "")  # a link in a link is none
                drop(image)
            elif label and not looks_like_junk(source) and not _CODE_WORDS.search(label) and urls.is_http(source):
                replace(image, make("a", label, href=source))
            else:
                drop(image)
            continue
        image.set("src", f"/{copy.path}")
        image.set("width", str(copy.width))
        image.set("height", str(copy.height))
    prune(root)
    return sanitize_html(serialise(root), base_url="")


def _code_in(picture: Any) -> str:
    """Return what a two-dimensional code says that a picture is for, or nothing where it is for something else."""
    from PIL import Image as Pictures
    from zxingcpp import BarcodeFormat, read_barcodes

    grey = picture.convert("RGBA") if picture.mode == "RGBA" else picture
    if grey.mode == "RGBA":  # what is transparent is paper
        paper = Pictures.new("RGBA", grey.size, "white")
        grey = Pictures.alpha_composite(paper, grey)
    grey = grey.convert("L")
    grey.thumbnail((_CODE_SIDE, _CODE_SIDE))
    found = read_barcodes(grey, formats=(BarcodeFormat.QRCode, BarcodeFormat.DataMatrix, BarcodeFormat.Aztec))
    area = sum(_area(code.position) for code in found)
    return found[0].text[:200] if area >= _CODE_SHARE * grey.width * grey.height else ""


def _area(position: Any) -> float:
    """Return the area of a quadrangle (the shoelace formula)."""
    corners: list[tuple[int, int]] = [
        (point.x, point.y)
        for point in (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    ]
    return 0.5 * abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)))


def reencode(data: bytes, *, max_width: int) -> tuple[bytes, str, int, int]:
    """Return (bytes, path below the site, width, height) of a picture, decoded and written anew as WebP.

    Nothing of the original file survives: no metadata, no second format hidden in it. Raises ``ParseError`` for what
    is no picture or a vector graphic, ``LimitExceeded`` above 40 megapixels, ``CodePicture`` for a QR code.
    """
    from PIL import Image as Pictures
    from PIL import ImageOps, UnidentifiedImageError

    Pictures.MAX_IMAGE_PIXELS = MAX_PIXELS
    # Pillow refuses above twice that and warns below; ours is the check that counts.
    warnings.filterwarnings("ignore", category=Pictures.DecompressionBombWarning)
    try:
        with Pictures.open(io.BytesIO(data), formats=sorted(_FORMATS)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise LimitExceeded(f"{opened.width} x {opened.height} pixels", "image_pixels")
            if opened.format == "JPEG":
                opened.draft("RGB", (max_width, max_width))
            picture = ImageOps.exif_transpose(opened)
            mode = "RGBA" if picture.mode in ("RGBA", "LA", "P", "PA") else "RGB"
            picture = picture.convert(mode)
            if picture.width > max_width:
                picture = picture.resize(
                    (max_width, max(1, round(picture.height * max_width / picture.width))), Pictures.Resampling.LANCZOS
                )
            told = _code_in(picture)
            if told:
                raise CodePicture(told)
            written = io.BytesIO()
            picture.save(written, "WEBP", quality=80, method=4)
    except Pictures.DecompressionBombError as error:  # twice the limit: Pillow does not even open it
        raise LimitExceeded(str(error), "image_pixels") from None
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
    ) as error:
        raise ParseError(f"no picture that can be decoded ({error})") from None
    body = written.getvalue()
    name = blake2b(body, digest_size=16).hexdigest()
    return body, f"m/{name[:2]}/{name[2:]}.webp", picture.width, picture.height
