"""When a feed is asked again, and what each answer makes of its state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.feeds import hints, schedule
from broadsheet.model import Entry, Failed, Feed, FeedInfo, FeedState, Response, Wish
from broadsheet.text import digest

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
URL = "https://news.example/feed"
STATE = FeedState(feed_id="f")
SPREAD_OF_F = schedule.SPREAD * int(digest("f")[:8], 16) / 2**32


def failed(status: int = 0, retry_after: float | None = None) -> Failed:
    return Failed("f", "HttpStatus" if status else "FetchError", "it failed", status, retry_after)


def answer(*redirects: tuple[int, str], url: str = URL, status: int = 200) -> Response:
    final = redirects[-1][1] if redirects else url
    return Response(key="f", url=url, final_url=final, status=status, fetched=NOW, redirects=redirects)


def after_failures(number: int, status: int = 500) -> FeedState:
    state = STATE
    for _ in range(number):
        state = schedule.after_failure(state, failed(status), NOW)
    return state


# ------------------------------------------------------------------------------------------------ failures


def pause_of(state: FeedState) -> timedelta:
    """Return a state's pause without what spreads the feeds."""
    assert state.next_check is not None
    pause = (state.next_check - NOW) / (1 + SPREAD_OF_F)
    return timedelta(seconds=round(pause.total_seconds()))


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40), (8, 640), (9, 1280), (10, 1440), (1000, 1440)]
)
def test_the_pause_doubles_up_to_a_day(failures: int, minutes: int) -> None:
    state = after_failures(failures)
    assert state.failures == failures
    assert pause_of(state) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("days", "pause"), [(1, 1.0), (10, 1.0), (20, 2.0), (50, 5.0), (400, 7.0), (4000, 7.0)])
@pytest.mark.parametrize("status", [404, 500, 0])
def test_a_feed_that_fails_for_long_is_asked_less_often_and_never_given_up(
    days: int, pause: float, status: int
) -> None:
    known = FeedState(feed_id="f", failures=60, failing_since=NOW - timedelta(days=days))
    state = schedule.after_failure(known, failed(status), NOW)
    assert state.next_check is not None
    expected = min(timedelta(days=pause) * (1 + SPREAD_OF_F), schedule.LONGEST_RETRY_AFTER)
    assert abs(state.next_check - NOW - expected) < timedelta(seconds=1)
    assert schedule.is_due(state, NOW + timedelta(days=7))


def test_feeds_that_fail_together_come_back_apart() -> None:
    at = {schedule.after_failure(FeedState(feed_id=str(number)), failed(500), NOW).next_check for number in range(50)}
    assert len(at) == 50
    assert {schedule.after_failure(STATE, failed(500), NOW).next_check for _ in range(5)} == {
        schedule.after_failure(STATE, failed(500), NOW).next_check
    }


def test_a_failing_feed_is_left_alone_until_its_pause_is_over() -> None:
    state = after_failures(1)
    assert state.next_check is not None
    assert not schedule.is_due(state, NOW)
    assert not schedule.is_due(state, state.next_check - timedelta(microseconds=1))
    assert schedule.is_due(state, state.next_check)


def test_a_feed_without_history_is_due() -> None:
    assert schedule.is_due(STATE, NOW)


@pytest.mark.parametrize(
    ("seconds", "pause"),
    [
        (3600.0, timedelta(hours=1)), (172_800.0, timedelta(days=2)), (10.0**8, timedelta(days=7)),
    ],
)  # fmt: skip
def test_retry_after_lengthens_the_pause_within_reason(seconds: float, pause: timedelta) -> None:
    state = schedule.after_failure(STATE, failed(503, seconds), NOW)
    assert state.next_check == NOW + pause
    assert schedule.due(state, NOW).why == "retry-after"


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_retry_after_does_not_shorten_the_pause(seconds: float) -> None:
    state = schedule.after_failure(STATE, failed(503, seconds), NOW)
    assert pause_of(state) == schedule.FIRST_PAUSE
    assert schedule.due(state, NOW).why == "failed"


