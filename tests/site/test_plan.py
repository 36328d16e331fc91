"""Lists that never shift: which pages exist, what they hold, what a new article touches."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Feed, ListSpec, SitePage
from broadsheet.site import plan

SPEC = plan.spec("section", "Technology")
DAY = ListSpec(kind="day", key="2026-03-12", path="2026/03/12/", title="2026-03-12")
lists = st.sampled_from((SPEC, DAY))


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ((), ("", "Title", "")),
        (("World",), ("World", "Title", "")),
        (("World", "Title"), ("World", "Title", "")),
        (("财经", "海湾通讯社"), ("财经", "海湾通讯社", "Title")),
        (("财经", "海湾通讯社", "快讯"), ("财经", "海湾通讯社", "快讯")),
        (("财经", "海湾通讯社", "快讯", "早间"), ("财经", "海湾通讯社", "快讯/早间")),
    ],
)
def test_a_path_names_section_source_and_channel(section: tuple[str, ...], names: tuple[str, str, str]) -> None:
    assert plan.names_of(Feed(id="f", url="https://a.example/feed", title="Title", section=section)) == names


def test_a_days_page_follows_the_sites_zone() -> None:
    late = datetime(2026, 3, 12, 17, 30, tzinfo=UTC)
    lists = plan.lists_of(("World", "Post", ""), late, ZoneInfo("Asia/Shanghai"))
    assert [item.path for item in lists if item.kind == "day"] == ["2026/03/13/"]
    assert [item.kind for item in lists] == ["latest", "section", "source", "day"]


@given(st.integers(1, 400), st.sampled_from((plan.PER_PAGE, plan.PER_DAY)))
def test_fixed_pages_hold_every_position_once(size: int, per: int) -> None:
    """All full pages together with the index show every article; a full page shows the same ones whatever follows."""
    shown = [position for page in range(1, size // per + 1) for position in plan.positions(page, size, per)]
    assert shown == list(range(1, size // per * per + 1))
    assert set(shown) | set(plan.positions(0, size, per)) == set(range(1, size + 1))


@given(st.integers(1, 400), st.sampled_from((plan.PER_PAGE, plan.PER_DAY)))
def test_older_and_newer_lead_through_all_pages(size: int, per: int) -> None:
    """From the index one comes to every fixed page by "older", and by "newer" to the page that leads back to the index."""
    full = size // per
    seen, page = set(plan.positions(0, size, per)), 0
    while older := plan.neighbours(page, size, per)[0]:
        page = int(older.removesuffix(".html"))
        assert 1 <= page <= full, "a link to a page that does not exist"
        seen |= set(plan.positions(page, size, per))
    assert seen == set(range(1, size + 1))
    for number in range(1, full + 1):
        assert plan.neighbours(number, size, per)[1] == f"{number + 1}.html"


@given(lists, st.integers(0, 200), st.integers(1, 60))
def test_what_a_new_article_touches_is_all_that_changes(spec: ListSpec, before: int, added: int) -> None:
    """Pages that no new article touches are the same, and have the same links, before and after."""
    after, per = before + added, plan.per_page(spec.kind)
    touched = {page for position in range(before + 1, after + 1) for page in plan.list_pages(spec, position, after)}
    for number in range(1, before // per + 1):
        if plan.fixed_page(spec, number) not in touched:
            assert plan.neighbours(number, before, per) == plan.neighbours(number, after, per)
    full = range(before // per + 1, after // per + 1)
    for number in full:
        assert plan.fixed_page(spec, number) in touched, "a page that has become full"
    fixed = {page.page for page in touched if page.page}
    assert fixed == ({*full, full.stop} if full else set()), "no page that was full before, and the one after these"
    assert touched <= set(plan.all_pages(spec, after))


def test_what_is_linked_to_is_written_first() -> None:
    pages = [
        SitePage(path="index.html", kind="front"),
        SitePage(path="section/a/index.html", kind="section", key="section/a/"),
        SitePage(path="section/a/feed.xml", kind="atom", key="section/a/"),
        plan.fixed_page(SPEC, 1),
        SitePage(path="2026/03/12/x.html", kind="article", key="2026/03/12/x.html"),
        SitePage(path="2026/03/12/index.html", kind="day", key="2026/03/12/"),
    ]
    kinds = [page.kind for page in plan.in_write_order(pages)]
    assert kinds.index("article") == 0
    assert kinds.index("front") == len(kinds) - 1
    assert kinds.index("atom") > kinds.index("day")


@given(lists, st.integers(0, 200), st.integers(1, 60))
def test_a_new_page_of_a_list_is_there_before_the_one_that_leads_to_it(spec: ListSpec, before: int, added: int) -> None:
    """Whoever follows links while pages are written, one after the other, meets none that is not there."""
    after, per = before + added, plan.per_page(spec.kind)
    there = {page.path for page in plan.all_pages(spec, before)}
    touched = {page for position in range(before + 1, after + 1) for page in plan.list_pages(spec, position, after)}
    reachable = set(there)

    def led_to(number: int) -> set[str]:
        names = plan.neighbours(number, after, per) if number <= after // per else ("index.html",)
        return {f"{spec.path}{name}" for name in names if name}

    for page in plan.in_write_order(touched):
        there.add(page.path)
        if page.path in reachable and page.kind == spec.kind:
            links = led_to(page.page)
            while links - reachable:
                assert links <= there
                reachable |= links
                numbers = [int(stem) for link in links if (stem := link.split("/")[-1].removesuffix(".html")).isdigit()]
                links = {link for number in numbers for link in led_to(number)}


def test_addresses_of_lists_are_made_of_names_alone() -> None:
    """Two names that differ only in what file systems fold have addresses of their own, in plain ASCII."""
    paths = [plan.spec("section", name).path for name in ("C", "C++", "C#", "c", "科技", "..", "a/b")]
    assert len({path.lower() for path in paths}) == len(paths)
    assert all(path.isascii() and ".." not in path and path.count("/") == 2 for path in paths)
