"""``python -m benchmarks [NAME ...]``: every benchmark, or those named; one table, ratios with what is asked for."""

from __future__ import annotations

import importlib
import os
import sys

from benchmarks.measure import CORPUS

ALL = {
    "fit": "needs the corpus",
    "extract": "needs the corpus",
    "parse": "needs the corpus",
    "poll": "",
    "build": "",
    "search": "needs the corpus",
    "stories": "",
    "simulate": "",
    "engines": "",
    "archive": "",
    "memory": "needs the corpus",
    "lighthouse": "",
}


def main(names: list[str]) -> int:
    """Run and print the benchmarks."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(ALL)}", file=sys.stderr)
        return 2
    print(f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; ratios count, not seconds.\n")
    for name in names or list(ALL):
        if ALL[name] and not CORPUS.is_dir():
            print(f"{name}: skipped, {ALL[name]} at {CORPUS}")
            continue
        for row in importlib.import_module(f"benchmarks.{name}").run():
            print(
                f"{row.what:36} {row.ours:>22}  {row.peer:34} {row.ratio:10.2f} {row.means:18} asked: {row.bar}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main([name for name in sys.argv[1:] if not name.startswith("--")]))
