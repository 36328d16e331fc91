"""Takes the README's picture of the demo newspaper: python scripts/readme_picture.py

Makes the demo in a temporary folder, prints it, and keeps a small picture of its front page. Needs Chromium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from screenshots import take

TARGET = Path(__file__).parents[1] / "docs" / "images" / "front.webp"


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "broadsheet", "demo", folder, "--stop", "--port", "8799", "--feeds-port", "0"]
        subprocess.run(command, check=True)
        handler = partial(SimpleHTTPRequestHandler, directory=f"{folder}/public")
        server = ThreadingHTTPServer(("127.0.0.1", 8799), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shot = Path(folder) / "shot.png"
        take("http://127.0.0.1:8799/", shot, (1280, 1250), dark=False)
        server.shutdown()
        picture = Image.open(shot).convert("RGB")
        picture.resize((960, round(picture.height * 960 / picture.width)), Image.Resampling.LANCZOS).save(
            TARGET, "WEBP", quality=72
        )
        print(f"{TARGET}: {TARGET.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
