"""broadsheet rules: a cut is seen, undone for the whole site, and comes back with the rule taken away."""

from __future__ import annotations

import json
from collections.abc import Callable

from broadsheet.newspaper import Newspaper
from tests.conftest import Answer, Web
from tests.e2e.test_demo import command
from tests.pipeline.test_steps import tree

GREETING = "Good evening from the harbour."


def publish(web: Web, paper: Callable[..., Newspaper]) -> Newspaper:
    items = "".join(
        f"<item><title>Report {number}</title><link>https://news.example/{number}</link><description><![CDATA["
        f"<p>{GREETING}</p><p>The ferry ran for the {number}th time, and everyone on the pier said so.</p>"
        f"<p class=box>Vote {number}!</p>]]></description></item>"
        for number in range(8)
    )
    web.pages["/feed"] = Answer(f"<rss><channel><title>News</title>{items}</channel></rss>".encode())
    made = paper(f"{web.url}/feed", extra="[media]\ncopy = false\n")
    config = made.config_file.read_text("utf-8").replace('mode = "full"', 'mode = "full"\nfull_text = "never"')
    made.config_file.write_text(config, "utf-8")
    command(made.folder, "run")
    return made


def texts(made: Newspaper) -> list[str]:
    with Newspaper(made.folder, environ={}) as paper:
        return [article.text for article in paper.articles()]


def test_a_cut_is_seen_and_undone(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = publish(web, paper)
    assert not [text for text in texts(made) if GREETING in text]
    before = tree(made)
    shown = command(made.folder, "rules", "show", "https://news.example/3").stdout
    assert f"1  repeated block (in 8 of 8 samples): {GREETING}" in shown
    told = command(made.folder, "rules", "keep", "https://news.example/3", "1").stderr
    assert "rules.toml" in told
    report = json.loads(command(made.folder, "run", "--json").stdout)
    assert report["stages"]["extract"]["done"] == 8
    assert len([text for text in texts(made) if GREETING in text]) == 8
    pages = [{path for path in site if not path.startswith("search/")} for site in (before, tree(made))]
    assert pages[0] == pages[1], "addresses stay"
    command(made.folder, "rules", "drop", "news.example", ".box")
    command(made.folder, "run")
    assert not [text for text in texts(made) if "Vote" in text]
    rules = json.loads(command(made.folder, "rules", "show", "news.example", "--json").stdout)["rules"]
    assert rules["drop"] == [".box"]
    assert rules["keep"] == [GREETING]
    (made.folder / "rules.toml").unlink()
    command(made.folder, "run")
    assert tree(made) == before
    assert json.loads(command(made.folder, "run", "--json").stdout)["stages"]["extract"]["done"] == 0


def test_what_a_person_wrote_stays(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = publish(web, paper)
    file = made.folder / "rules.toml"
    file.write_text('# mine\n["news.example"]\ndrop = [ ".a" ]  # why\n["other.example"]\nbody = "p"\n', "utf-8")
    command(made.folder, "rules", "body", "news.example", "div.text")
    text = file.read_text("utf-8")
    assert text.startswith("# mine\n")
    assert "# why" in text
    assert '["other.example"]\nbody = "p"' in text
    (made.folder / "news.example.txt").write_text("body: //main\nstrip: //aside\ntitle: //h1\n", "utf-8")
    done = command(made.folder, "rules", "import", str(made.folder / "news.example.txt"))
    assert "title: //h1" in done.stderr
    with Newspaper(made.folder, environ={}) as again:
        rules = again.rules()["news.example"]
    assert rules.body == ("div.text", "//main")
    assert rules.drop == (".a", "//aside")


def test_what_cannot_be_is_refused(web: Web, paper: Callable[..., Newspaper]) -> None:
    made = publish(web, paper)
    assert (
        "There is no cut under 9" in command(made.folder, "rules", "keep", "https://news.example/3", "9", code=2).stderr
    )
    assert "no domain" in command(made.folder, "rules", "drop", "https://x.example/", "p", code=2).stderr
    assert "drop: 'p[['" in command(made.folder, "rules", "drop", "news.example", "p[[", code=2).stderr
    assert not (made.folder / "rules.toml").exists()
    (made.folder / "rules.toml").write_text('["news.example"]\nbdy = "p"\n')
    failed = command(made.folder, "run", code=2).stderr
    assert '["news.example"] unknown key' in failed
