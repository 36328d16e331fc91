"""What Prometheus is told of a newspaper, in its text format (version 0.0.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadsheet.pipeline.health import FeedHealth
    from broadsheet.pipeline.run import Report

Sample = tuple[Mapping[str, str], float]


def exposition(
    feeds: Sequence[FeedHealth], articles: Mapping[str, int], waiting: Mapping[str, int], reports: Mapping[str, Report]
) -> str:
    """Return the numbers. Feeds are counted, not listed: a label a feed would be a series a feed."""
    states = Counter(_state(feed) for feed in feeds)
    overdue = sum(feed.next_check is None and not feed.gone for feed in feeds)
    by_state: list[Sample] = [({"state": state}, articles.get(state, 0)) for state in ("live", "new", "gone")]
    families = (
        _family("articles", "Articles by state.", by_state),
        _family("feeds", "Subscriptions by how they do.", [({"state": state}, states[state]) for state in _STATES]),
        _family("feeds_overdue", "Subscriptions that the next run asks.", [({}, overdue)]),
        _family("waiting", "Items before a stage.", [({"stage": stage}, waiting[stage]) for stage in sorted(waiting)]),
    )
    return "".join(families) + _of_runs(sorted(reports.items()))


def _of_runs(runs: Sequence[tuple[str, Report]]) -> str:
    """Return the numbers of the last run of each command."""
    info: list[Sample] = [({"command": command, "run": report.id}, 1) for command, report in runs]
    began: list[Sample] = [({"command": command}, report.started.timestamp()) for command, report in runs]
    took: list[Sample] = [({"command": command}, report.seconds) for command, report in runs]
    brought: list[Sample] = []
    items: list[Sample] = []
    seconds: list[Sample] = []
    for command, report in runs:
        brought.append(({"command": command, "what": "new"}, report.articles_new))
        brought.append(({"command": command, "what": "changed"}, report.articles_changed))
        for name, stage in sorted(report.stages.items()):
            labels = {"command": command, "stage": name}
            seconds.append((labels, stage.seconds))
            for outcome, count in (("done", stage.done), ("skipped", stage.skipped), ("failed", stage.failed)):
                items.append((labels | {"outcome": outcome}, count))
    return "".join(
        (
            _family("run_info", "The id of the last run of each command, as in its report.", info),
            _family("run_timestamp_seconds", "When it began.", began),
            _family("run_seconds", "How long it took.", took),
            _family("run_articles", "Articles that it brought, by what was new of them.", brought),
            _family("run_items", "Items of each of its stages, by outcome.", items),
            _family("run_stage_seconds", "How long each of its stages took.", seconds),
        )
    )


_STATES = ("ok", "failing", "alarming", "gone")


def _state(feed: FeedHealth) -> str:
    if feed.gone:
        return "gone"
    if feed.alarming:
        return "alarming"
    return "failing" if feed.failures else "ok"


def _family(name: str, text: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP broadsheet_{name} {text}", f"# TYPE broadsheet_{name} gauge"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        lines.append(f"broadsheet_{name}{{{inner}}} {value}" if inner else f"broadsheet_{name} {value}")
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
