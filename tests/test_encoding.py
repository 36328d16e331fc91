"""Bytes to characters."""

from __future__ import annotations

import pytest

from broadsheet.encoding import codec_for, guess, to_utf8
from broadsheet.feeds.parse import parse_feed

CHINESE = "今天的新闻：港口工程开始了，我们在这里说明情况。" * 5
TRADITIONAL = "今天的新聞：港口工程開始了，我們在這裡說明情況。" * 5
JAPANESE = "今日のニュースです。港の工事が始まりました。詳しくはこちらをご覧ください。" * 5
KOREAN = "오늘의 뉴스입니다. 항구 공사가 시작되었습니다. 자세한 내용은 여기에 있습니다." * 5
RUSSIAN = "Сегодня в порту начались работы. Подробности читайте на нашем сайте. " * 5
FRENCH = "Les travaux du port ont commencé à l’été, où l’on “espère” la fin. " * 5

LABELLED = [
    (CHINESE, "gbk", "gb2312"),
    (CHINESE, "gb18030", "GB18030"),
    (TRADITIONAL, "big5", "Big5"),
    (JAPANESE, "cp932", "Shift_JIS"),
    (JAPANESE, "euc_jp", "EUC-JP"),
    (JAPANESE.replace("。", ""), "iso2022_jp", "iso-2022-jp"),
    (KOREAN, "cp949", "euc-kr"),
    (RUSSIAN, "cp1251", "windows-1251"),
    (RUSSIAN, "koi8_r", "koi8-r"),
    (FRENCH, "cp1252", "iso-8859-1"),
]


def feed(text: str) -> str:
    return f"<rss version='2.0'><channel><title>{text}</title></channel></rss>"


@pytest.mark.parametrize(("text", "codec", "label"), LABELLED)
def test_labels(text: str, codec: str, label: str) -> None:
    declared = f"<?xml version='1.0' encoding='{label}'?>" + feed(text)
    assert parse_feed(declared.encode(codec)).feed.title == text.strip()
    by_header = parse_feed(feed(text).encode(codec), content_type=f"text/xml; charset={label}")
    assert by_header.feed.title == text.strip()
    assert by_header.problems == ()


@pytest.mark.parametrize(("text", "codec", "label"), [case for case in LABELLED if case[1] != "iso2022_jp"])
def test_without_a_label(text: str, codec: str, label: str) -> None:
    parsed = parse_feed(feed(text).encode(codec))
    assert parsed.feed.title == text.strip()
    assert any("encoding" in problem for problem in parsed.problems)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_unicode(codec: str) -> None:
    assert parse_feed(("<?xml version='1.0'?>" + feed(CHINESE)).encode(codec)).feed.title == CHINESE


def test_wrong_labels() -> None:
    text = "<?xml version='1.0' encoding='iso-8859-1'?>" + feed(CHINESE)
    parsed = parse_feed(text.encode())
    assert parsed.feed.title == CHINESE
    assert parsed.problems == ("encoding: labelled iso-8859-1, is utf-8",)
    assert parse_feed(text.replace("iso-8859-1", "utf-16").encode()).feed.title == CHINESE
    assert parse_feed(feed(CHINESE).encode(), content_type="text/xml; charset=us-ascii").feed.title == CHINESE


@pytest.mark.parametrize(
    "label", ["unicode_escape", "zlib_codec", "rot13", "utf-7", "idna", "punycode", "hex", "nonsense"]
)
def test_codecs_that_are_not_the_webs(label: str) -> None:
    assert codec_for(label) == ""
    parsed = parse_feed(f"<?xml version='1.0' encoding='{label}'?>{feed('+ADw-b+AD4- café')}".encode())
    assert parsed.feed.title == "+ADw-b+AD4- café"
    assert any("not one of the web's" in problem for problem in parsed.problems)


def test_bad_bytes_do_not_lose_the_rest() -> None:
    parsed = parse_feed(feed("汉字 bad ").encode().replace(b"bad", b"bad\xff\xfe"))
    assert parsed.feed.title == "汉字 bad\ufffd\ufffd"
    assert to_utf8(b"\xff\xfe").data == b""


def test_a_guess_is_deterministic() -> None:
    assert guess(b"plain") == guess(b"plain")
    assert guess(b"") == ("cp1252", "windows-1252")
