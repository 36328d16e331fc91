"""Scenes of the town: skyline, bridge, containers, market, a street of lanterns, an excavation."""

from __future__ import annotations

import math

from PIL import Image

from broadsheet.demo.canvas import HEIGHT, WIDTH, Canvas, Colour, Palette, mix


def skyline(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, light, far towers, near towers, water."""
    top, low, light, far, near, water = colours
    page.gradient(top, mix(top, low, 0.5), low, bottom=460)
    page.glow(420, 400, 460, light, strength=0.55)
    page.disc(420, 300, 96, mix(light, low, 0.2))
    for x, y, size in ((900.0, 130.0, 90), (170, 190, 60)):
        page.cloud(x, y, size, mix(low, "#ffffff", 0.3), alpha=0.45)
    _towers(page, 462, (46, 84), (90, 260), mix(far, low, 0.4), None)
    _towers(page, 464, (54, 96), (60, 220), far, mix(light, far, 0.35))
    _towers(page, 466, (60, 110), (30, 150), near, light)
    mirror = page.image.crop((0, 240 * 2, WIDTH * 2, 466 * 2)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    page.image.paste(mirror.resize((WIDTH * 2, 209 * 2)), (0, 466 * 2))
    wash = Image.new("L", (WIDTH * 2, 209 * 2), 150)
    page.image.paste(Image.new("RGB", wash.size, water), (0, 466 * 2), wash)
    page.box(0, 462, WIDTH, 6, mix(near, "#000000", 0.4))
    for _ in range(150):
        depth = page.random.random()
        x, y = page.random.uniform(0, WIDTH), 474 + depth * 200
        page.line(
            [(x, y), (x + 20 + depth * 70, y)], mix(water, light, page.random.uniform(0.05, 0.32)), 0.8 + depth * 1.6
        )


def bridge(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, sun, hills, water, steel."""
    top, low, sun, far, water, steel = colours
    page.gradient(top, low, bottom=520)
    page.disc(600, 250, 120, mix(sun, low, 0.2))
    page.ridge(470, 140, mix(far, low, 0.6), waves=1.0, rough=0.06)
    page.ridge(490, 90, mix(far, low, 0.3), waves=1.7, rough=0.06)
    page.sea(480, water, mix(water, low, 0.55), mix(sun, "#ffffff", 0.3), light=600)
    deck, towers = 440, (330.0, 870.0)
    for x in towers:
        for side in (-22, 14):
            page.shape(
                [(x + side, 120), (x + side + 9, 120), (x + side + 12, 560), (x + side - 3, 560)],
                steel,
                mix(steel, low, 0.35),
            )
        for y in (140.0, 230, 330):
            page.box(x - 20, y, 40, 8, steel)
        page.box(x - 42, 548, 84, 26, mix(steel, "#000000", 0.35), round_by=6)
    spans = ((-210, towers[0]), (towers[0], towers[1]), (towers[1], 1410))
    for left, right in spans:
        cable = []
        for step in range(61):
            x = left + (right - left) * step / 60
            turn = (step / 60 - 0.5) * 2
            y = 128 + (1 - turn * turn) * 285
            cable.append((x, y))
            if step % 2 == 0:
                page.line([(x, y), (x, deck)], mix(steel, low, 0.3), 1.2)
        page.line(cable, steel, 5)
    page.box(0, deck, WIDTH, 12, steel)
    page.box(0, deck + 12, WIDTH, 5, mix(steel, "#000000", 0.4))
    page.veil(380, 560, mix(low, "#ffffff", 0.5), strength=0.85)
    page.veil(500, 640, mix(low, "#ffffff", 0.35), strength=0.55)
    hull = mix(steel, "#000000", 0.55)
    page.flat([(480, 590), (720, 590), (742, 572), (724, 622), (500, 622)], hull)
    page.box(504, 556, 46, 36, mix(hull, "#ffffff", 0.75))
    for step, tone in enumerate(("#b4533f", "#d59b4c", "#4f7f86", "#8c5a6b")):
        page.box(562 + step * 38, 566, 35, 24, tone)


def containers(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, crane, ground, then the boxes' paints."""
    top, low, crane, ground, *paints = colours
    page.gradient(top, low, bottom=600)
    page.disc(220, 190, 82, mix(low, "#ffffff", 0.45))
    page.cloud(520, 120, 80, mix(low, "#ffffff", 0.4), alpha=0.7)
    for x, share in ((760, 0.0), (70, 0.45)):
        tone = mix(crane, low, share)
        page.line([(x + 60, 560), (x + 100, 130)], tone, 12)
        page.line([(x + 270, 560), (x + 230, 130)], tone, 12)
        page.box(x + 60, 300, 210, 12, tone)
        page.box(x - 260 if share == 0 else x - 30, 176, 640 if share == 0 else 400, 14, tone)
        page.flat([(x + 150, 176), (x + 162, 84), (x + 174, 176)], tone)
        page.line([(x + 162, 90), (x - 240 if share == 0 else x - 20, 178)], tone, 3)
        page.line([(x + 162, 90), (x + 360, 178)], tone, 3)
        for step in range(5):
            page.line([(x + 84 - step * 4, 350 + step * 46), (x + 252 + step * 4, 396 + step * 46)], tone, 3)
    page.line([(610, 190), (610, 300)], mix(crane, "#000000", 0.4), 2)
    page.line([(690, 190), (690, 300)], mix(crane, "#000000", 0.4), 2)
    _container(page, 580, 300, 140, 58, paints[0])
    page.box(0, 596, WIDTH, 80, ground)
    page.box(0, 596, WIDTH, 6, mix(ground, "#ffffff", 0.25))
    for column, stack in enumerate((4, 3, 4, 2, 1, 3, 4, 3)):
        for level in range(stack):
            tone = paints[page.random.randrange(len(paints))]
            _container(page, 12 + column * 149, 596 - (level + 1) * 60, 144, 58, tone)


def market(page: Canvas, colours: Palette) -> None:
    """Sky, far houses, awning, stripe, wood, then the fruits."""
    sky, houses, awning, stripe, wood, *fruits = colours
    page.gradient(sky, mix(sky, "#ffffff", 0.6), bottom=440)
    for index in range(7):
        x, height = index * 178 - 30, 150 + page.random.uniform(-20, 60)
        wall = mix(houses, page.random.choice(fruits), 0.16)
        page.box(x, 330 - height, 172, height + 140, mix(wall, sky, 0.3))
        page.flat(
            [(x - 8, 332 - height), (x + 86, 268 - height), (x + 180, 332 - height)], mix(houses, "#5a2f22", 0.55)
        )
        for wx in (34, 106):
            page.box(x + wx, 352 - height, 32, 42, mix(wall, "#25313c", 0.62))
    page.gradient(mix(houses, "#000000", 0.1), mix(houses, "#000000", 0.25), top=430)
    for stall, (x, width) in enumerate(((40, 530), (630, 530))):
        first, second = (awning, "#f7efe0") if stall == 0 else (stripe, "#f7efe0")
        for post in (x + 22, x + width - 34):
            page.box(post, 260, 12, 330, mix(wood, "#000000", 0.3))
        page.shape([(x + 34, 330), (x + width - 34, 330), (x + width - 34, 470), (x + 34, 470)], "#1d1a24", alpha=0.42)
        strips = 10
        for index in range(strips):
            left, right = x + width * index / strips, x + width * (index + 1) / strips
            shrink = 0.86
            centre = x + width / 2
            tone = first if index % 2 == 0 else second
            page.flat(
                [
                    (centre + (left - centre) * shrink, 226),
                    (centre + (right - centre) * shrink, 226),
                    (right, 312),
                    (left, 312),
                ],
                tone,
            )
            page.disc((left + right) / 2, 312, (right - left) / 2, mix(tone, "#000000", 0.08))
        for crate in range(4):
            _crate(page, x + 26 + crate * 122, 462, 114, wood, fruits[(crate + stall * 2) % len(fruits)])
            _crate(page, x + 14 + crate * 126, 560, 120, wood, fruits[(crate + stall * 3 + 1) % len(fruits)])


def lantern_street(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, lantern, walls, roof, street."""
    top, low, lantern, walls, roof, street = colours
    page.gradient(top, low, mix(low, lantern, 0.35), bottom=450)
    page.stars(60, 220, mix(low, "#ffffff", 0.7))
    page.disc(600, 170, 54, "#fbe9c0")
    page.glow(600, 360, 330, lantern, strength=0.5)
    page.shape([(0, 437), (WIDTH, 437), (WIDTH, HEIGHT), (0, HEIGHT)], mix(street, lantern, 0.4), street)
    for step in range(1, 9):
        y = 438 + 237 * (step / 9) ** 1.8
        page.line([(0, y), (WIDTH, y)], mix(street, "#000000", 0.2), 1 + step * 0.3)
    for step in range(-6, 7):
        page.line([(600 + step * 15, 438), (600 + step * 120, HEIGHT)], mix(street, "#000000", 0.16), 1.4)
    for side in (-1, 1):
        for depth in range(5):
            near, far = 1 - depth * 0.17, 1 - (depth + 1) * 0.17
            x0, x1 = 600 + side * 640 * near, 600 + side * 640 * far
            wall = mix(walls, low, 0.12 * depth)
            upper, lower = 400 - 300 * near, 400 + 250 * near
            far_upper, far_lower = 400 - 300 * far, 400 + 250 * far
            page.shape([(x0, upper), (x1, far_upper), (x1, far_lower), (x0, lower)], wall, mix(wall, lantern, 0.28))
            page.flat(
                [
                    (x0 + side * 40 * near, upper + 10),
                    (x0, upper - 52 * near),
                    (x1 - side * 26 * far, far_upper - 34 * far),
                    (x1 - side * 34 * far, far_upper + 14),
                ],
                mix(roof, low, 0.1 * depth),
            )
            for level in (0.2, 0.62):
                wx0, wx1 = x0 + (x1 - x0) * 0.28, x0 + (x1 - x0) * 0.72
                wy0 = upper + (lower - upper) * level
                wy1 = wy0 + (lower - upper) * (0.18 if level < 0.5 else 0.38)
                page.flat(
                    [
                        (wx0, wy0),
                        (wx1, wy0 + (far_upper - upper) * 0.35),
                        (wx1, wy1 + (far_lower - lower) * 0.35),
                        (wx0, wy1),
                    ],
                    mix(lantern, "#fff2c0", 0.45),
                )
                mid = (wx0 + wx1) / 2
                page.line([(mid, wy0), (mid, wy1)], mix(walls, "#000000", 0.3), 2.5 * near)
    for row, (y, size, count) in enumerate(((292, 12.0, 5), (230, 19, 5), (150, 30, 6), (64, 46, 6))):
        span = 130 + row * 150
        string = [
            (600 - span + span * 2 * step / 24, y - 26 + 30 * math.sin(math.pi * step / 24)) for step in range(25)
        ]
        page.line(string, mix(top, "#000000", 0.4), 1.5)
        for index in range(count):
            _lantern(
                page,
                600 - span + span * 2 * (index + 0.5) / count,
                y + 14 * math.sin(math.pi * (index + 0.5) / count),
                size,
                lantern,
            )
    for x, size, coat in ((512, 0.86, "#c98a4a"), (556, 0.8, "#4f7f86"), (700, 1.08, "#a8484f")):
        _walker(page, x, 470 + size * 90, size, mix(coat, street, 0.35), mix(walls, "#000000", 0.6))


def shipwreck(page: Canvas, colours: Palette) -> None:
    """Street light, earth, clay, timber, sky."""
    light, earth, clay, timber, sky = colours
    page.gradient(sky, mix(sky, light, 0.5), bottom=220)
    for index in range(9):
        x, height = index * 142.0 - 20, 70 + page.random.uniform(0, 60)
        wall = mix(earth, sky, 0.45 + page.random.uniform(-0.1, 0.1))
        page.box(x, 196 - height, 144, height + 30, wall)
        page.flat([(x - 6, 198 - height), (x + 69, 160 - height), (x + 144, 198 - height)], mix(wall, "#000000", 0.3))
        for wx in (26, 62, 98):
            page.box(x + wx, 216 - height, 18, 22, mix(wall, light, 0.75))
    for top, share, wobble in ((206, 0.0, 5), (262, 0.22, 9), (336, 0.42, 12), (424, 0.6, 12)):
        tone = mix(earth, clay, share)
        line = [
            (float(x), top + wobble * math.sin(x / 130 + share * 9) + wobble * 0.4 * math.sin(x / 37))
            for x in range(0, WIDTH + 12, 12)
        ]
        page.shape([(0, HEIGHT), *line, (WIDTH, HEIGHT)], tone, mix(tone, "#000000", 0.18))
    for _ in range(150):
        x, y = page.random.uniform(0, WIDTH), page.random.uniform(226, 660)
        page.oval(
            x, y, page.random.uniform(3, 10), page.random.uniform(2, 5), mix(mix(earth, clay, y / 700), "#ffffff", 0.16)
        )
    page.shape(
        [(90, 330), (1110, 330), (1010, 640), (190, 640)], mix(clay, "#000000", 0.42), mix(clay, "#000000", 0.25)
    )
    for index in range(15):
        turn = (index - 7) / 7
        x = 600 + turn * 400
        depth = 190 * (1 - turn * turn * 0.55)
        lean = turn * 46
        shade = mix(timber, "#000000", 0.05 + 0.2 * (index % 2))
        for side, width in ((-1, 15), (1, 11)):
            rib = [
                (x + lean * (1 - step / 14) + side * 34 * math.sin(math.pi * step / 28) - side * 34,
                 596 - (1 - (step / 14) ** 1.7) * depth)
                for step in range(15)
            ]  # fmt: skip
            page.line(rib, shade if side < 0 else mix(shade, light, 0.22), width)
    page.line(
        [(170, 560), (240, 590), (420, 604), (780, 604), (960, 590), (1030, 556)], mix(timber, "#000000", 0.3), 20
    )
    page.line([(176, 552), (244, 582), (420, 596), (780, 596), (956, 582), (1024, 548)], mix(timber, light, 0.2), 7)
    page.glow(600, 430, 430, light, strength=0.24)
    for x, y in ((300, 640), (352, 648), (850, 644)):
        page.oval(x, y - 16, 17, 20, mix(clay, "#c96f3f", 0.75))
        page.box(x - 8, y - 44, 16, 14, mix(clay, "#c96f3f", 0.65))
    page.line([(940, 206), (880, 640)], mix(timber, "#e8c487", 0.55), 5)
    page.line([(972, 206), (912, 640)], mix(timber, "#e8c487", 0.55), 5)
    for step in range(14):
        page.line(
            [(936 - step * 4.2, 232 + step * 30), (968 - step * 4.2, 232 + step * 30)], mix(timber, "#e8c487", 0.45), 4
        )


def _towers(
    page: Canvas, base: float, widths: tuple[int, int], heights: tuple[int, int], wall: Colour, lit: Colour | None
) -> None:
    x = -20.0
    while x < WIDTH:
        width = page.random.uniform(*widths)
        height = page.random.uniform(*heights) * (0.6 + 0.6 * math.sin(math.pi * min(max(x / WIDTH, 0), 1)))
        shade = mix(wall, "#000000", page.random.uniform(0, 0.14))
        page.box(x, base - height, width, height, shade)
        kind = page.random.random()
        if kind < 0.2:
            page.flat(
                [(x, base - height + 1), (x + width / 2, base - height - width * 0.35), (x + width, base - height + 1)],
                shade,
            )
        elif kind < 0.38:
            page.box(x + width * 0.25, base - height - 16, width * 0.5, 17, shade)
            page.line([(x + width / 2, base - height - 16), (x + width / 2, base - height - 46)], shade, 2.5)
        if lit:
            for wx in range(round(x + 9), round(x + width - 11), 13):
                for wy in range(round(base - height + 12), round(base - 12), 17):
                    if page.random.random() < 0.45:
                        page.box(wx, wy, 6, 8, mix(lit, shade, page.random.uniform(0, 0.55)))
        x += width + page.random.uniform(-6, 10)


def _container(page: Canvas, x: float, y: float, width: float, height: float, paint: Colour) -> None:
    page.box(x, y, width, height, paint)
    for step in range(1, int(width // 9)):
        page.box(x + step * 9, y + 6, 3, height - 12, mix(paint, "#000000", 0.13))
    page.box(x, y, width, 5, mix(paint, "#ffffff", 0.22))
    page.box(x, y + height - 5, width, 5, mix(paint, "#000000", 0.28))
    page.box(x + width - 34, y + 14, 22, 10, mix(paint, "#ffffff", 0.7))


def _crate(page: Canvas, x: float, y: float, width: float, wood: Colour, fruit: Colour) -> None:
    page.box(x, y - 10, width, 40, mix(wood, "#000000", 0.5))
    for row in range(3):
        for index in range(7 - row):
            tone = mix(fruit, "#ffffff" if (index + row) % 3 == 0 else "#000000", 0.08)
            page.disc(x + 12 + row * 7.5 + index * (width - 24) / 6, y + 4 - row * 13, 10.5, tone)
            page.disc(x + 9 + row * 7.5 + index * (width - 24) / 6, y + 0.5 - row * 13, 2.8, mix(fruit, "#ffffff", 0.5))
    for step in range(3):
        page.box(x - 3, y + 8 + step * 22, width + 6, 18, mix(wood, "#000000", 0.05 * step))
    page.box(x + 6, y + 6, 8, 66, mix(wood, "#000000", 0.25))
    page.box(x + width - 14, y + 6, 8, 66, mix(wood, "#000000", 0.25))


def _walker(page: Canvas, x: float, feet: float, size: float, coat: Colour, dark: Colour) -> None:
    page.oval(x + 6, feet + 2, 34 * size, 5 * size, mix(dark, coat, 0.1))
    page.line([(x - 6 * size, feet - 40 * size), (x - 11 * size, feet)], dark, 7 * size)
    page.line([(x + 6 * size, feet - 40 * size), (x + 13 * size, feet)], dark, 7 * size)
    hem, neck = feet - 30 * size, feet - 98 * size
    page.flat([(x - 10 * size, neck), (x + 10 * size, neck), (x + 23 * size, hem), (x - 23 * size, hem)], coat)
    page.disc(x, neck - 11 * size, 12 * size, dark)


def _lantern(page: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    page.glow(x, y, size * 3.2, colour, strength=0.55)
    page.oval(x, y, size, size * 0.86, colour)
    page.oval(x, y, size * 0.55, size * 0.86, mix(colour, "#ffe9a8", 0.4))
    page.oval(x, y, size * 0.2, size * 0.86, mix(colour, "#ffe9a8", 0.7))
    page.box(x - size * 0.4, y - size * 0.98, size * 0.8, size * 0.18, mix(colour, "#000000", 0.5))
    page.box(x - size * 0.4, y + size * 0.8, size * 0.8, size * 0.18, mix(colour, "#000000", 0.5))
    page.line([(x, y + size), (x, y + size * 1.5)], mix(colour, "#ffe9a8", 0.3), size * 0.1)
