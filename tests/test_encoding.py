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


# Titles as short feeds have them: a name and three entries. Headlines without kana are hanzi to whoever does not read them.
SHORT = {
    "Japanese": (
        ["港町の便り", "朝市でイカが豊漁、値段は昨年の半分に", "坂の上の図書館、夜も開館します", "雨でも歩ける商店街の屋根が完成"],
        ["海辺新聞", "新港湾計画案決定、来年四月着工", "市議会議員選挙、候補者十二人", "大雨警報解除、鉄道全線運転再開"],
        ["山の学校", "雪がとけて小川の水が増えた", "給食に地元の野菜が並ぶ", "卒業式の歌を皆で練習"],
        ["技術日誌", "データベースのサーバーを入れ替えた", "テストが遅い理由を調べる", "メモリの使い方を半分にする"],
    ),
    "Korean": (
        ["바닷가 소식", "아침 시장에 오징어가 많이 나왔다", "도서관이 다음 달부터 밤에도 문을 연다", "비가 와도 걸을 수 있는 골목"],
        ["시청 공고", "항만 공사 내년 봄 착공 예정", "버스 노선 개편안 주민 설명회 개최", "수도 요금 인상 없다"],
        ["개발 일지", "서버를 바꾸는 데 하루가 걸렸다", "느린 시험의 까닭을 찾았다", "메모리를 절반만 쓰게 했다"],
    ),
    "Simplified Chinese": (
        ["海边小报", "早市的鱿鱼多了，价钱只有去年一半", "山上的图书馆下个月晚上也开门", "下雨也能走的老街修好了"],
        ["港务公告", "新码头明年春天动工", "公交线路调整方案征求意见", "水费暂不上调"],
        ["开发日志", "换一台服务器用了整整一天", "找到测试变慢的原因", "内存占用减了一半"],
    ),
    "Traditional Chinese": (
        ["海邊小報", "早市的魷魚多了，價錢只有去年一半", "山上的圖書館下個月晚上也開門", "下雨也能走的老街修好了"],
        ["港務公告", "新碼頭明年春天動工", "公車路線調整方案徵求意見", "水費暫不調漲"],
        ["開發日誌", "換一台伺服器用了整整一天", "找到測試變慢的原因", "記憶體用量減了一半"],
    ),
    "Russian": (
        ["Портовый листок", "На утреннем рынке подешевели кальмары", "Библиотека открыта и вечером", "Крыша над рядами готова"],
        ["Город", "Мост закрыт до весны", "Автобусы пойдут иначе", "Вода не подорожает"],
    ),
    "French": (
        ["Le Quai", "Les calmars à moitié prix au marché", "La bibliothèque le soir dès l’été", "« Où est le phare ? »"],
        ["Bloc-notes", "Un été déjà sec", "La forêt et ses hôtes", "Ça gèle encore"],
    ),
    "German": (
        ["Hafenblatt", "Tintenfisch auf dem Markt für die Hälfte", "Bücherei öffnet auch abends", "Dächer über der Straße fertig"],
        ["Ärger im Rathaus", "Brücke bis März gesperrt", "Wasser wird nicht teurer, heißt es", "Über den Fluß"],
    ),
    "Swedish": (
        ["Båtbladet", "Bläckfisk för halva priset på torget", "Biblioteket öppet även på kvällen", "Äntligen tak över gågatan"],
    ),
}  # fmt: skip
SHORT_CODECS = [
    ("Japanese", "euc_jp"),
    ("Japanese", "cp932"),
    ("Korean", "cp949"),
    ("Simplified Chinese", "gb18030"),
    ("Traditional Chinese", "big5hkscs"),
    ("Traditional Chinese", "gb18030"),
    ("Russian", "cp1251"),
    ("Russian", "koi8_r"),
    ("French", "cp1252"),
    ("German", "cp1252"),
    ("Swedish", "cp1252"),
]


@pytest.mark.parametrize(
    ("codec", "titles"), [(codec, titles) for language, codec in SHORT_CODECS for titles in SHORT[language]]
)
def test_short_documents_without_a_label(codec: str, titles: list[str]) -> None:
    items = "".join(f"<item><title>{title}</title></item>" for title in titles[1:])
    data = f"<rss version='2.0'><channel><title>{titles[0]}</title>{items}</channel></rss>".encode(codec)
    parsed = parse_feed(data)
    assert [parsed.feed.title, *(entry.title for entry in parsed.entries)] == titles


@pytest.mark.parametrize("language", SHORT)
def test_short_documents_in_utf8_with_half_a_character(language: str) -> None:
    text = " ".join(SHORT[language][0])
    place = next(place for place, character in enumerate(text) if character > "\x7f")
    data = text[:place].encode() + text[place].encode()[:-1] + text[place + 1 :].encode()
    assert guess(data) == ("utf-8", "utf-8")


@pytest.mark.parametrize("language", ["Japanese", "Korean", "Simplified Chinese", "Traditional Chinese"])
@pytest.mark.parametrize("first", ["", "x"])
def test_a_long_document_is_cut_between_characters_or_within_one(language: str, first: str) -> None:
    codec = next(codec for name, codec in SHORT_CODECS if name == language)
    text = first + "".join(SHORT[language][0]).replace(" ", "") * 4_000
    assert guess(text.encode(codec))[0] == codec


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
