"""What the demo's pictures show. Each function draws one scene; its docstring names the colours that it is given."""

from __future__ import annotations

from collections.abc import Callable

from broadsheet.demo.canvas import Canvas, Palette

Scene = Callable[[Canvas, Palette], None]
