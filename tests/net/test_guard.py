"""Nobody but public web servers is ever connected to, save for the single targets that the owner named."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import AddressRefused
from broadsheet.model import Done, Failed, Request
from broadsheet.net.client import MAX_ADDRESSES
from broadsheet.net.guard import Guard, is_public, packed_address
from tests.conftest import Answer, Web
from tests.net.recorder import MANNERS, Resolver, ask

PUBLIC = "93.184.215.14"


def request(url: str, kind: Any = "feed") -> Request:
    return Request(key="k", urls=(url,), kind=kind)


# ------------------------------------------------------------------------------------------- the address table

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255",
    "168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::2", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:2::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1",
    "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fd00:42::42", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip
ALLOWED = [
    "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", PUBLIC, f"::ffff:{PUBLIC}", "2001:4860:4860::8888",
    "2606:4700:4700::1111", "2a00:1450:4001::1", "2400::1",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_special_addresses_are_not_public(address: str) -> None:
    packed = packed_address(address)
    assert packed is not None
    assert not is_public(packed)
    with pytest.raises(AddressRefused):
        Guard().check_socket(address, 80)
    with pytest.raises(AddressRefused, match=r"allow_private = \["):
        Guard().check_resolved("name.example", 80, [address])


@pytest.mark.parametrize("address", ALLOWED)
def test_their_neighbours_are(address: str) -> None:
    packed = packed_address(address)
    assert packed is not None
    assert is_public(packed)
    Guard().check_socket(address, 80)
    assert Guard().check_resolved("name.example", 80, [address]) == [address]


@given(st.ip_addresses(v=4))
def test_no_address_that_python_calls_special_is_public(address: ipaddress.IPv4Address) -> None:
    """Python's table misses some, but what it holds, ours holds too."""
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        assert not is_public(address.packed)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_what_it_maps(address: ipaddress.IPv4Address) -> None:
    assert packed_address(f"::ffff:{address}") == address.packed


@pytest.mark.parametrize(
    "text", ["", "name.example", "1.2.3", "0x7f000001", "127.1", "1.2.3.4.5", ":::", "1.2.3.4\x00"]
)
def test_a_name_is_no_address(text: str) -> None:
    assert packed_address(text) is None
    with pytest.raises(AddressRefused):
        Guard().check_socket(text, 80)


# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("nonsense", "no address"),
        ("http://", "no address"),
        ("http://u:p@example.com/", "user name or password"),
        ("http://u@example.com/", "user name or password"),
        ("http://example.com:22/", "port 22"),
        ("http://example.com:6379/", "port 6379"),
        ("https://example.com:10250/", "port 10250"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://[::1]/", "private"),
    ],
)
def test_what_is_not_asked(url: str, words: str) -> None:
    with pytest.raises(AddressRefused, match=words) as caught:
        Guard().check_url(url)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://Example.COM/a b", ("http://example.com/a%20b", "example.com", 80)),
        ("https://example.com:443/", ("https://example.com/", "example.com", 443)),
        ("https://example.com:8443/x", ("https://example.com:8443/x", "example.com", 8443)),
        ("http://[2606:4700:4700::1111]/", ("http://[2606:4700:4700::1111]/", "2606:4700:4700::1111", 80)),
        ("https://例え.jp/", ("https://xn--r8jz45g.jp/", "xn--r8jz45g.jp", 443)),
    ],
)
def test_what_is_asked(url: str, expected: tuple[str, str, int]) -> None:
    assert Guard().check_url(url) == expected


# ------------------------------------------------------------------------------- the corpus of forged targets


def _targets(corpus: Path, name: str) -> Any:
    return json.loads((corpus / "hostile" / "ssrf_targets.json").read_text("utf-8"))[name]