def test_a_failure_keeps_everything_that_is_known() -> None:
    known = FeedState(
        feed_id="f", title="T", link="https://news.example/", etag='"e"', last_modified="then", body="b", succeeded=NOW,
        moved_to="https://x.example/", moved_seen=2,
    )  # fmt: skip
    state = schedule.after_failure(known, failed(500), NOW + timedelta(hours=1))
    for name in ("title", "link", "etag", "last_modified", "body", "succeeded", "moved_to", "moved_seen"):
        assert getattr(state, name) == getattr(known, name)
    assert state.error == "it failed"
    assert state.failing_since == NOW + timedelta(hours=1)


def test_failing_since_is_the_first_failure() -> None:
    first = schedule.after_failure(STATE, failed(), NOW)
    assert schedule.after_failure(first, failed(), NOW + timedelta(days=1)).failing_since == NOW


def test_the_first_success_ends_a_row_of_failures() -> None:
    state = schedule.after_success(after_failures(20), NOW)
    assert (state.failures, state.error, state.failing_since, state.next_check) == (0, "", None, None)
    assert state.succeeded == NOW
    assert schedule.is_due(state, NOW)


def test_410_twice_ends_a_feed_and_once_does_not() -> None:
    once = schedule.after_failure(STATE, failed(410), NOW)
    assert not once.gone
    assert schedule.is_due(once, NOW + timedelta(days=1))
    twice = schedule.after_failure(once, failed(410), NOW)
    assert twice.gone
    assert not schedule.is_due(twice, NOW + timedelta(days=3650))


@pytest.mark.parametrize("between", [404, 500, 0])
def test_410_must_come_in_a_row(between: int) -> None:
    state = STATE
    for status in (410, between, 410):
        state = schedule.after_failure(state, failed(status), NOW)
    assert not state.gone


def test_a_good_answer_between_forgives_410() -> None:
    state = schedule.after_success(schedule.after_failure(STATE, failed(410), NOW), NOW)
    assert not schedule.after_failure(state, failed(410), NOW).gone


@given(st.lists(st.tuples(st.integers(0, 599), st.none() | st.floats(0, 1e12)), max_size=60))
def test_no_row_of_failures_silences_a_feed_for_longer_than_a_week(row: list[tuple[int, float | None]]) -> None:
    state = STATE
    for status, seconds in row:
        state = schedule.after_failure(state, failed(status, seconds), NOW)
        assert state.next_check is not None
        assert NOW + schedule.FIRST_PAUSE <= state.next_check <= NOW + schedule.LONGEST_RETRY_AFTER


# ---------------------------------------------------------------------------------------------------- moves


NEW = "https://news.example/new"


def test_a_move_is_believed_when_it_was_seen_three_times() -> None:
    state = STATE
    for seen in range(1, schedule.MOVES_TO_STORE + 1):
        assert schedule.addresses(state, (URL,)) == (URL,)
        state = schedule.after_contact(state, answer((301, NEW)))
        assert (state.moved_to, state.moved_seen) == (NEW, seen)
    assert schedule.addresses(state, (URL,)) == (NEW, URL)


def test_a_feed_that_has_moved_stays_moved_while_it_answers_there() -> None:
    state = FeedState(feed_id="f", moved_to=NEW, moved_seen=3)
    state = schedule.after_contact(state, answer(url=NEW))
    assert schedule.addresses(state, (URL,)) == (NEW, URL)


def test_a_moved_feed_whose_new_address_died_goes_back() -> None:
    """The old address is asked next in the same request; where it answers without a redirect, the move is forgotten."""
    state = FeedState(feed_id="f", moved_to=NEW, moved_seen=3)
    state = schedule.after_contact(state, answer(url=URL))
    assert schedule.addresses(state, (URL,)) == (URL,)


