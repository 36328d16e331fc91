"""One newspaper in two places: wherever its store, its bodies and its workers are, the site is the same to the byte."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from broadsheet.demo import DemoServer, config, subscriptions
from broadsheet.newspaper import Newspaper
from tests.servers import Cluster, Server

NOW = datetime(2026, 3, 16, 8, tzinfo=UTC)


def _print(folder: Path, server: DemoServer, settings: dict[str, str]) -> dict[str, bytes]:
    """Run the demo newspaper with these settings, both editions, and return its site."""
    folder.mkdir()
    (folder / "broadsheet.toml").write_text(config(server.url), "utf-8")
    (folder / "feeds.opml").write_bytes(subscriptions(server.url, configured=False))
    environment = {f"BROADSHEET_{name}": value for name, value in settings.items()}
    for edition in (1, 2):
        server.edition = edition
        with Newspaper(folder, environ=environment, clock=lambda: NOW) as paper:
            report = paper.run(everything=True)
            assert report.articles_new >= 60 or edition == 2
    assert report.articles_changed > 0
    site = folder / "public"
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def test_the_site_is_the_same_on_both(tmp_path: Path, postgresql: Server, bucket: str, cluster: Cluster) -> None:
    with DemoServer(slow=0.05) as server:
        small = _print(tmp_path / "small", server, {"ENGINE_KIND": "inline"})
        large = _print(
            tmp_path / "large", server,
            {"STORE_URL": postgresql.url(), "STORE_BLOBS": bucket, "ENGINE_KIND": "dask", "ENGINE_ADDRESS": cluster.address},
        )  # fmt: skip
    assert (tmp_path / "small/.broadsheet/broadsheet.db").exists()
    assert not list((tmp_path / "large/.broadsheet").glob("*.db"))
    assert not (tmp_path / "large/.broadsheet/blobs").exists()
    assert sorted(small) == sorted(large)
    assert [path for path in small if small[path] != large[path]] == []
    assert len(small) > 150
