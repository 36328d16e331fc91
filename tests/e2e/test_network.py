"""Servers that fail: broken TLS, no name, no connection, a day of errors. More: ``make network``, ``tests/net``."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

import pytest

from broadsheet.newspaper import Newspaper
from tests.conftest import CORPUS, Answer, Web, item, rss
from tests.e2e.network import dripping, healthy, hostile, timed
from tests.e2e.test_commands import broadsheet

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


class Certificates:
    """An authority of our own and what it has signed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority = folder / "authority.pem"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "authority.pem",
                      "-days", "3", "-subj", "/CN=Authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip

    def signed(self, name: str, host: str, days: int) -> Path:
        """Return a certificate with its key for a host; negative days are over."""
        self._openssl(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            f"/CN={host}",
        )
        (self._folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "authority.pem", "-CAkey", "ca.key", "-out", f"{name}.crt",
                      "-days", str(days), "-extfile", f"{name}.ext")  # fmt: skip
        return self._joined(name)

    def alone(self, name: str, host: str) -> Path:
        """Return a certificate that nobody has signed but itself."""
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt",
                      "-days", "3", "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}")  # fmt: skip
        return self._joined(name)

    def _joined(self, name: str) -> Path:
        place = self._folder / f"{name}.pem"
        place.write_bytes((self._folder / f"{name}.crt").read_bytes() + (self._folder / f"{name}.key").read_bytes())
        return place

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._folder, check=True, capture_output=True)


def behind_tls(web: Web, certificate: Path) -> str:
    """Put a server behind TLS and return its address by name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    web._server.socket = context.wrap_socket(web._server.socket, server_side=True)
    return f"localhost:{web.address.rpartition(':')[2]}"


@pytest.fixture
def served() -> Callable[[], Web]:
    made: list[Web] = []

    def make() -> Web:
        made.append(Web())
        made[-1].pages["/feed.xml"] = Answer(rss("News", item(len(made))))
        return made[-1]

    yield make  # type: ignore[misc]
    for web in made:
        web.close()


def test_connections_that_fail_are_named_and_tls_is_never_switched_off(
    tmp_path: Path, served: Callable[[], Web]
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here to make certificates")
    certificates = Certificates(tmp_path)
    kinds = {
        "good": certificates.signed("good", "localhost", 3), "expired": certificates.signed("expired", "localhost", -1),
        "other": certificates.signed("other", "other.example", 3), "alone": certificates.alone("alone", "localhost"),
    }  # fmt: skip
    webs = {kind: served() for kind in kinds}
    feeds = {kind: f"https://{behind_tls(webs[kind], place)}/feed.xml" for kind, place in kinds.items()}
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    reset = served()
    reset.pages["/feed.xml"] = _reset
    plain = served()
    feeds |= {
        "nowhere": "http://nowhere.invalid/feed.xml", "refused": f"http://127.0.0.1:{port}/feed.xml",
        "reset": f"{reset.url}/feed.xml", "plain": f"{plain.url}/feed.xml",
        "no tls": f"https://{plain.address}/feed.xml",
    }  # fmt: skip
    folder = tmp_path / "paper"
    folder.mkdir()
    private = ", ".join(f'"{url.split("/")[2]}"' for url in feeds.values() if "invalid" not in url)
    (folder / "broadsheet.toml").write_text(
        f"[poll]\ndelay = 0\ntimeout = 10\nallow_private = [{private}]\n"
        + "".join(f'[[feeds]]\nurl = "{url}"\n' for url in feeds.values())
    )
    done = broadsheet(folder, "--json", "update", SSL_CERT_FILE=str(certificates.authority))
    report = {line["url"]: line for line in json.loads(done.stdout)["feeds"].values()}
    told = {kind: (report[url]["outcome"], report[url].get("why", "")) for kind, url in feeds.items()}
    assert {kind for kind, (outcome, _) in told.items() if outcome == "new"} == {"good", "plain"}
    for kind, words in {
        "expired": "certificate is not valid", "other": "certificate is not valid", "alone": "certificate is not valid",
        "nowhere": "cannot be resolved", "refused": "no connection", "reset": "closed the connection", "no tls": "",
    }.items():  # fmt: skip
        assert told[kind][0] == "failed"
        assert words in told[kind][1], kind
    assert not any(webs[kind].hits for kind in ("expired", "other", "alone")), "nothing was asked of them"


def _reset(request: BaseHTTPRequestHandler) -> None:
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()
    request.close_connection = True


def test_a_day_of_errors_is_waited_out_and_forgiven(paper: Callable[..., Newspaper], web: Web) -> None:
    """A run every ten minutes: the pauses double, up to a day at most, and the first good answer ends them."""
    now = NOW
    web.pages["/feed.xml"] = Answer(rss("News", item(1)))
    made = paper(f"{web.url}/feed.xml", now=lambda: now, extra="")
    made.update()
    web.pages["/feed.xml"] = Answer(b"", 500)
    asked: list[datetime] = []
    whys: set[str] = set()
    while now < NOW + timedelta(hours=24):
        now += timedelta(minutes=10)
        before = len(web.hits)
        report = made.update()
        if len(web.hits) > before:
            asked.append(now)
            whys.add(next(iter(report.feeds.values())).why)
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert 5 <= len(asked) <= 9
    assert whys == {f"{web.url}/feed.xml answered 500"}, "one and the same line"
    (health,) = made.health()
    assert health.failures == len(asked)
    assert health.next_check
    assert health.next_check - now <= timedelta(days=1.2), "a stated cap"
    web.pages["/feed.xml"] = Answer(rss("News", item(1) + item(2)))
    now = health.next_check
    assert made.update().articles_new == 1
    assert made.health()[0].failures == 0
    assert len(list(made.articles())) == 2


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_healthy_feeds_among_hostile_servers_lack_nothing(tmp_path: Path) -> None:
    good = healthy()[:4]
    bad, canary = hostile(1)
    alone = timed(tmp_path / "paper", good, [], NOW, timeout=4)
    among = timed(tmp_path / "paper", good, [*bad, *dripping(5)], NOW + timedelta(hours=2), timeout=4)
    lines = [line for line in among.report.feeds.values() if "/feed" not in line.url]
    assert alone.articles == among.articles == 4 * 5 * 3, "none was deleted"
    assert {line.outcome for line in lines} == {"unchanged"}
    assert canary.hits == []
