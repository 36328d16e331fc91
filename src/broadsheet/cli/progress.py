"""Progress bars on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from broadsheet.messages import say


class Bars:
    """A bar for each stage that has something to do."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def start(self, stage: str, total: int) -> None:
        """A stage begins with so many items."""
        if total:
            if not self._tasks:
                self._progress.start()
            self._tasks[stage] = self._progress.add_task(say(self._language, f"stage.{stage}"), total=total)

    def advance(self, stage: str, count: int = 1) -> None:
        """So many more items are done."""
        if stage in self._tasks:
            self._progress.advance(self._tasks[stage], count)

    def end(self, stage: str) -> None:
        """The stage is over."""
        task = self._tasks.pop(stage, None)
        if task is not None:
            self._progress.remove_task(task)
        if not self._tasks:
            self._progress.stop()
