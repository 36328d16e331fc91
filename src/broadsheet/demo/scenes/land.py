"""Scenes of the country: hills, tea, railway, wind turbines, a radio mast, an observatory."""

from __future__ import annotations

import math

from broadsheet.demo.canvas import HEIGHT, WIDTH, Canvas, Colour, Palette, Point, mix


def hills(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, sun, three hills from far to near, trees."""
    top, low, sun, far, middle, near, trees = colours
    page.gradient(top, low, bottom=480)
    page.glow(330, 230, 330, sun, strength=0.6)
    page.disc(330, 220, 66, mix(sun, "#ffffff", 0.2))
    page.cloud(820, 130, 100, mix(low, "#ffffff", 0.4), alpha=0.6)
    page.ridge(400, 170, mix(far, low, 0.5), mix(far, low, 0.15), waves=0.9, rough=0.05)
    page.ridge(450, 130, mix(far, middle, 0.3), mix(middle, far, 0.5), waves=1.2, rough=0.03)
    page.veil(380, 500, low, strength=0.3)
    line = page.ridge(530, 120, mix(middle, low, 0.12), middle, waves=1.1, rough=0.02)
    for index in range(6, len(line) - 6, 5):
        if page.random.random() < 0.62:
            x, y = line[index]
            _tree(page, x, y + 8, page.random.uniform(16, 26), mix(trees, middle, page.random.uniform(0.2, 0.55)))
    near_line = page.ridge(640, 130, near, mix(near, "#000000", 0.25), waves=0.8, rough=0.02)
    for offset in range(5):
        page.line([(x, y + 26 + offset * (20 + offset * 5)) for x, y in near_line], mix(near, "#ffffff", 0.13), 2)
    for index in (12, 17, 21, 98, 104, 111, 117, 124, 131):
        x, y = near_line[index]
        _tree(page, x, y + 12, page.random.uniform(34, 58), mix(trees, near, page.random.uniform(0, 0.3)))
    x, y = near_line[64]
    page.flat([(x - 34, y + 12), (x - 34, y - 20), (x + 34, y - 20), (x + 34, y + 12)], "#f4ecdd")
    page.flat([(x - 44, y - 18), (x, y - 50), (x + 44, y - 18)], mix(trees, "#7a2e1d", 0.6))
    page.box(x - 7, y - 8, 14, 20, mix(trees, "#000000", 0.3))


def tea_hills(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, sun, far, terrace, deep, pickers."""
    top, low, sun, far, terrace, deep, picker = colours
    page.gradient(top, low, bottom=420)
    page.disc(880, 190, 80, sun)
    page.ridge(360, 220, mix(far, low, 0.6), mix(far, low, 0.35), waves=0.8, rough=0.06)
    page.ridge(400, 150, mix(far, low, 0.3), mix(far, low, 0.05), waves=1.3, rough=0.05)
    page.veil(300, 440, low, strength=0.75)
    for base, height, waves, share in ((455, 90, 0.9, 0.45), (530, 110, 0.7, 0.22), (640, 130, 0.6, 0.0)):
        body = mix(terrace, low, share)
        line = page.ridge(base, height, body, mix(body, deep, 0.5), waves=waves, rough=0.0)
        gap = 20 + (0.45 - share) * 34
        for row in range(1, 10):
            y_shift = row * gap * (0.72 + row * 0.07)
            bumps = [(x, y + y_shift + math.sin(x / 13 + row) * 2.2) for x, y in line]
            page.line(bumps, mix(body, deep, 0.42), gap * 0.36)
            page.line([(x, y - gap * 0.16) for x, y in bumps], mix(body, "#ffffff", 0.13), gap * 0.12)
    for x, y, size in ((360, 560, 1.0), (430, 578, 1.1), (730, 596, 1.2)):
        page.flat(
            [(x - 13 * size, y), (x - 8 * size, y - 34 * size), (x + 8 * size, y - 34 * size), (x + 13 * size, y)],
            picker,
        )
        page.disc(x, y - 40 * size, 7 * size, mix(picker, "#000000", 0.35))
        page.flat([(x - 20 * size, y - 40 * size), (x, y - 58 * size), (x + 20 * size, y - 40 * size)], sun)
        page.oval(x + 14 * size, y - 12 * size, 10 * size, 12 * size, mix(deep, "#a5713a", 0.7))


def train(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, sun, mountains, ground, viaduct, train."""
    top, low, sun, mountain, ground, stone, paint = colours
    page.gradient(top, low, mix(low, ground, 0.35))
    page.disc(250, 180, 72, sun)
    page.cloud(760, 120, 84, mix(low, "#ffffff", 0.5), alpha=0.7)
    for shift, share in ((0, 0.5), (170, 0.25), (-210, 0.1)):
        peaks: list[Point] = [(-60, 470)]
        for index in range(7):
            peaks.append((index * 210 + shift - 40, 230 + page.random.uniform(-70, 60) + share * 20))
            peaks.append((index * 210 + shift + 70, 390 + page.random.uniform(-30, 40)))
        body = mix(mountain, low, share)
        page.shape([*peaks, (WIDTH + 260, HEIGHT), (-60, HEIGHT)], body, mix(body, low, 0.55))
        for index in range(1, len(peaks) - 1, 2):
            page.flat(_snow(peaks[index - 1], peaks[index], peaks[index + 1]), mix("#ffffff", body, 0.12 + share * 0.8))
    page.veil(360, 520, low, strength=0.55)
    page.ridge(600, 130, mix(ground, low, 0.2), ground, waves=1.6, rough=0.05)
    deck = 420
    for x in range(-40, WIDTH + 160, 196):
        page.shape([(x, deck), (x + 46, deck), (x + 58, HEIGHT), (x - 12, HEIGHT)], stone, mix(stone, ground, 0.45))
        page.shape([(x + 26, deck), (x + 46, deck), (x + 58, HEIGHT), (x + 30, HEIGHT)], "#000000", alpha=0.12)
        arch = [
            (x + 46 + 75 - 75 * math.cos(turn), deck + 62 - 62 * math.sin(turn))
            for turn in [math.pi * step / 24 for step in range(25)]
        ]
        page.flat([(x + 46, deck - 2), *arch, (x + 196, deck - 2)], stone)
    page.box(0, deck - 26, WIDTH, 28, mix(stone, "#ffffff", 0.12))
    page.box(0, deck - 28, WIDTH, 5, mix(stone, "#000000", 0.3))
    for index in range(4):
        _carriage(page, 236 + index * 196, deck - 30, paint, low, front=index == 3)
    page.ridge(690, 90, mix(ground, "#000000", 0.25), mix(ground, "#000000", 0.4), waves=1.1, rough=0.06)
    for x in (70, 118, 180, 960, 1024, 1100, 1150):
        size = page.random.uniform(46, 84)
        page.flat([(x - size * 0.32, 668), (x, 668 - size * 1.7), (x + size * 0.32, 668)], mix(ground, "#000000", 0.5))


def turbines(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, sun, far hills, near hills, mast."""
    top, low, sun, far, near, mast = colours
    page.gradient(top, low, bottom=520)
    page.glow(860, 360, 380, sun, strength=0.6)
    page.disc(860, 350, 84, mix(sun, "#ffffff", 0.2))
    for x, y, size in ((200.0, 120.0, 80.0), (560, 180, 60)):
        page.cloud(x, y, size, mix(low, "#ffffff", 0.4), alpha=0.6)
    page.ridge(470, 130, mix(far, low, 0.5), waves=1.1, rough=0.03)
    for x, y, size, turn in ((470, 430, 0.5, 20), (640, 420, 0.42, 70), (1040, 440, 0.55, 45), (1130, 436, 0.4, 5)):
        _turbine(page, x, y, size, turn, mix(mast, low, 0.35))
    page.ridge(540, 130, mix(far, near, 0.4), mix(far, near, 0.6), waves=0.9, rough=0.02)
    for x, y, size, turn in ((250, 540, 1.05, 12), (780, 520, 0.85, 52)):
        _turbine(page, x, y, size, turn, mast)
    line = page.ridge(650, 120, near, mix(near, "#000000", 0.3), waves=0.8, rough=0.01)
    for offset in range(5):
        page.line([(x, y + 20 + offset * 24) for x, y in line], mix(near, "#ffffff", 0.1), 2)
    for index in (40, 44, 49, 118, 122):
        x, y = line[index]
        page.oval(x, y + 4, 13, 8, "#f5efe2")
        page.disc(x + 12, y, 5, mix(near, "#000000", 0.6))


def radio_mast(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, wave, hill, mast, roof."""
    top, low, wave, hill, mast, roof = colours
    page.gradient(top, low, bottom=560)
    for ring in range(9):
        page.arc(
            600,
            150,
            70 + ring * 68,
            0,
            360,
            mix(mix(top, low, 0.2 + ring * 0.05), wave, 0.75 - ring * 0.075),
            12 - ring,
        )
    page.cloud(190, 150, 80, mix(low, "#ffffff", 0.5), alpha=0.8)
    page.cloud(1010, 230, 96, mix(low, "#ffffff", 0.5), alpha=0.8)
    page.ridge(560, 110, mix(hill, low, 0.5), waves=1.3, rough=0.03)
    line = page.ridge(640, 150, mix(hill, low, 0.12), hill, waves=0.45, rough=0.02)
    base = next(y for x, y in line if x >= 600) + 26
    page.line([(600, 150), (548, base)], mast, 6)
    page.line([(600, 150), (652, base)], mast, 6)
    steps = 11
    for step in range(steps):
        upper, lower = step / steps, (step + 1) / steps
        y0, y1 = 150 + (base - 150) * upper, 150 + (base - 150) * lower
        page.line([(600 - 52 * upper, y0), (600 + 52 * lower, y1)], mast, 2.6)
        page.line([(600 + 52 * upper, y0), (600 - 52 * lower, y1)], mast, 2.6)
        page.line([(600 - 52 * lower, y1), (600 + 52 * lower, y1)], mast, 2.6)
    page.line([(600, 152), (600, 92)], mast, 5)
    page.disc(600, 90, 9, "#d6452f")
    page.glow(600, 90, 70, "#ff8a66", strength=0.6)
    for x, scale in ((170, 1.0), (300, 0.8), (840, 0.9), (960, 1.1), (1090, 0.85)):
        y = next(py for px, py in line if px >= x) + 16
        page.box(x - 36 * scale, y - 40 * scale, 72 * scale, 48 * scale, "#f6eddd")
        page.flat([(x - 46 * scale, y - 38 * scale), (x, y - 74 * scale), (x + 46 * scale, y - 38 * scale)], roof)
        page.box(x - 22 * scale, y - 28 * scale, 15 * scale, 15 * scale, mix(mast, "#ffd98a", 0.75))
        page.box(x + 8 * scale, y - 28 * scale, 15 * scale, 15 * scale, mix(mast, "#ffd98a", 0.75))
    page.ridge(720, 110, mix(hill, "#000000", 0.25), mix(hill, "#000000", 0.4), waves=0.9, rough=0.03)


def observatory(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, star, hill, dome."""
    top, low, star, hill, dome = colours
    page.gradient(top, mix(top, low, 0.55), low, bottom=560)
    for ring in range(24):
        radius = 40 + ring * 31 + page.random.uniform(-6, 6)
        for _ in range(3):
            start = page.random.uniform(0, 360)
            page.arc(
                760,
                190,
                radius,
                start,
                start + page.random.uniform(14, 62),
                mix(low, star, page.random.uniform(0.25, 0.95)),
                page.random.uniform(1, 2.6),
            )
    page.disc(760, 190, 4, star)
    page.ridge(560, 120, mix(hill, low, 0.4), waves=1.2, rough=0.1)
    page.ridge(640, 190, hill, mix(hill, "#000000", 0.4), waves=0.5, rough=0.04)
    page.box(270, 400, 190, 170, mix(dome, "#000000", 0.3))
    page.box(270, 400, 70, 170, mix(dome, "#000000", 0.16))
    page.shape(
        [(365 + 112 * math.cos(math.pi * step / 40), 404 - 112 * math.sin(math.pi * step / 40)) for step in range(41)],
        dome,
        mix(dome, "#000000", 0.22),
    )
    page.flat([(374, 296), (436, 322), (400, 404), (352, 404)], mix(top, "#000000", 0.4))
    page.flat([(388, 330), (468, 262), (484, 280), (404, 352)], mix(dome, "#000000", 0.45))
    page.box(258, 398, 214, 12, mix(dome, "#000000", 0.4))
    page.box(290, 470, 28, 42, "#ffd991")
    page.glow(304, 490, 90, "#ffd991", strength=0.5)
    for x, y, size in (
        (80, 600, 90),
        (140, 622, 70),
        (560, 612, 84),
        (640, 640, 66),
        (1080, 640, 100),
        (1150, 652, 80),
    ):
        page.flat([(x - size * 0.3, y + 60), (x, y - size), (x + size * 0.3, y + 60)], mix(hill, "#000000", 0.55))


def _tree(page: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    page.line([(x, y), (x, y - size * 0.8)], mix(colour, "#000000", 0.45), size * 0.1)
    page.oval(x, y - size * 1.15, size * 0.48, size * 0.72, colour)
    page.oval(x - size * 0.1, y - size * 1.25, size * 0.27, size * 0.48, mix(colour, "#ffffff", 0.12))


def _snow(left: Point, top: Point, right: Point) -> list[Point]:
    """Return the outline of the snow on a peak, its lower edge ragged."""

    def down(to: Point, share: float) -> Point:
        return top[0] + (to[0] - top[0]) * share, top[1] + (to[1] - top[1]) * share

    start, end = down(left, 0.3), down(right, 0.34)
    low = max(start[1], end[1])
    ragged = [
        (start[0] + (end[0] - start[0]) * step / 6, low - (15 if step % 2 else -5) - 6 * (step % 3))
        for step in range(1, 6)
    ]
    return [top, start, *ragged, end]


def _carriage(page: Canvas, x: float, base: float, paint: Colour, glass: Colour, *, front: bool) -> None:
    outline = [(x, base), (x, base - 62), (x + 188, base - 62), (x + 188, base)]
    if front:
        outline = [(x, base), (x, base - 62), (x + 148, base - 62), (x + 186, base - 28), (x + 196, base)]
    page.flat(outline, paint)
    page.box(x, base - 22, 192 if front else 188, 6, mix(paint, "#ffffff", 0.75))
    page.box(x + 3, base - 67, 144 if front else 182, 7, mix(paint, "#000000", 0.35))
    for step in range(5 if front else 6):
        page.box(x + 12 + step * 29, base - 52, 20, 24, mix(glass, "#fff3c8", 0.6), round_by=3)
    for wheel in (28, 52, 136, 160):
        page.disc(x + wheel, base + 1, 7, mix(paint, "#000000", 0.7))


def _turbine(page: Canvas, x: float, base: float, size: float, turn: float, colour: Colour) -> None:
    hub = base - 320 * size
    page.flat([(x - 7 * size, base + 30), (x - 3 * size, hub), (x + 3 * size, hub), (x + 7 * size, base + 30)], colour)
    for blade in range(3):
        angle = math.radians(turn + blade * 120)
        along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
        reach = 170 * size
        page.flat(
            [(x + across[0] * 3 * size, hub + across[1] * 3 * size),
             (x + along[0] * reach * 0.2 + across[0] * 11 * size, hub + along[1] * reach * 0.2 + across[1] * 11 * size),
             (x + along[0] * reach, hub + along[1] * reach),
             (x - across[0] * 3 * size, hub - across[1] * 3 * size)], colour,
        )  # fmt: skip
    page.disc(x, hub, 9 * size, mix(colour, "#000000", 0.12))
