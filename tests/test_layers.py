"""The directions of the house, read off the import statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "broadsheet"

FLOORS: list[set[str]] = [
    {"model", "errors"},
    {"config", "configfile", "disk", "encoding", "limits", "urls", "text", "messages", "selectors", "tags"},
    {"feeds", "articles", "stories"},
    {"site", "export", "store", "net", "engine", "deploy"},
    {"pipeline"},
    {"newspaper"},
    {"demo"},
    {"cli", "web"},
    {"__main__"},
]
"""From the ground up: a room imports from the floors below it."""
NEIGHBOURS = {"config", "configfile", "disk", "encoding", "limits", "urls", "text", "messages", "selectors", "tags"}
"""Rooms of one floor that may use each other; all other neighbours are handed records by the pipeline."""
PURE = [
    "feeds",
    "articles",
    "stories",
    "site/plan.py",
    "site/context.py",
    "site/compose.py",
    "site/articlepages.py",
    "site/listpages.py",
    "site/outentries.py",
    "site/outfeeds.py",
    "site/structured.py",
    "deploy/plan.py",
]
"""Rooms that open no socket, file or database and read no clock."""
IMPURE_MODULES = {
    "socket", "asyncio", "aiohttp", "sqlite3", "sqlalchemy", "requests", "http", "subprocess", "multiprocessing",
    "threading", "tempfile", "shutil", "random", "time",
}  # fmt: skip
HEAVY = {"sqlalchemy", "aiohttp", "trafilatura", "lxml", "PIL", "rich", "alembic", "jinja2", "py3langid", "selectolax"}


def floor(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def modules() -> list[Path]:
    return [
        path for path in sorted(ROOT.rglob("*.py")) if "migrations" not in path.parts and path != ROOT / "__init__.py"
    ]


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported module with whether that happens when the module is loaded."""
    tree = ast.parse(path.read_text("utf-8"))
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or "", id(node) in top
            if node.module == "broadsheet":
                for name in node.names:
                    yield f"broadsheet.{name.name}", id(node) in top


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_rooms_import_from_the_floors_below(path: Path) -> None:
    room = room_of(path)
    for name, _ in imports(path):
        parts = name.split(".")
        if parts[0] != "broadsheet" or len(parts) == 1 or parts[1] == "__version__":
            continue
        other = parts[1]
        if other == room:
            continue
        same = other in NEIGHBOURS and room in NEIGHBOURS
        assert floor(other) < floor(room) or same, f"{room} imports {name}"


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_touch_nothing(room: str) -> None:
    place = ROOT / room
    for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
        for name, _ in imports(path):
            assert name.split(".")[0] not in IMPURE_MODULES, f"{path.name} imports {name}"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"open", "datetime.now", "datetime.utcnow", "date.today", "input"}, (
                    f"{path.name}: {called}()"
                )


def test_the_command_line_loads_nothing_heavy() -> None:
    """``--help`` answers in under 0.3 s because these are imported where they are needed."""
    import subprocess
    import sys

    code = "import sys, broadsheet.cli; print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & HEAVY


def test_stages_load_sqlalchemy_when_they_say_something_in_it() -> None:
    """It is the largest part of what a run loads, and one in which nothing is new needs none of it."""
    import subprocess
    import sys

    code = (
        "import sys, broadsheet.newspaper, broadsheet.store.sqlite; from broadsheet import pipeline; "
        "pipeline.update_stages(); sys.exit('sqlalchemy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_circles() -> None:
    """No module imports itself through others when it is loaded."""
    names = {
        path: "broadsheet." + path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in modules()
    }
    known = {name.removesuffix(".__init__"): path for path, name in names.items()}
    graph = {
        name.removesuffix(".__init__"): {target for target, top in imports(path) if top and target in known}
        for path, name in names.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for target in sorted(graph[name]):
                if target != name and not name.startswith(f"{target}."):
                    visit(target, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
