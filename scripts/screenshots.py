"""Takes pictures of a served site in headless Chromium: python scripts/screenshots.py URL FOLDER [PATH ...]

Each page is taken wide and narrow, light and dark. Chromium is Debian's package ``chromium``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = {"wide": (1440, 1800), "narrow": (500, 1600)}
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]  # fmt: skip


def take(url: str, file: Path, size: tuple[int, int], *, dark: bool) -> None:
    """Write a picture of a page."""
    with tempfile.TemporaryDirectory() as profile:
        command = ["chromium", *FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"]
        if dark:
            command.append("--blink-settings=preferredColorScheme=0")
        subprocess.run([*command, f"--screenshot={file}", url], check=True, capture_output=True, timeout=60)


def main() -> None:
    """Take every page in every form."""
    base, folder, *paths = sys.argv[1:]
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for path in paths or [""]:
        name = path.strip("/").replace("/", "-") or "front"
        for label, size in SIZES.items():
            for dark in (False, True):
                file = target / f"{name}-{label}-{'dark' if dark else 'light'}.png"
                take(base.rstrip("/") + "/" + path, file, size, dark=dark)
                print(file)


if __name__ == "__main__":
    main()