@pytest.mark.parametrize("between", [answer(), answer((301, "https://evil.example/")), answer((302, NEW))])
def test_a_move_must_be_seen_in_a_row(between: Response) -> None:
    state = STATE
    for seen in (answer((301, NEW)), answer((301, NEW)), between, answer((301, NEW))):
        state = schedule.after_contact(state, seen)
    assert schedule.addresses(state, (URL,)) == (URL,)


@pytest.mark.parametrize(
    ("redirects", "target"),
    [
        ((), ""),
        (((301, NEW),), NEW),
        (((308, NEW),), NEW),
        (((301, "https://a.example/"), (308, NEW)), NEW),
        (((302, NEW),), ""),
        (((301, "https://elsewhere.example/feed"),), ""),
        (((301, "https://a.example/"), (302, NEW)), ""),
        (((307, "https://a.example/"), (301, NEW)), ""),
    ],
)
def test_only_permanent_redirects_are_a_move(redirects: tuple[tuple[int, str], ...], target: str) -> None:
    assert schedule.permanent_target(answer(*redirects)) == target


# ----------------------------------------------------------------------------------------------- validators


def test_a_document_leaves_its_validators() -> None:
    headers = {"etag": 'W/"a b"', "last-modified": "Mon, 02 Mar 2026 10:00:00 GMT", "x": "y"}
    feed = FeedInfo(title="<b>News</b> &amp; more", link="https://news.example/", language="en")
    state = schedule.with_document(STATE, headers, "digest", feed)
    assert (state.etag, state.last_modified, state.body) == ('W/"a b"', headers["last-modified"], "digest")
    assert (state.title, state.link, state.language) == ("News & more", "https://news.example/", "en")


def test_a_document_without_validators_clears_the_old_ones() -> None:
    """Validators of another document would bring a 304 for a document that we never saw."""
    known = FeedState(feed_id="f", etag='"old"', last_modified="then", title="T", link="l", language="de")
    state = schedule.with_document(known, {}, "digest", FeedInfo())
    assert (state.etag, state.last_modified) == ("", "")
    assert (state.title, state.link, state.language) == ("T", "l", "de")


@pytest.mark.parametrize("value", ['"' + "e" * 5000 + '"', '"caf\udce9"', '"a\x00b"', '"a\r\nX: y"'])
def test_a_validator_that_is_no_header_is_not_kept(value: str) -> None:
    """What is too long or cannot be sent back would spoil every later request."""
    state = schedule.with_document(STATE, {"etag": value, "last-modified": value}, "digest", FeedInfo())
    assert (state.etag, state.last_modified) == ("", "")


def test_a_document_that_came_again_leaves_its_new_validators() -> None:
    """A server that makes up an ETag at each answer would otherwise send the whole document for ever."""
    known = FeedState(feed_id="f", etag='"old"', body="b", title="T")
    state = schedule.with_validators(known, {"etag": '"new"'})
    assert (state.etag, state.body, state.title) == ('"new"', "b", "T")


def test_a_whole_document_comes_every_eight_days() -> None:
    known = FeedState(feed_id="f", etag='"e"', last_modified="then", refreshed=NOW)
    almost = NOW + schedule.FULL_AFTER - timedelta(seconds=1)
    assert schedule.validators(known, almost) == ('"e"', "then")
    assert schedule.validators(known, NOW + schedule.FULL_AFTER) == ("", "")
    assert schedule.validators(schedule.counted(known, at(almost, status=304)), NOW + schedule.FULL_AFTER) == ("", "")
    whole = schedule.counted(known, at(almost, status=200))
    assert schedule.validators(whole, NOW + schedule.FULL_AFTER) == ('"e"', "then")


# ---------------------------------------------------------------------------------------------- wishes


