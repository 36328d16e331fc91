"""Dates as they are found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from broadsheet.feeds.dates import parse_date

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

ABSOLUTE = {
    "2003-12-31T10:14:55Z": "2003-12-31T10:14:55",
    "2003-12-31T10:14:55.5+01:00": "2003-12-31T09:14:55.500000",
    "2002-10-13T09:00+01:00": "2002-10-13T08:00:00",
    "2026": "2026-01-01T00:00:00",
    "2026-11": "2026-11-01T00:00:00",
    "20261102": "2026-11-02T00:00:00",
    "2026-306": "2026-11-02T00:00:00",
    "03-12-31": "2003-12-31T00:00:00",
    "2026-11-02 10:00:00": "2026-11-02T10:00:00",
    "2026/11/02 10:00": "2026-11-02T10:00:00",
    "2026-11-02 10:00:00 +0800": "2026-11-02T02:00:00",
    "2003-12-31T10:14:55 PST": "2003-12-31T18:14:55",
    "Thu, 01 Jan 2004 19:48:21 GMT": "2004-01-01T19:48:21",
    "Thu, 01 Jan 2004 19:48:21 -0500": "2004-01-02T00:48:21",
    "Thu, 01 Jan 2004 19:48:21 GMT+0800": "2004-01-01T11:48:21",
    "Mon, 26 January 2004 16:31:00 EST": "2004-01-26T21:31:00",
    "Mon, 2 Nov 26 10:00 EST": "2026-11-02T15:00:00",
    "Mon, 2 Nov 99 10:00": "1999-11-02T10:00:00",
    "2 November 2026": "2026-11-02T00:00:00",
    "Mon Nov  2 10:00:00 2026": "2026-11-02T10:00:00",
    "Mon Nov  2 10:00:00 EST 2026": "2026-11-02T15:00:00",
    "November 2, 2026 3:05 PM": "2026-11-02T15:05:00",
    "Fri, 2006/09/15 08:19:53 EDT": "2006-09-15T12:19:53",
    "lun., 02 nov. 2026 10:00:00 +0100": "2026-11-02T09:00:00",
    "Пн, 02 ноя 2026 10:00:00 +0300": "2026-11-02T07:00:00",
    "Κυρ, 11 Ιούλ 2004 12:00:00 EST": "2004-07-11T17:00:00",
    "2004-július-13T9:15-05:00": "2004-07-13T14:15:00",
    "2004-05-28 오후 11:23:17": "2004-05-28T14:23:17",
    "2004년 05월 28일  01:31:15": "2004-05-27T16:31:15",
    "2026年11月2日 下午3点05分": "2026-11-02T15:05:00",
    "2026年11月2日（月）10:00 JST": "2026-11-02T01:00:00",
    "1762077600": "2025-11-02T10:00:00",
    "1762077600000": "2025-11-02T10:00:00",
    "Sat, 31 Dec 2016 23:59:60 GMT": "2017-01-01T00:00:00",
    "Mon, 02 Nov 2026 24:00:00 GMT": "2026-11-03T00:00:00",
    "  2026-11-02T10:00:00Z\n": "2026-11-02T10:00:00",
}


@pytest.mark.parametrize("text", ABSOLUTE)
def test_an_instant(text: str) -> None:
    assert parse_date(text) == datetime.fromisoformat(ABSOLUTE[text]).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "0001-01-01T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "2026-13-40",
        "3小时前",
        "1" * 5000,
        "12",
        "/",
    ],
)
def test_no_date(text: str) -> None:
    assert parse_date(text) is None


RELATIVE = {
    "半小时前": "2026-11-23T11:30:00",
    "两天前": "2026-11-21T12:00:00",
    "an hour ago": "2026-11-23T11:00:00",
    "Yesterday at 10:00": "2026-11-22T10:00:00",
    "11-22 08:30": "2026-11-22T08:30:00",
    "12-31 08:30": "2025-12-31T08:30:00",
    "3小时前": "2026-11-23T09:00:00",
    "5 分钟前": "2026-11-23T11:55:00",
    "2天前": "2026-11-21T12:00:00",
    "3 hours ago": "2026-11-23T09:00:00",
    "今天 08:30": "2026-11-23T08:30:00",
    "昨天 下午3:00": "2026-11-22T15:00:00",
    "yesterday 10:00": "2026-11-22T10:00:00",
    "11月20日 10:00": "2026-11-20T10:00:00",
    "12月31日": "2025-12-31T00:00:00",
}


WRITTEN = {
    "27 novembre 2026 à 08:30": "2026-11-27T08:30:00",
    "27 ноября 2026 г. 08:30": "2026-11-27T08:30:00",
    "27 de noviembre de 2026": "2026-11-27T00:00:00",
    "27.1.2026 klo 8.30": "2026-01-27T08:30:00",
    "2026. 11. 27. 오후 3:00": "2026-11-27T06:00:00",
    "2026.11.27. 15:00": "2026-11-27T15:00:00",
    "2026. november 27.": "2026-11-27T00:00:00",
    "2026. november 27., péntek 8:30": "2026-11-27T08:30:00",
    "11/27/26 10:00 PM": "2026-11-27T22:00:00",
    "27.11.26": "2026-11-27T00:00:00",
    "20261127083000": "2026-11-27T08:30:00",
    "令和8年11月27日": "2026-11-27T00:00:00",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_dates_as_they_are_written_around_the_world(text: str) -> None:
    assert parse_date(text) == datetime.fromisoformat(WRITTEN[text]).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", RELATIVE)
def test_counted_from_a_reference(text: str) -> None:
    assert parse_date(text, reference=NOW) == datetime.fromisoformat(RELATIVE[text]).replace(tzinfo=UTC)


def test_a_date_without_a_zone_takes_the_one_that_is_given() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert parse_date("2026-11-02 10:00", zone=shanghai) == datetime(2026, 11, 2, 2, tzinfo=UTC)
    assert parse_date("2026-11-02T10:00:00", zone=shanghai) == datetime(2026, 11, 2, 2, tzinfo=UTC)
    assert parse_date("Mon, 02 Nov 2026 10:00:00 GMT", zone=shanghai) == datetime(2026, 11, 2, 10, tzinfo=UTC)
