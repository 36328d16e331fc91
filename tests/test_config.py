"""``broadsheet.toml``: four layers, every fault at once, each with its line and the nearest right name."""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.config import TABLES, Config
from broadsheet.configfile import parse_config
from broadsheet.errors import ConfigError
from broadsheet.model import Filters


def faults(text: str, **layers: Any) -> list[str]:
    """Return the lines of the error that the configuration gives."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, **layers)
    return str(caught.value).splitlines()


# --------------------------------------------------------------------------------------------------- layers


def test_nothing_gives_the_defaults() -> None:
    config = parse_config()
    assert config == Config(origin=config.origin)
    assert set(config.origin.values()) == {"default"}
    assert set(config.origin) == {"opml"} | {
        f"{table}.{key}" for table, kind in TABLES.items() for key in kind.__struct_fields__
    }


def test_flags_beat_environment_beats_file_beats_defaults() -> None:
    text = '[site]\ntitle = "file"\nsubtitle = "file"\ncontact = "file"\n'
    environ = {"BROADSHEET_SITE_TITLE": "environment", "BROADSHEET_SITE_SUBTITLE": "environment"}
    config = parse_config(text, environ=environ, flags={"site.title": "flag"})
    assert (config.site.title, config.site.subtitle, config.site.contact) == ("flag", "environment", "file")
    assert config.site.theme == "default"
    origins = [config.origin[f"site.{key}"] for key in ("title", "subtitle", "contact", "theme")]
    assert origins == ["flag", "environment", "file", "default"]


def test_a_flag_that_is_not_given_changes_nothing() -> None:
    config = parse_config("[poll]\nrobots = true\n", flags={"poll.robots": None, "poll.delay": 0.0})
    assert config.poll.robots is True
    assert config.origin["poll.robots"] == "file"
    assert (config.poll.delay, config.origin["poll.delay"]) == (0.0, "flag")


def test_false_and_zero_and_empty_are_values() -> None:
    config = parse_config('[poll]\nrobots = false\ndelay = 0\n[site]\ntitle = ""\n')
    assert (config.poll.robots, config.poll.delay, config.site.title) == (False, 0.0, "")


ENVIRONMENT = [
    ("POLL_CONCURRENCY", "8", "poll.concurrency", 8),
    ("POLL_DELAY", "0.5", "poll.delay", 0.5),
    ("POLL_DELAY", "2", "poll.delay", 2.0),
    ("POLL_ROBOTS", "no", "poll.robots", False),
    ("POLL_ROBOTS", "TRUE", "poll.robots", True),
    ("POLL_ROBOTS", "0", "poll.robots", False),
    ("POLL_ALLOW_PRIVATE", "127.0.0.1:1200, nas.lan:80,", "poll.allow_private", ("127.0.0.1:1200", "nas.lan:80")),
    ("POLL_ALLOW_PRIVATE", "", "poll.allow_private", ()),
    ("RSSHUB_INSTANCES", "https://a.example", "rsshub.instances", ("https://a.example",)),
    ("SITE_TITLE", "日报", "site.title", "日报"),
    ("SITE_TITLE", "", "site.title", ""),
    ("ENGINE_KIND", "inline", "engine.kind", "inline"),
    ("MEDIA_COPY", "yes", "media.copy", True),
]


@pytest.mark.parametrize(("name", "raw", "where", "value"), ENVIRONMENT)
def test_the_environment(name: str, raw: str, where: str, value: object) -> None:
    table, key = where.split(".")
    config = parse_config(environ={f"BROADSHEET_{name}": raw, "BROADSHEET_OTHER": "x", "SITE_TITLE": "x"})
    assert getattr(getattr(config, table), key) == value
    assert config.origin[where] == "environment"


@pytest.mark.parametrize(
    ("name", "raw", "where"),
    [
        ("POLL_CONCURRENCY", "many", "poll.concurrency"),
        ("POLL_ROBOTS", "perhaps", "poll.robots"),
        ("POLL_ROBOTS", "", "poll.robots"),
        ("POLL_TIMEOUT", "0", "poll.timeout"),
        ("POLL_DELAY", "nan", "poll.delay"),
        ("POLL_TIMEOUT", "inf", "poll.timeout"),
        ("SITE_LANGUAGE", "fr", "site.language"),
    ],
)
def test_a_fault_of_the_environment_names_its_variable(name: str, raw: str, where: str) -> None:
    (fault,) = faults("", environ={f"BROADSHEET_{name}": raw})
    assert fault.startswith(f"environment: BROADSHEET_{name}: {where.split('.')[1]} is ")


def test_a_fault_of_a_flag_names_the_flag() -> None:
    (fault,) = faults("", flags={"site.language": "fr"})
    assert fault == "command line: site.language: language is 'fr': must be one of en, zh"


# --------------------------------------------------------------------------------------------------- faults

FEED = '[[feeds]]\nurl = "https://a.example/"\n'
WRONG = {
    '[site]\ntitel = "x"': "p:2: [site] unknown key 'titel'; did you mean 'title'?",
    "[site]\n\n\ntitle = 3": "p:4: [site] title is 3: must be 'str', got 'int'",
    '[site]\nlanguage = "en_GB"': "p:2: [site] language is 'en_GB': must be one of en, zh",
    '[site]\ntimezone = "Mars"': "p:2: [site] timezone is 'Mars': is no time zone name",
    '[site]\ntimezone = "../../etc/passwd"': "p:2: [site] timezone is '../../etc/passwd': is no time zone name",
    '[site]\nurl = "paper.example"': "p:2: [site] url is 'paper.example': must be an address that begins with",
    '[site]\nurl = "ftp://paper.example"': "p:2: [site] url is",
    '[store]\nurl = "mysql://x"': "p:2: [store] url is 'mysql://x': must be sqlite:///PATH or postgresql://USER@HOST/DATABASE",
    "[poll]\ntimeout = 0": "p:2: [poll] timeout is 0: must be greater than 0",
    "[poll]\ntimeout = -1.5": "p:2: [poll] timeout is -1.5: must be greater than 0",
    "[poll]\ndelay = -1": "p:2: [poll] delay is -1: must not be negative",
    "[poll]\ndelay = nan": "p:2: [poll] delay is nan: must be a number of some size",
    "[poll]\ntimeout = inf": "p:2: [poll] timeout is inf: must be a number of some size",
    "[poll]\nper_host = true": "p:2: [poll] per_host is True: must be 'int', got 'bool'",
    "[poll]\nper_host = 1.5": "p:2: [poll] per_host is 1.5: must be 'int', got 'float'",
    '[poll]\nallow_private = "127.0.0.1:80"': "p:2: [poll] allow_private is '127.0.0.1:80': must be a list",
    '[poll]\nallow_private = ["127.0.0.1"]': "p:2: [poll] allow_private is ['127.0.0.1']: '127.0.0.1' must be host:port",
    '[poll]\nallow_private = ["http://a:80/"]': "p:2: [poll] allow_private is",
    '[poll]\nallow_private = ["a:0"]': "p:2: [poll] allow_private is",
    '[poll]\nallow_private = ["a:65536"]': "p:2: [poll] allow_private is",
    '[rsshub]\ninstances = ["rsshub.app"]': "p:2: [rsshub] instances is ['rsshub.app']: 'rsshub.app' must be",
    '[site]\nwhole_in_feeds = "some"': "p:2: [site] whole_in_feeds is 'some': must be one of none, front, all",
    '[engine]\nkind = "process"': (
        "p:2: [engine] kind is 'process': must be one of inline, threads, processes, dask; did you mean 'processes'?"
    ),
    "[engine]\nworkers = -1": "p:2: [engine] workers is -1: must not be negative",
    "[pol]\nx = 1": "p:1: unknown table or key 'pol'; did you mean 'poll'?",
    "zzz = 1": "p:1: unknown table or key 'zzz'; known are: site, store",
    "site = 1": "p:1: [site] must be a table",
    "[[site]]": "p:1: [site] must be a table",
    "opml = 1": "p:1: opml must be a file name in quotes",
    "[feeds]": "p:1: feeds must be tables: [[feeds]]",
    "feeds = 3": "p:1: feeds must be tables: [[feeds]]",
    "[[feeds]]": "p:1: url is missing",
    '[[feeds]]\ntitle = "x"': "p:1: url is missing",
    "[topics]": "p:1: topics must be tables: [[topics]]",
    '[[topics]]\ntitle = "x"': "p:1: words is missing",
    '[[topics]]\ntitle = "x"\nwords = []': "p:3: words is empty (topic 'x'): nothing would ever belong to it",
    '[[topics]]\ntitle = "x"\nwords = ["a", "!"]': "p:3: '!' has no letter (topic 'x')",
    '[[topics]]\ntitle = "…"\nwords = ["a"]': "p:2: title is '…': must have a letter",
    '[[topics]]\ntitle = "x"\nwords = "a"': "p:3: words is 'a': must be a list",
    '[[topics]]\ntitle = "x"\nwords = ["a"]\n[[topics]]\ntitle = "x"\nwords = ["b"]': (
        "p:5: the topic 'x' is there twice; remove one"
    ),
    '[[feeds]]\nurl = "news.example"': "p:2: url is 'news.example': must begin with http://, https:// or rsshub://",
    '[[feeds]]\nurl = "file:///etc/passwd"': "p:2: url is",
    "[[feeds]]\nurl = 3": "p:2: url is 3: must be 'str'",
    f'{FEED}mode = "ful"': "p:3: mode is 'ful': must be one of link, excerpt, full; did you mean 'full'?",
    f"{FEED}limit = -1": "p:3: limit is -1: must not be negative",
    f'{FEED}filters = {{ exclude = ["("] }}': "p:3: '(' is no regular expression",
    f'{FEED}filters = {{ include_title = ["(?=a)b"] }}': "p:3: '(?=a)b' takes more than linear time (filters of https://a.example/)",
    f'{FEED}filters = {{ exclude_author = ["(a)\\\\1"] }}': "p:3: '(a)\\\\1' takes more than linear time",
    f'{FEED}scrape = {{ title = "h2" }}': "p:3: list is missing: the selector of the elements that are entries",
    f'{FEED}scrape = {{ list = "li >" }}': "p:3: list 'li >' is no CSS selector (and no XPath, which starts with / or .//)",
    f'{FEED}scrape = {{ list = "//li[" }}': "p:3: list '//li[' is no CSS selector",
    f'{FEED}scrape = {{ list = "//li", title = "//h2" }}': "p:3: title '//h2' looks at the whole page instead of an entry",
    f'{FEED}scrape = {{ list = "li", titel = "x" }}': "p:3: unknown key 'titel' in scrape; did you mean 'title'?",
    f'{FEED}opencc = "s2x"': "p:3: opencc is 's2x': must be one of OpenCC's conversions: s2t, t2s",
    f"{FEED}brief = -1": "p:3: brief is -1: must not be negative",
    f"{FEED}filter_time = true": "p:3: filter_time is True: must be 'int'",
    f'{FEED}filters = {{ exclud = ["x"] }}': "p:3: unknown key 'exclud' in filters; did you mean 'exclude'?",
    f'{FEED}filters = {{ exclude = "x" }}': "p:3: filters is",
    f'{FEED}[[feeds]]\nurl = "https://a.example/"': "p:4: https://a.example/ is listed twice",
    'site.titel = "x"': "p:1: [site] unknown key 'titel'",
    '\nsite = { titel = "x" }': "p:2: [site] unknown key 'titel'",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_fault_is_told_with_its_line_and_what_is_right(text: str) -> None:
    told = faults(text, name="p")
    assert told[0].startswith(WRONG[text]), told
    assert len(told) == 1


def test_all_faults_are_told_at_once() -> None:
    text = (
        'opml = 1\n[site]\ntitel = "x"\nlanguage = "fr"\n[poll]\ntimeout = 0\n'
        '[[feeds]]\nurl = "https://a.example/"\n[[feeds]]\nurl = "x"\nmod = "full"\n'
    )
    told = faults(text, name="p", environ={"BROADSHEET_POLL_DELAY": "x"})
    where = [fault.split(" ")[0] for fault in told]
    assert sorted(where) == sorted(["p:1:", "p:3:", "p:4:", "environment:", "p:6:", "p:10:", "p:11:"])


@pytest.mark.parametrize(
    "text", ["[site", 'title = "', "a = 1\na = 2", "[site]\n[site]", "x = [" * 5000, "x = " + "9" * 5000]
)
def test_broken_toml_names_the_file(text: str) -> None:
    (fault,) = faults(text, name="my.toml")
    assert fault.startswith("my.toml: ")
    assert fault.endswith("Mend the TOML syntax there.")


# ---------------------------------------------------------------------------------------------------- feeds


def test_feeds_are_kept_in_their_order() -> None:
    config = parse_config(
        '[[feeds]]\nurl = "https://b.example/"\nsection = "金融/新浪财经/国內"\nmode = "full"\nlimit = 5\n'
        'filters = { include = ["^a"], exclude = ["b$"] }\n[[feeds]]\nurl = "rsshub://a/b"\n'
    )
    first, second = config.feeds
    assert (first.url, first.section, first.mode, first.limit) == (
        "https://b.example/",
        "金融/新浪财经/国內",
        "full",
        5,
    )
    assert first.filters == Filters(include=("^a",), exclude=("b$",))
    assert (second.url, second.mode, second.full_text) == ("rsshub://a/b", "excerpt", "auto")


def test_a_table_of_filters_belongs_to_the_feed_above() -> None:
    config = parse_config(
        '[[feeds]]\nurl = "https://a.example/"\n[feeds.filters]\ninclude = ["x"]\n[[feeds]]\nurl = "https://b.example/"\n'
    )
    assert [feed.filters.include for feed in config.feeds] == [("x",), ()]


def test_every_default_passes_its_own_checks() -> None:
    """What the program assumes could be written down as it is."""
    lines = []
    for table, kind in TABLES.items():
        lines.append(f"[{table}]")
        for key in kind.__struct_fields__:
            value = getattr(kind(), key)
            lines.append(f"{key} = {msgspec.json.encode(value).decode()}")
    config = parse_config("\n".join(lines))
    assert all(getattr(config, table) == kind() for table, kind in TABLES.items())


def test_every_setting_can_come_from_the_environment() -> None:
    """No setting has a type that the environment cannot carry."""
    for table, kind in TABLES.items():
        hints = get_type_hints(kind)
        for key in kind.__struct_fields__:
            value = getattr(kind(), key)
            raw = ",".join(value) if isinstance(value, tuple) else str(value)
            config = parse_config(environ={f"BROADSHEET_{table}_{key}".upper(): raw})
            assert getattr(getattr(config, table), key) == value, (table, key, hints[key])


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "include", "x"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
names = st.sampled_from([f"{table}.{key}" for table, kind in TABLES.items() for key in kind.__struct_fields__])


@given(st.dictionaries(names, values, max_size=4), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_values_give_a_configuration_or_a_named_error(flags: dict[str, Any], text: str) -> None:
    for given_text in ("", text, f"[site]\n{text}", f"[[feeds]]\n{text}"):
        try:
            assert isinstance(parse_config(given_text, flags=flags), Config)
        except ConfigError:
            continue