def at(moment: datetime, *, status: int = 200, size: int = 0, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(key="f", url=URL, final_url=URL, status=status, fetched=moment, headers=named, wire_bytes=size)


def http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "seconds", "by"),
    [
        ({}, 0, ""),
        ({"cache-control": "max-age=600"}, 600, "Cache-Control"),
        ({"cache-control": "public, Max-Age = 600, stale-while-revalidate=99"}, 600, "Cache-Control"),
        ({"cache-control": 'max-age="60"'}, 60, "Cache-Control"),
        ({"cache-control": "s-maxage=9999, max-age=60"}, 60, "Cache-Control"),
        ({"cache-control": "max-age=600", "age": "500"}, 100, "Cache-Control"),
        ({"cache-control": "max-age=600", "age": "9999"}, 0, ""),
        ({"cache-control": "max-age=0", "expires": http(NOW + HOUR)}, 0, ""),
        ({"cache-control": "no-cache, max-age=600"}, 0, ""),
        ({"cache-control": "max-age=-1"}, 0, ""),
        ({"cache-control": "max-age=x"}, 0, ""),
        ({"expires": http(NOW + HOUR)}, 3600, "Expires"),
        ({"expires": http(NOW + HOUR), "date": http(NOW)}, 3600, "Expires"),
        ({"expires": http(NOW + 30 * HOUR), "date": http(NOW + 29 * HOUR)}, 3600, "Expires"),
        ({"expires": http(NOW - HOUR), "date": http(NOW)}, 0, ""),
        ({"expires": http(NOW + HOUR), "date": http(NOW - timedelta(days=300))}, 3600, "Expires"),
        ({"expires": "0"}, 0, ""),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0, ""),
    ],
)
def test_headers_say_how_long_an_answer_stays_fresh(headers: dict[str, str], seconds: float, by: str) -> None:
    wish = hints.of_headers(headers, NOW)
    assert (wish.seconds, wish.by) == (seconds, by)


@pytest.mark.parametrize(
    ("feed", "minutes", "by"),
    [
        (FeedInfo(), 0, ""),
        (FeedInfo(ttl=60), 60, "ttl"),
        (FeedInfo(ttl=-5), 0, ""),
        (FeedInfo(update_period="hourly"), 60, "sy:updatePeriod"),
        (FeedInfo(update_period="daily", update_frequency=4), 360, "sy:updatePeriod"),
        (FeedInfo(update_period="daily", update_frequency=0), 1440, "sy:updatePeriod"),
        (FeedInfo(update_period="now and then"), 0, ""),
        (FeedInfo(ttl=30, update_period="hourly"), 60, "sy:updatePeriod"),
        (FeedInfo(ttl=90, update_period="hourly"), 90, "ttl"),
    ],
)
def test_a_document_says_how_often_it_changes(feed: FeedInfo, minutes: float, by: str) -> None:
    wish = hints.of_document(feed)
    assert (wish.seconds, wish.by) == (minutes * 60, by)


# ------------------------------------------------------------------------------------------- when it is due


def settled(**fields: object) -> FeedState:
    """Return the state of a feed that has just answered with news."""
    return msgspec.structs.replace(
        FeedState(feed_id="f", checked=NOW, succeeded=NOW, refreshed=NOW, news=NOW), **fields
    )


def wait(state: FeedState, within: schedule.Bounds | None = None, now: datetime = NOW) -> tuple[timedelta, str]:
    found = schedule.due(state, now, within)
    assert found.at is not None
    return found.at - NOW, found.why


def test_a_feed_that_has_just_brought_news_is_due_at_once() -> None:
    assert wait(settled()) == (timedelta(0), "run")


