"""A reader during many publishes: ``python -m tests.e2e.publishes --runs 200``, which is ``make publishes N=200``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.e2e.crash import Reader, site
from tests.e2e.victim import Forker
from tests.e2e.world import NOW, World


def read_during(folder: Path, runs: int) -> tuple[Reader, int, list[str]]:
    """Publish so often while a reader reads every page, and return it, how many pages changed, and what went wrong."""
    world, forker = World(), Forker()
    (folder / "broadsheet.toml").write_text(world.config(), "utf-8")
    faults, changed = [], 0
    before: dict[str, bytes] = {}
    with Reader(folder / "public", deep=True) as reader:
        for step in range(runs):
            world.publish(step)
            ended = forker.run(folder, NOW[1] + timedelta(minutes=step + 1))
            if ended["code"] != 0:
                faults.append(f"publish {step} ended with {ended}")
            after = site(folder)
            changed += sum(before.get(path) != body for path, body in after.items())
            before = after
    forker.close()
    world.close()
    return reader, changed, faults + sorted(set(reader.faults))


def main() -> int:
    """Publish and read, and print what came of it; return 1 where the reader met anything that was not whole."""
    parser = argparse.ArgumentParser(description="Read a site while it is published again and again.")
    parser.add_argument("--runs", type=int, default=200)
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        reader, changed, faults = read_during(Path(folder), given.runs)
    sys.stdout.write(
        f"{given.runs} publishes changed {changed} files; the reader read {reader.pages} files, the whole site {reader.rounds} "
        f"times; {len(faults)} faults; {time.monotonic() - started:.0f} s in all\n"
    )
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
