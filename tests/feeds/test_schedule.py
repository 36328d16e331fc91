"""When a feed is asked again, and what each answer makes of its state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.feeds import schedule
from broadsheet.model import Failed, FeedInfo, FeedState, Response

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
URL = "https://news.example/feed"
STATE = FeedState(feed_id="f")


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


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40), (8, 640), (9, 1280), (10, 1440), (1000, 1440)]
)
def test_the_pause_doubles_up_to_a_day(failures: int, minutes: int) -> None:
    state = after_failures(failures)
    assert state.failures == failures
    assert state.next_check == NOW + timedelta(minutes=minutes)


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
        (0.0, timedelta(minutes=5)), (60.0, timedelta(minutes=5)), (3600.0, timedelta(hours=1)),
        (172_800.0, timedelta(days=2)), (10.0**8, timedelta(days=7)),
    ],
)  # fmt: skip
def test_retry_after_lengthens_the_pause_within_reason(seconds: float, pause: timedelta) -> None:
    assert schedule.after_failure(STATE, failed(503, seconds), NOW).next_check == NOW + pause


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
