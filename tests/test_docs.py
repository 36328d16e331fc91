"""The documentation says what the code does: commands, settings, templates, links and examples."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet import config, configfile
from broadsheet.cli import COMMANDS
from broadsheet.messages import _LABELS, _LINES
from broadsheet.site import context
from broadsheet.site.render import THEMES

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_HINTS = {
    name: set(kind.__struct_fields__) for name, kind in vars(context).items() if hasattr(kind, "__struct_fields__")
}


def test_reference_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_are_understood(page: Path) -> None:
    """Settings in the documentation are accepted, and its commands exist."""
    text = page.read_text("utf-8")
    for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        configfile.parse_config(example, name=page.name, environ={})
    for word in re.findall(r"(?:^|`)broadsheet (?:-[\w-]+ )*([a-z]+)\b", text, re.MULTILINE):
        assert word in COMMANDS, f"{page.name} speaks of 'broadsheet {word}'"


@pytest.mark.parametrize("table", [*config.TABLES, "[feeds]"])
def test_settings_are_explained(table: str) -> None:
    text = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    section = text.split(f"\n## [{table}]\n")[1].split("\n## ")[0]
    for line in re.findall(r"^\| `.*$", section, re.MULTILINE):
        assert line.split("|")[3].strip(), f"[{table}] {line} is not explained"


def test_the_sample_configuration_is_understood() -> None:
    sample = ROOT / "src" / "broadsheet" / "cli" / "sample" / "broadsheet.toml"
    parsed = configfile.parse_config(sample.read_text("utf-8"), environ={})
    assert parsed.opml == "feeds.opml"


@pytest.mark.parametrize("theme", sorted(path.name for path in THEMES.iterdir() if path.is_dir()))
def test_templates_use_only_what_is_documented(theme: str) -> None:
    """Every ``record.field`` of the top records that a template uses is a field of the record."""
    records = {name: context.TEMPLATES[template] for template, name in context.NAMES.items()}
    fields = {name: set(kind.__struct_fields__) for name, kind in records.items()}
    fields |= {"page": _HINTS["Page"], "site": _HINTS["Site"], "item": _HINTS["Card"]}
    for path in sorted((THEMES / theme / "templates").glob("*.html")):
        code = " ".join(re.findall(r"{[{%](.*?)[%}]}", path.read_text("utf-8"), re.DOTALL))
        code = re.sub(r"\"[^\"]*\"|'[^']*'", "", code)
        for name, field in re.findall(r"\b(\w+)\.(\w+)", code):
            if name in fields:
                assert field in fields[name], f"{path.name}: {name}.{field}"
        for label in re.findall(r"site\.labels\.(\w+)", code):
            assert label in _LABELS, f"{path.name}: label {label}"


def test_every_message_is_used_and_stands_in_both_languages() -> None:
    sources = [path for path in (ROOT / "src" / "broadsheet").rglob("*") if path.suffix in (".py", ".html")]
    text = "\n".join(path.read_text("utf-8") for path in sources if path.name != "messages.py")
    for key, (english, chinese) in {**_LABELS, **_LINES}.items():
        assert english.strip()
        assert re.search(r"[\u4e00-\u9fff]", chinese), key
        for placeholder in re.findall(r"{(\w+)|%[ds]", english):
            assert placeholder in chinese
        assert (
            f'"{key}"' in text
            or f"labels.{key}" in text
            or f'"{key.rsplit(".", 1)[0]}.{{' in text
            or key.startswith(("stage.", "doctor.", "because_"))
        ), key


def test_public_functions_say_what_comes_back() -> None:
    """Every public function, class and method of the package has a docstring."""
    for path in sorted((ROOT / "src" / "broadsheet").rglob("*.py")):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        assert ast.get_docstring(tree) or not tree.body, path
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
                "_"
            ):
                # A function of (draft, element, context) reads the feed's element that it is named after.
                reads = isinstance(node, ast.FunctionDef) and [arg.arg for arg in node.args.args[:1]] == ["draft"]
                assert ast.get_docstring(node) or reads, f"{path.name}: {node.name}"