def _names(targets: list[dict[str, str]]) -> dict[str, list[list[str]]]:
    """Return what names resolve to: the loopback-like, the metadata-like, the rest inside; example.com outside."""
    table: dict[str, list[list[str]]] = {"example.com": [[PUBLIC]]}
    for target in targets:
        host = target["url"].split("://")[-1].strip("/").rstrip(".")
        if target["cls"] == "name":
            loopback = any(word in host for word in ("localhost", "nip.io", "lvh.me", "localtest.me"))
            metadata = any(word in host for word in ("metadata", "instance-data", "169.254.169.254"))
            table[host] = [["127.0.0.1" if loopback else "169.254.169.254" if metadata else "10.0.0.1"]]
        elif target["cls"] == "control-allow":
            table[host] = [[PUBLIC]]
    return table


@pytest.mark.corpus
def test_forged_targets(corpus: Path) -> None:
    """Every target that must be refused is, without a socket; every control is let through."""
    targets = _targets(corpus, "targets")
    table = _names(targets)
    wrong = []
    for target in targets:
        for kind in ("feed", "page", "media"):
            (outcome,), connects = ask(request(target["url"], kind), lookup=Resolver(table))
            assert isinstance(outcome, Failed)
            if target["must"].startswith("refuse"):
                right = not connects and outcome.error == "AddressRefused"
            elif target["must"] == "allow":
                right = bool(connects) and outcome.error != "AddressRefused"
            else:
                right = all(is_public(packed_address(address) or b"\0" * 4) for address, _ in connects)
            if not right:
                wrong.append((target["id"], target["url"], kind, outcome, connects))
    assert wrong == []
    assert sum(target["must"] == "allow" for target in targets) >= 11


@pytest.mark.corpus
def test_forged_names(corpus: Path) -> None:
    """Whatever a name answers, first or later, only public addresses are connected to."""
    for case in _targets(corpus, "dns"):
        if case["answers"] == "TIMEOUT":
            continue  # test_a_name_that_is_never_answered
        resolver = Resolver({case["host"]: case["answers"]})
        times = 6 if len(case["answers"]) > 1 else 1
        outcomes, connects = ask(*[request(f"http://{case['host']}:8080/")] * times, lookup=resolver)
        assert all(isinstance(outcome, Failed) for outcome in outcomes)
        assert all(is_public(packed_address(address) or b"\0" * 4) for address, _ in connects), case["id"]
        if case["must"] == "refuse":
            first = outcomes[0]
            assert connects == [] or len(case["answers"]) > 1
            assert isinstance(first, Failed)
        assert len(set(connects)) <= MAX_ADDRESSES


def test_a_name_that_is_never_answered() -> None:
    async def silence(*_: object, **__: object) -> Any:
        await asyncio.sleep(600)

    (outcome,), connects = ask(request("http://silent.test/"), manners=replace(MANNERS, timeout=0.2), lookup=silence)
    assert isinstance(outcome, Failed)
    assert outcome.error == "TimedOut"
    assert connects == []


@pytest.mark.corpus
def test_forged_redirects(corpus: Path, web: Web) -> None:
    """A redirect is checked like an address of its own; the canary beside the allowed server is never hit."""
    canary = Web()
    manners = replace(MANNERS, allow_private=(web.address,))
    try:
        for number, case in enumerate(_targets(corpus, "redirects")):
            target = case["location"].replace("{PORT2}", canary.address.split(":")[1])
            web.pages[f"/{number}"] = Answer(status=case["status"], headers={"Location": target})
            (outcome,), connects = ask(request(f"{web.url}/{number}"), manners=manners)
            assert isinstance(outcome, Failed), case["id"]
            assert outcome.error == "AddressRefused"
            assert connects == [("127.0.0.1", int(web.address.split(":")[1]))]
        assert canary.hits == []
    finally:
        canary.close()


# ------------------------------------------------------------------------------------------------ rebinding


def test_rebinding_gains_nothing() -> None:
    """A name that says a public address first and loopback afterwards never leads to loopback."""
    canary = Web()
    canary.pages["/"] = Answer(b"secret")
    port = int(canary.address.split(":")[1])
    try:
        for answers in (
            [[PUBLIC], ["127.0.0.1"]],
            [["127.0.0.1"], [PUBLIC]],
            [[PUBLIC, "127.0.0.1"]],
            [["127.0.0.1", PUBLIC]],
            [["::ffff:127.0.0.1"]],
            [[PUBLIC], ["0.0.0.0"]],
        ):
            resolver = Resolver({"rebind.test": answers})
            outcomes, connects = ask(*[request(f"http://rebind.test:{port}/")] * 20, lookup=resolver)
            assert {address for address, _ in connects} <= {PUBLIC}
            assert not any(isinstance(outcome, Done) for outcome in outcomes)
        assert canary.hits == []
    finally:
        canary.close()


