"""A sheet to draw posters on: gradients, silhouettes, glows and grain, in units of a 1200 by 675 picture.

Everything is drawn at twice the size and made smaller at the end, which smooths the edges.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from PIL import Image, ImageColor, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1200, 675
SCALE = 2
_SIZE = (WIDTH * SCALE, HEIGHT * SCALE)

Point = tuple[float, float]
Colour = str
"""``#rrggbb``."""
Palette = Sequence[Colour]


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour that lies ``share`` (0 to 1) of the way from the first to the second."""
    one, two = ImageColor.getrgb(first), ImageColor.getrgb(second)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(one[:3], two[:3], strict=True))


class Canvas:
    """One picture under way. ``random`` is seeded by the picture's name: the same name gives the same picture."""

    def __init__(self, name: str) -> None:
        self.random = random.Random(name)  # noqa: S311  # drawn, not guessed
        self.image = Image.new("RGB", _SIZE, "#000000")

    # --- areas -------------------------------------------------------------------------------------------------

    def gradient(self, *stops: Colour, top: float = 0, bottom: float = HEIGHT, mask: Image.Image | None = None) -> None:
        """Fill from ``top`` to ``bottom`` with a vertical gradient through the stops; ``mask`` limits it."""
        rows = max(2, round((bottom - top) * SCALE))
        strip = Image.new("RGB", (1, rows))
        for row in range(rows):
            place = row / (rows - 1) * (len(stops) - 1)
            index = min(int(place), len(stops) - 2)
            strip.putpixel((0, row), ImageColor.getrgb(mix(stops[index], stops[index + 1], place - index)))
        field = strip.resize((_SIZE[0], rows))
        where = (0, round(top * SCALE))
        if mask is None:
            self.image.paste(field, where)
        else:
            box = (0, where[1], _SIZE[0], where[1] + rows)
            self.image.paste(field, where, mask.crop(box))

    def shape(self, points: Sequence[Point], *colours: Colour, alpha: float = 1) -> None:
        """Fill a polygon with one colour, or with a vertical gradient through several."""
        mask = Image.new("L", _SIZE)
        ImageDraw.Draw(mask).polygon(_scaled(points), fill=round(255 * alpha))
        if len(colours) == 1:
            self.image.paste(colours[0], (0, 0), mask)
            return
        heights = [y for _, y in points]
        self.gradient(*colours, top=max(0, min(heights)), bottom=min(HEIGHT, max(heights)) + 1, mask=mask)

    def flat(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon with one opaque colour: the quick way for small parts."""
        ImageDraw.Draw(self.image).polygon(_scaled(points), fill=colour)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour, *, round_by: float = 0) -> None:
        """Fill a rectangle."""
        corners = (x * SCALE, y * SCALE, (x + width) * SCALE - 1, (y + height) * SCALE - 1)
        ImageDraw.Draw(self.image).rounded_rectangle(corners, round_by * SCALE, fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour, *, alpha: float = 1) -> None:
        """Fill a circle."""
        corners = tuple(value * SCALE for value in (x - radius, y - radius, x + radius, y + radius))
        if alpha >= 1:
            ImageDraw.Draw(self.image).ellipse(corners, fill=colour)
            return
        mask = Image.new("L", _SIZE)
        ImageDraw.Draw(mask).ellipse(corners, fill=round(255 * alpha))
        self.image.paste(colour, (0, 0), mask)

    def oval(self, x: float, y: float, across: float, down: float, colour: Colour) -> None:
        """Fill an ellipse given by its centre and half axes."""
        corners = (x - across, y - down, x + across, y + down)
        ImageDraw.Draw(self.image).ellipse(tuple(value * SCALE for value in corners), fill=colour)

    def glow(self, x: float, y: float, radius: float, colour: Colour, *, strength: float = 0.6) -> None:
        """Lay a soft light round a point."""
        side = round(radius * 2 * SCALE)
        # The bundled gradient runs from 0 in the middle to 255 at 0.707 of the half diagonal.
        curve = [round(max(0.0, 1 - value / 180) ** 2 * 255 * strength) for value in range(256)]
        soft = Image.radial_gradient("L").point(curve).resize((side, side), Image.Resampling.BICUBIC)
        corner = (round((x - radius) * SCALE), round((y - radius) * SCALE))
        self.image.paste(Image.new("RGB", (side, side), colour), corner, soft)

    def veil(self, top: float, bottom: float, colour: Colour, *, strength: float = 0.5) -> None:
        """Lay a band of mist that is thickest half-way down."""
        rows = round((bottom - top) * SCALE)
        strip = Image.new("L", (1, rows))
        for row in range(rows):
            strip.putpixel((0, row), round(255 * strength * math.sin(math.pi * row / rows) ** 2))
        self.image.paste(
            Image.new("RGB", (_SIZE[0], rows), colour), (0, round(top * SCALE)), strip.resize((_SIZE[0], rows))
        )

    # --- lines -------------------------------------------------------------------------------------------------

    def line(self, points: Sequence[Point], colour: Colour, width: float = 2) -> None:
        """Draw a line with round joints."""
        ImageDraw.Draw(self.image).line(_scaled(points), fill=colour, width=max(1, round(width * SCALE)), joint="curve")

    def arc(
        self, x: float, y: float, radius: float, start: float, end: float, colour: Colour, width: float = 2
    ) -> None:
        """Draw part of a circle; degrees run clockwise from three o'clock."""
        corners = tuple(value * SCALE for value in (x - radius, y - radius, x + radius, y + radius))
        ImageDraw.Draw(self.image).arc(corners, start, end, fill=colour, width=max(1, round(width * SCALE)))

    # --- nature ------------------------------------------------------------------------------------------------

    def ridge(self, base: float, height: float, *colours: Colour, waves: float = 2, rough: float = 0.15) -> list[Point]:
        """Fill everything below a line of hills; return that line, from left to right."""
        parts = [
            (waves * step * self.random.uniform(0.8, 1.25), self.random.uniform(0, 6.3), 1 / step**1.25)
            for step in (1, 2, 3)
        ]
        parts += [(waves * step, self.random.uniform(0, 6.3), rough / step) for step in (9, 17, 29)]
        line = []
        for x in range(0, WIDTH + 9, 8):
            lift = sum(size * math.sin(pitch * x / WIDTH * 6.3 + phase) for pitch, phase, size in parts)
            line.append((float(x), base - height * (0.5 + lift / 3)))
        self.shape([(0, HEIGHT), *line, (WIDTH, HEIGHT)], *colours)
        return line

    def sea(self, top: float, near: Colour, far: Colour, glint: Colour, *, light: float | None = None) -> None:
        """Fill the lower part with water; ``light`` is where on the horizon the light comes from."""
        self.gradient(far, near, top=top)
        for _ in range(190):
            depth = self.random.random() ** 1.6
            y = top + 3 + depth * (HEIGHT - top)
            length = 12 + depth * self.random.uniform(20, 110)
            x = self.random.uniform(-60, WIDTH)
            if light is not None and self.random.random() < 0.55:
                x = light + self.random.gauss(0, 16 + depth * 75) - length / 2
            share = 0.75 if light is not None and abs(x + length / 2 - light) < 40 + depth * 130 else 0.18
            thick = 0.8 + depth * 2.4
            colour = mix(mix(far, near, depth), glint, share)
            self.flat([(x, y), (x + length / 2, y - thick), (x + length, y), (x + length / 2, y + thick)], colour)

    def swell(self, y: float, height: float, length: float, *colours: Colour, phase: float = 0) -> None:
        """Fill everything below a line of pointed waves."""
        line = []
        for x in range(-8, WIDTH + 9, 6):
            turn = (x / length + phase) % 1
            line.append((float(x), y - height * (1 - abs(math.sin(math.pi * turn))) ** 1.15))
        self.shape([(-8, HEIGHT), *line, (WIDTH + 8, HEIGHT)], *colours)

    def cloud(self, x: float, y: float, size: float, colour: Colour, *, alpha: float = 1) -> None:
        """Draw a flat-bottomed cloud."""
        mask = Image.new("L", _SIZE)
        pen = ImageDraw.Draw(mask)
        tone = round(255 * alpha)
        for dx, dy, radius in (
            (-0.9, 0, 0.34),
            (-0.4, -0.2, 0.5),
            (0.15, -0.32, 0.58),
            (0.65, -0.1, 0.44),
            (1.05, 0.06, 0.28),
        ):
            cx, cy, r = (x + dx * size) * SCALE, (y + dy * size) * SCALE, radius * size * SCALE
            pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=tone)
        cut = round((y + 0.14 * size) * SCALE)
        pen.rectangle((0, cut, _SIZE[0], _SIZE[1]), fill=0)
        self.image.paste(colour, (0, 0), mask)

    def stars(self, count: int, bottom: float, colour: Colour) -> None:
        """Strew stars over the sky."""
        for _ in range(count):
            x, y = self.random.uniform(0, WIDTH), self.random.uniform(0, bottom)
            self.disc(x, y, self.random.choice((0.7, 0.9, 1.2, 1.8)), colour)

    # --- whole -------------------------------------------------------------------------------------------------

    def tilt(self, layer: Canvas, mask: Image.Image, degrees: float, centre: Point) -> None:
        """Lay another canvas on this one through a mask, turned round a point."""
        middle = (centre[0] * SCALE, centre[1] * SCALE)
        turned = layer.image.rotate(degrees, Image.Resampling.BICUBIC, center=middle)
        self.image.paste(turned, (0, 0), mask.rotate(degrees, Image.Resampling.BICUBIC, center=middle))

    def finished(self) -> Image.Image:
        """Return the picture at its real size, with a little grain, as if printed."""
        picture = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        tile = Image.frombytes("L", (300, 225), self.random.randbytes(300 * 225)).filter(ImageFilter.GaussianBlur(0.6))
        grain = Image.new("L", (WIDTH, HEIGHT))
        for x in range(0, WIDTH, 300):
            for y in range(0, HEIGHT, 225):
                grain.paste(tile, (x, y))
        light = grain.point([round(max(0, value - 128) * 0.16) for value in range(256)])
        dark = grain.point([round(max(0, 128 - value) * 0.16) for value in range(256)])
        picture.paste("#ffffff", (0, 0), light)
        picture.paste("#000000", (0, 0), dark)
        return picture


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(x * SCALE, y * SCALE) for x, y in points]