@pytest.mark.parametrize(
    ("seconds", "longest", "shortest", "minutes", "why"),
    [
        (600, 1440, 0, 10, "wish"), (600, 5, 0, 5, "wish"), (600, 0, 0, 0, "run"), (600, 1440, 15, 15, "shortest"),
        (10**7, 10**6, 0, 1440, "wish"), (0, 1440, 30, 30, "shortest"), (600, 5, 20, 20, "shortest"),
        (0, 0, 10**5, 10**5, "shortest"),
    ],
)  # fmt: skip
def test_wishes_lengthen_the_pause_within_bounds(
    seconds: float, longest: float, shortest: float, minutes: float, why: str
) -> None:
    """A day is the most that a wish brings; a person may wait longer."""
    state = settled(header_wish=Wish(seconds=seconds, by="Cache-Control"))
    within = schedule.bounds(Feed(id="f", url=URL), shortest, longest)
    assert wait(state, within) == (timedelta(minutes=minutes), why)


def test_a_feeds_own_bounds_come_before_the_general_ones() -> None:
    state = settled(header_wish=Wish(seconds=3600, by="Expires"))
    own = Feed(id="f", url=URL, min_interval=0, max_interval=20)
    assert wait(state, schedule.bounds(own, 500, 1000)) == (timedelta(minutes=20), "wish")


def test_the_longest_wish_counts_and_is_named() -> None:
    state = settled(header_wish=Wish(seconds=60, by="Cache-Control"), document_wish=Wish(seconds=7200, by="ttl"))
    found = schedule.due(state, NOW)
    assert (found.at, found.why, found.by) == (NOW + 2 * HOUR, "wish", "ttl")


def test_what_is_said_in_minutes_is_taken_to_the_minute() -> None:
    """An hourly run that begins at the full hour meets a feed that is to be asked every hour, every hour."""
    fetched = NOW + timedelta(seconds=7)
    state = settled(checked=fetched, succeeded=fetched, news=fetched, document_wish=Wish(seconds=3600, by="ttl"))
    assert schedule.is_due(state, NOW + HOUR)
    assert not schedule.is_due(state, NOW + HOUR - timedelta(seconds=1))
    strict = settled(checked=fetched, succeeded=fetched, news=fetched, header_wish=Wish(seconds=3600, by="Expires"))
    assert not schedule.is_due(strict, NOW + HOUR)


@pytest.mark.parametrize(
    ("silent", "window", "pause"),
    [
        (timedelta(0), timedelta(0), timedelta(0)), (10 * HOUR, timedelta(0), HOUR),
        (timedelta(days=5), timedelta(days=30), timedelta(hours=12)), (timedelta(days=5), 4 * HOUR, 2 * HOUR),
        (timedelta(days=100), timedelta(days=900), timedelta(days=1)),
    ],
)  # fmt: skip
def test_a_silent_feed_is_asked_less_often_but_never_so_that_something_falls_out(
    silent: timedelta, window: timedelta, pause: timedelta
) -> None:
    state = settled(news=NOW - silent, window=window.total_seconds())
    found, _ = wait(state)
    assert found == min(pause * (1 + SPREAD_OF_F), timedelta(days=1))


def test_news_brings_a_silent_feed_back_at_once() -> None:
    state = settled(news=NOW - timedelta(days=50))
    assert not schedule.is_due(state, NOW)
    assert schedule.is_due(schedule.after_success(state, NOW, news=True), NOW)
    assert schedule.after_success(state, NOW).news == state.news


@pytest.mark.parametrize(
    ("hours", "days", "moment", "later"),
    [
        ((10, 11), (), NOW, 2 * HOUR), ((10, 11), (), NOW + timedelta(minutes=59), 2 * HOUR),
        ((11,), (), NOW, timedelta(0)), ((), ("Monday",), NOW, 14 * HOUR), ((0, 1), ("monday",), NOW, 16 * HOUR),
        ((), ("Tuesday",), NOW, timedelta(0)), (tuple(range(24)), (), NOW, timedelta(0)),
        ((), ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), NOW, timedelta(0)),
    ],
)  # fmt: skip
def test_skipped_hours_and_days_are_skipped(
    hours: tuple[int, ...], days: tuple[str, ...], moment: datetime, later: timedelta
) -> None:
    """NOW is a Monday at 10:00; who skips all hours is asked as if it skipped none."""
    expected = NOW + later if later else moment
    assert hints.outside_skips(moment, hours, days) == expected
    state = settled(skip_hours=hours, skip_days=days)
    assert schedule.is_due(state, moment) is (expected == moment)
    assert later == timedelta(0) or schedule.due(state, moment).why == "skip"