def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    """A name is looked up once a connection: what is connected to is that answer, not a later one."""
    resolver = Resolver({"once.test": [[PUBLIC], ["127.0.0.1"]]})
    _, connects = ask(request("http://once.test:8080/"), lookup=resolver)
    assert resolver.asked == ["once.test"]
    assert connects == [(PUBLIC, 8080)]


def test_a_redirect_to_a_private_address_is_refused(web: Web) -> None:
    canary = Web()
    try:
        web.pages["/"] = Answer(status=302, headers={"Location": f"{canary.url}/secret"})
        (outcome,), _ = ask(request(web.url), manners=replace(MANNERS, allow_private=(web.address,)))
        assert isinstance(outcome, Failed)
        assert outcome.error == "AddressRefused"
        assert f'allow_private = ["{canary.address}"]' in outcome.message
        assert canary.hits == []
    finally:
        canary.close()


# --------------------------------------------------------------------------------------- what the owner allows


def test_allow_private_opens_one_host_and_port(web: Web) -> None:
    """Not another port of the host, not the host by another name, not another name for the address."""
    other = Web()
    for server in (web, other):
        server.pages["/"] = Answer(b"here")
    manners = replace(MANNERS, allow_private=(web.address,))
    try:
        port = web.address.split(":")[1]
        urls = [
            f"{web.url}/",
            f"http://127.1:{port}/",
            f"{other.url}/",
            f"http://127.0.0.2:{port}/",
            f"http://localhost:{port}/",
            f"http://[::ffff:127.0.0.1]:{port}/",
            f"https://127.0.0.1:{int(port) + 1}/",
        ]
        outcomes, _ = ask(*map(request, urls), manners=manners)
        assert [isinstance(outcome, Done) for outcome in outcomes] == [True, True, *[False] * 5]
        assert {outcome.error for outcome in outcomes if isinstance(outcome, Failed)} == {"AddressRefused"}
        assert len(web.hits) == 2
        assert other.hits == []
    finally:
        other.close()


def test_allow_private_by_name_opens_no_other_name(web: Web) -> None:
    """The name may lead inside; its address may not be asked directly, nor by another name that leads there."""
    port = web.address.split(":")[1]
    web.pages["/"] = Answer(b"here")
    manners = replace(MANNERS, allow_private=(f"RssHub.LAN:{port}",))
    resolver = Resolver({"rsshub.lan": [["127.0.0.1"]], "evil.test": [["127.0.0.1"]]})
    urls = [f"http://rsshub.lan:{port}/", f"http://evil.test:{port}/", f"http://127.0.0.1:{port}/"]
    outcomes, _ = ask(*map(request, urls), manners=manners, lookup=resolver)
    assert [isinstance(outcome, Done) for outcome in outcomes] == [True, False, False]
    assert len(web.hits) == 1


@pytest.mark.parametrize("kind", ["page", "media"])
def test_robots_txt_is_guarded_as_well(kind: str) -> None:
    """The request for robots.txt goes no further than the page it is asked for, and the reason is the honest one."""
    manners = replace(MANNERS, robots=True)
    (outcome,), connects = ask(request("http://inside.test/", kind), manners=manners)
    assert connects == []
    assert isinstance(outcome, Failed)
    assert outcome.error == "AddressRefused"


def test_the_environment_is_not_asked_for_a_proxy(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect wherever it is told: none is taken that the configuration does not name."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, web.url)
    (outcome,), connects = ask(request("http://feed.test:8080/"), lookup=Resolver({"feed.test": [[PUBLIC]]}))
    assert isinstance(outcome, Failed)
    assert connects == [(PUBLIC, 8080)]
    assert web.hits == []
