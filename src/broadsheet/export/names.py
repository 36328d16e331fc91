"""Names for files, folders and categories that every system and every tool takes, unique and stable. Pure.

Windows knows reserved names, forbids characters and trailing dots, and does not tell upper from lower case; macOS
does not tell composed from decomposed letters; most systems end a name after 255 bytes. Hexo leaves out files that
begin with ``_`` or ``.`` or end in ``~`` or ``%``, Hugo and Zola know ``_index``, links need ``#``, ``?`` and ``%``
encoded, and Obsidian takes no ``[]^|``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, MutableMapping

from broadsheet.text import collapse
from broadsheet.urls import short_id

MAX_BYTES = 255
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*%#\[\]^{}`~&;$\'!\s]+')
_DROPPED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
_EDGES = " .-_~%"


def cut(text: str, size: int) -> str:
    """Return the beginning of the text, at most ``size`` bytes of UTF-8, not ending within a composed character."""
    if len(text.encode("utf-8", "replace")) <= size:
        return text
    room, end = size, 0
    for character in text:
        room -= len(character.encode("utf-8", "replace"))
        if room < 0:
            break
        end += 1
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end]


def safe_name(text: str, *, ending: str = "", size: int = MAX_BYTES) -> str:
    """Return the text as a file name that ends in ``ending``, at most ``size`` bytes long; ``_`` stands for nothing.

    What is forbidden anywhere becomes a hyphen; control characters and direction marks go. Letters of all scripts stay.
    """
    plain = "".join(character for character in text if unicodedata.category(character) not in _DROPPED)
    plain = _FORBIDDEN.sub("-", unicodedata.normalize("NFC", plain)).strip(_EDGES)
    plain = cut(plain, size - len(ending.encode())).rstrip(_EDGES)
    if not plain:
        plain = "untitled" if not ending.startswith("-") else "news"
    if _RESERVED.fullmatch(plain) or plain.casefold() == "index":
        plain = cut(plain, size - len(ending.encode()) - 2).rstrip(_EDGES).replace(".", "-", 1) + "-x"
    return plain + ending


def fold(name: str) -> str:
    """Return the form in which names are equal where a file system tells neither case nor composition."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold())


class Folders:
    """Gives folders their names. ``known`` holds what was given before (path of names -> folder) and is added to.

    ``plain`` takes out of a name what the tool does not take into addresses.
    """

    def __init__(self, known: MutableMapping[str, str], plain: Callable[[str], str] = str) -> None:
        self._known = known
        self._plain = plain
        self._taken = {fold(folder): key for key, folder in known.items()}
        self.used: dict[str, str] = {}
        """What was asked for, by path of names."""

    def of(self, names: tuple[str, ...]) -> str:
        """Return the folder of a path of names, with a slash at its end; no names have no folder."""
        parent = ""
        for depth in range(1, len(names) + 1):
            key = "\x1f".join(names[:depth]).encode("utf-8", "replace").decode()
            if key not in self._known:
                self._known[key] = self._free(parent, names[depth - 1], key)
                self._taken[fold(self._known[key])] = key
            parent = self._known[key]
            self.used[key] = parent
        return parent

    def _free(self, parent: str, name: str, key: str) -> str:
        name = self._plain(name)
        wanted = f"{parent}{safe_name(name, size=200)}/"
        if fold(wanted) not in self._taken:
            return wanted
        return f"{parent}{safe_name(name, ending=f'-{short_id(key, 6)}', size=200)}/"


_HEXO_SPECIAL = re.compile(r"[\s~`!@#$%^&*()\-_+=\[\]{}|\\;:\"'<>,.?/]+")
_WIDE = {ord(character): ord(character) + 0xFEE0 for character in "~`!@#$%^&*()_+=[]{}|\\;:\"'<>,.?"}


def hexo_key(name: str) -> str:
    """Return what tells two names apart in Hexo's addresses (``slugize`` of hexo-util), case and accents aside."""
    plain = "".join(char for char in unicodedata.normalize("NFD", name) if not unicodedata.combining(char))
    return _HEXO_SPECIAL.sub("-", plain).strip("-").casefold()


def hugo_plain(name: str) -> str:
    """Return a name of what Hugo takes into addresses: letters, digits and a few signs, a hyphen for all others."""
    kept = (char if char.isalnum() or unicodedata.category(char)[0] == "M" or char in "._+~-" else "-" for char in name)
    return re.sub("-+", "-", "".join(kept))


def hugo_key(name: str) -> str:
    """Return what tells two names apart in Hugo's addresses: what it takes of them, in lower case."""
    return hugo_plain(name).strip("-.").casefold()


_MARKUP = str.maketrans('<>"', "＜＞＂")


def unmarked(name: str) -> str:
    """Return a name that is no markup where a theme prints it as it is (Hexo's own lists of categories do)."""
    return name.translate(_MARKUP)


class Labels:
    """Makes labels of names: no two have one address in the tool, and none has an address that means another page.

    A name stays as it is where it can; else its signs become full-width ones (C++ to C＋＋), else a short id follows.
    ``plain`` takes out of a name what may not stand in a label.
    """

    def __init__(self, key: Callable[[str], str], plain: Callable[[str], str] = str) -> None:
        self._key = key
        self._plain = plain
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """Return the label of a name, always the same one."""
        if name not in self._given:
            self._given[name] = next(label for label in self._candidates(name) if self._claim(label))
        return self._given[name]

    def _candidates(self, name: str) -> list[str]:
        plain = cut(collapse(self._plain(name)).replace("/", "∕"), 180).strip()
        wide = plain.translate(_WIDE)
        return [plain, wide, *(f"{wide} {short_id(name, length)}".strip() for length in (4, 12, 51))]

    def _claim(self, label: str) -> bool:
        key = self._key(label)
        if not key or key in self._taken or not any(map(str.isalnum, key)):
            return False
        self._taken.add(key)
        return True
