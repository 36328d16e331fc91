"""What headless Chromium makes of pages: whether anything in them runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

_WATCH = """<!doctype html><meta charset="utf-8"><title>0</title><script>
let fired = 0;
const note = () => { fired += 1; document.title = fired; };
for (const name of ['alert', 'prompt', 'confirm', 'print', 'open', 'eval', 'fetch']) window[name] = note;
addEventListener('DOMContentLoaded', () => setTimeout(() => {
  const live = document.querySelectorAll('iframe, object, embed, svg, base, meta[http-equiv]');
  let handlers = 0;
  for (const element of document.querySelectorAll('body *')) {
    for (const {name, value} of element.attributes) {
      if (name.startsWith('on') || /^\\s*javascript:/i.test(value) && ['href', 'src', 'action'].includes(name)) handlers += 1;
    }
  }
  const canaries = document.querySelectorAll('i.canary').length;
  document.title = [fired, live.length + document.scripts.length - 1, handlers, canaries].join(' ');
}, 1500));
</script><body>
"""


def browser() -> str:
    """Return the browser's command; skips where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed: exported pages are not opened in a browser")
    return found


def look(parts: Sequence[str], folder: Path) -> tuple[int, int, int, int]:
    """Return (calls, live elements, handlers, parts still in sight) of bodies that stand one after another in a page."""
    place = folder / "watched.html"
    place.write_text(_WATCH + "\n".join(f"<div>{part}</div><i class=canary></i>" for part in parts), "utf-8", "replace")
    done = subprocess.run(
        [
            browser(), "--headless=new", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=8000", "--dump-dom", place.as_uri(),
        ],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    title = re.search(r"<title>([\d ]+)</title>", done.stdout)
    assert title, done.stderr[-500:]
    calls, live, handlers, canaries = map(int, title[1].split())
    return calls, live, handlers, canaries
