"""Names of files, folders and labels."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.export.names import Folders, Labels, cut, fold, hexo_key, hugo_key, hugo_plain, safe_name, unmarked
from tests.export.made import HOSTILE_CATEGORIES, HOSTILE_TITLES

_NAMES = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from([*HOSTILE_TITLES, *HOSTILE_CATEGORIES])
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d|index)(\..*)?")


@given(_NAMES)
def test_a_name_is_safe_everywhere(text: str) -> None:
    for ending in ("", ".md", "-4k7q2m9x0abc.md"):
        name = safe_name(text, ending=ending)
        assert 0 < len(name.encode()) <= 255
        assert name.isprintable()
        assert name.endswith(ending)
        assert not set(name) & set("<>:\"/\\|?*%#[]^{}`~&;$'! ")
        assert name[0] not in "._-~"
        assert name[-1] not in ". ~%"
        assert not _RESERVED.fullmatch(name if ending != "-4k7q2m9x0abc.md" else "fine")
        assert safe_name(name.removesuffix(ending), ending=ending) == name, "a safe name stays as it is"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("“国内”财经：A股 / 港股?", "“国内”财经：A股-港股"), ("CON", "CON-x"), ("nul.tar.gz", "nul-tar.gz-x"), ("...", "untitled"),
        ("_draft", "draft"), ("a\u202eb\x07", "ab"), ("name. . ", "name"), ("Index", "Index-x"), ("e\u0301", "é"),
    ],
)  # fmt: skip
def test_names_stay_readable(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_a_long_name_is_cut_at_a_character() -> None:
    assert safe_name("国" * 100) == "国" * 85
    assert safe_name("国" * 100, ending=".md") == "国" * 84 + ".md"
    assert cut("ae\u0301x", 3) == "a", "not between a letter and its accent"
    assert cut("😀😀", 7) == "😀"


@given(st.lists(_NAMES, max_size=12))
def test_folders_have_no_twins_and_stay(names: list[str]) -> None:
    known: dict[str, str] = {}
    folders = Folders(known)
    given_ = {name: folders.of(("News", name)) for name in names}
    assert len({fold(folder) for folder in given_.values()}) == len(given_)
    later = Folders(dict(known))
    assert later.of(("News", "one more")).startswith("News/")
    assert {name: later.of(("News", name)) for name in reversed(names)} == given_


def test_twins_where_case_is_not_told() -> None:
    folders = Folders({})
    first, second = folders.of(("AI",)), folders.of(("ai",))
    assert first == "AI/"
    assert re.fullmatch(r"ai-\w{6}/", second)
    assert Folders({}, hugo_plain).of(("=", "C#")) == "untitled/C/"


@pytest.mark.parametrize("key", [hexo_key, hugo_key])
@given(names=st.lists(_NAMES, max_size=12))
def test_labels_have_addresses_of_their_own(key, names: list[str]) -> None:  # type: ignore[no-untyped-def]
    labels = Labels(key, unmarked)
    found = {name: labels.of(name) for name in names}
    keys = [key(label) for label in found.values()]
    assert all(keys)
    assert len(set(keys)) == len(keys)
    for label in found.values():
        assert len(label.encode()) < 250
        assert not set(label) & set('/<>"')


def test_labels_look_like_their_names() -> None:
    labels = Labels(hexo_key)
    assert [labels.of(name) for name in ("C", "C++", "C#", "C", "国内", "AI")] == [
        "C",
        "C＋＋",
        "C＃",
        "C",
        "国内",
        "AI",
    ]
    assert re.fullmatch(r"ai \w{4}", labels.of("ai"))
    assert re.fullmatch(r"．． \w{4}", labels.of(".."))