def test_a_document_leaves_its_hints() -> None:
    dates = (NOW + timedelta(days=3), NOW, NOW - timedelta(days=2), NOW - timedelta(days=7), None)
    entries = (*[Entry(published=date) for date in dates], Entry(updated=NOW))
    info = FeedInfo(ttl=30, skip_hours=(3,), skip_days=("Sunday",))
    state = schedule.with_hints(STATE, info, hints.window(entries, NOW))
    assert state.document_wish == Wish(seconds=1800, by="ttl")
    assert (state.skip_hours, state.skip_days) == ((3,), ("Sunday",))
    assert state.window == timedelta(days=7).total_seconds(), "what is dated in the future aside"


def test_answers_are_counted_with_what_they_saved() -> None:
    state = STATE
    for answer in (
        at(NOW, size=900, cache_control="max-age=60"),
        at(NOW, status=304),
        at(NOW, status=304, expires="0"),
    ):
        state = schedule.counted(state, answer)
    assert (state.answers, state.unchanged, state.document_bytes, state.saved_bytes) == (3, 2, 900, 1800)
    assert state.header_wish == Wish(), "the last answer that says anything counts"


@given(
    st.builds(
        lambda header, document, silent, window, hours, days: settled(
            header_wish=Wish(seconds=header, by="Expires"), document_wish=Wish(seconds=document, by="ttl"),
            news=NOW - timedelta(seconds=silent), window=window, skip_hours=tuple(hours), skip_days=tuple(days),
        ),
        st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9), st.sets(st.integers(0, 23)),
        st.sets(st.sampled_from(["Monday", "Saturday", "nonsense"])),
    ),
    st.floats(0, 1e5),
)  # fmt: skip
def test_nothing_that_a_source_says_silences_it_for_longer_than_a_day_and_what_it_skips(
    state: FeedState, later: float
) -> None:
    found = schedule.due(state, NOW + timedelta(seconds=later))
    assert found.at is not None
    assert found.at - max(NOW + timedelta(seconds=later), NOW + schedule.LONGEST_PAUSE) <= hints.LONGEST_SKIP


# -------------------------------------------------------------------------------------------------- hosts


def test_429_speaks_for_its_host_and_503_for_its_address() -> None:
    busy = Failed("f", "HttpStatus", "m", 429, 7200.0, "news.example:443")
    hosts = schedule.left_alone({}, [busy, failed(503, 7200.0)], NOW)
    assert hosts == {"news.example:443": NOW + 2 * HOUR}
    assert schedule.resting(hosts, ["https://news.example/other"], NOW) == NOW + 2 * HOUR
    assert schedule.resting(hosts, ["http://news.example/other"], NOW) is None
    assert schedule.resting(hosts, ["https://news.example/x", "https://mirror.example/x"], NOW) is None
    assert schedule.resting(hosts, ["https://news.example/other"], NOW + 2 * HOUR) is None
    assert schedule.left_alone(hosts, [], NOW + 2 * HOUR) == {}


@pytest.mark.parametrize(
    ("seconds", "pause"),
    [(None, schedule.FIRST_PAUSE), (1.0, schedule.FIRST_PAUSE), (1e12, schedule.LONGEST_RETRY_AFTER)],
)
def test_a_host_is_left_alone_within_reason(seconds: float | None, pause: timedelta) -> None:
    busy = Failed("f", "HttpStatus", "m", 429, min(seconds, 1e8) if seconds else None, "h:80")
    assert schedule.left_alone({}, [busy], NOW) == {"h:80": NOW + pause}
