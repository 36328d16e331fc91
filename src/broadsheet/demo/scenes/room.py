"""Scenes indoors and on paper: tea, books, a stage, a circuit board, charts."""

from __future__ import annotations

import math

from PIL import Image

from broadsheet.demo.canvas import HEIGHT, WIDTH, Canvas, Colour, Palette, Point, mix


def tea_cup(page: Canvas, colours: Palette) -> None:
    """Wall, window sky, sea, table, cup, tea."""
    wall, sky, sea, table, cup, tea = colours
    page.gradient(wall, mix(wall, "#000000", 0.12))
    page.box(640, 60, 440, 400, mix(wall, "#000000", 0.35))
    page.gradient(
        mix(sky, "#ffffff", 0.1), mix(sky, "#ffffff", 0.6), top=76, bottom=330, mask=_mask(page, 656, 76, 408, 254)
    )
    page.disc(930, 250, 46, mix("#ffdca0", sky, 0.15))
    page.box(656, 318, 408, 126, sea)
    for _ in range(36):
        x, y = page.random.uniform(660, 1000), page.random.uniform(324, 440)
        page.line([(x, y), (x + page.random.uniform(14, 54), y)], mix(sea, "#ffffff", 0.3), 1.5)
    page.flat([(720, 330), (800, 326), (786, 346), (736, 346)], mix(sea, "#000000", 0.55))
    page.flat([(758, 326), (758, 262), (794, 318)], "#f6efe2")
    page.box(852, 60, 16, 400, mix(wall, "#000000", 0.35))
    page.box(640, 244, 440, 12, mix(wall, "#000000", 0.35))
    page.box(620, 452, 480, 20, mix(wall, "#ffffff", 0.2))
    page.gradient(mix(table, "#ffffff", 0.1), table, mix(table, "#000000", 0.25), top=520)
    for step in range(6):
        page.line([(0, 548 + step * 24), (WIDTH, 544 + step * 25)], mix(table, "#000000", 0.12), 1.5)
    page.oval(390, 590, 260, 34, mix(table, "#000000", 0.35))
    page.oval(380, 576, 230, 32, mix(cup, "#000000", 0.12))
    page.oval(380, 570, 230, 30, cup)
    page.arc(572, 448, 62, -90, 120, cup, 20)
    body = [(220, 380), (226, 450), (262, 530), (320, 566), (440, 566), (498, 530), (534, 450), (540, 380)]
    page.flat(body, cup)
    page.shape([(420, 380), (540, 380), (534, 450), (498, 530), (440, 566), (400, 566)], "#000000", alpha=0.1)
    page.line([(222, 420), (538, 420)], mix(cup, sea, 0.75), 7)
    page.line([(224, 438), (536, 438)], mix(cup, sea, 0.75), 2.5)
    page.oval(380, 380, 160, 30, mix(cup, "#ffffff", 0.3))
    page.oval(380, 384, 146, 23, tea)
    page.oval(340, 380, 70, 9, mix(tea, "#ffffff", 0.25))
    for shift, height in ((-60, 210), (0, 260), (58, 190)):
        steam = [(380 + shift + math.sin(step / 6 + shift) * 16, 356 - step * height / 40) for step in range(41)]
        for step in range(40):
            page.line(steam[step : step + 2], mix("#ffffff", wall, 0.25 + step / 40 * 0.7), 7 - step * 0.12)


def books(page: Canvas, colours: Palette) -> None:
    """Wall, wood, then the spines' cloths."""
    wall, wood, *cloths = colours
    page.gradient(mix(wall, "#000000", 0.25), wall, mix(wall, "#000000", 0.3))
    page.glow(1010, 200, 520, "#ffd9a0", strength=0.25)
    for shelf, (base, tall) in enumerate(((222, 180), (436, 172), (650, 172))):
        x = 30.0
        while x < 1160:
            if page.random.random() < 0.06 and x < 1000:
                x += _still_life(page, x, base, cloths[shelf % len(cloths)], wood)
                continue
            width = page.random.uniform(20, 50)
            height = tall * page.random.uniform(0.68, 0.98)
            if x + width > 1172:
                break
            _spine(page, x, base, width, height, cloths[page.random.randrange(len(cloths))])
            x += width + 1.5
        page.box(0, base, WIDTH, 24, wood)
        page.box(0, base, WIDTH, 4, mix(wood, "#ffffff", 0.2))
        page.shape([(0, base + 24), (WIDTH, base + 24), (WIDTH, base + 52), (0, base + 52)], "#000000", alpha=0.22)
    page.box(0, 0, 26, HEIGHT, mix(wood, "#000000", 0.2))
    page.box(1174, 0, 26, HEIGHT, mix(wood, "#000000", 0.2))


def theatre(page: Canvas, colours: Palette) -> None:
    """Curtain, light, stage, figure."""
    curtain, light, stage, figure = colours
    page.gradient(mix(curtain, "#000000", 0.82), mix(curtain, "#000000", 0.7))
    page.shape([(560, -20), (640, -20), (860, 560), (340, 560)], light, alpha=0.22)
    page.shape([(580, -20), (620, -20), (770, 560), (430, 560)], light, alpha=0.25)
    page.gradient(mix(stage, "#000000", 0.35), stage, top=530)
    for step in range(-9, 10):
        page.line([(600 + step * 70, 530), (600 + step * 130, HEIGHT)], mix(stage, "#000000", 0.3), 2)
    page.oval(600, 572, 270, 36, mix(stage, light, 0.65))
    page.oval(600, 572, 200, 25, mix(stage, light, 0.85))
    page.oval(612, 580, 70, 9, mix(stage, "#000000", 0.35))
    page.flat([(560, 578), (572, 430), (566, 372), (584, 340), (616, 340), (634, 372), (628, 430), (644, 578)], figure)
    page.disc(600, 310, 23, figure)
    page.line([(576, 356), (528, 410), (500, 376)], figure, 15)
    page.line([(624, 356), (664, 420), (690, 452)], figure, 15)
    for side in (-1, 1):
        for fold in range(8):
            x = 600 + side * (600 - fold * 42)
            inner = x - side * 52
            sway = 26 * math.sin(fold * 1.4)
            tone = mix(curtain, "#000000", 0.1 + 0.32 * (fold % 2) + fold * 0.02)
            page.shape(
                [
                    (x + side * 8, -5),
                    (inner, -5),
                    (inner + side * sway * 0.4, 330),
                    (inner - side * (fold * 3 - 8), 590),
                    (x + side * 8, 600),
                ],
                mix(tone, "#ffffff", 0.06),
                mix(tone, "#000000", 0.25),
            )
    for fold in range(9):
        x = fold * 150 - 75
        drop = [(x + 150 * step / 20, 58 + 62 * math.sin(math.pi * step / 20)) for step in range(21)]
        page.shape([(x, -5), *drop, (x + 150, -5)], mix(curtain, "#ffffff", 0.05), mix(curtain, "#000000", 0.3))
        page.line(drop, "#d9a94e", 5)
    for seat in range(13):
        x = seat * 100 - 20
        page.oval(x + 40, 690, 44, 62, mix(curtain, "#000000", 0.78))
    for x in (180, 380, 560, 760, 1020):
        page.disc(x, 626, 26, mix(curtain, "#000000", 0.86))


def circuit(page: Canvas, colours: Palette) -> None:
    """Board, trace, pad, chip, accent."""
    board, trace, pad, chip, accent = colours
    page.gradient(mix(board, "#ffffff", 0.08), board, mix(board, "#000000", 0.3))
    middle_x, middle_y = 640.0, 330.0
    for side in range(4):
        for index in range(13):
            offset = (index - 6) * 19.0
            first = 138 + page.random.uniform(16, 60) + abs(index - 6) * 14
            slant = (index - 6) * page.random.uniform(11, 17)
            end = first + abs(slant) + page.random.uniform(120, 460)
            path = [(118.0, offset), (first, offset), (first + abs(slant), offset + slant), (end, offset + slant)]
            turned = [_turn(point, side, middle_x, middle_y) for point in path]
            tone = accent if page.random.random() < 0.12 else trace
            page.line(turned, tone, 4.5)
            page.disc(*turned[-1], 9, pad)
            page.disc(*turned[-1], 4, mix(board, "#000000", 0.4))
    for x, y, across, down in (
        (150.0, 120.0, 110.0, 60.0),
        (1010, 540, 130, 74),
        (180, 540, 70, 70),
        (1060, 130, 60, 110),
    ):
        page.box(x + 5, y + 7, across, down, mix(board, "#000000", 0.5), round_by=6)
        page.box(x, y, across, down, mix(chip, "#000000", 0.1), round_by=6)
        page.disc(x + 14, y + 14, 4, mix(chip, "#ffffff", 0.5))
        for step in range(int(across // 18)):
            page.box(x + 8 + step * 18, y - 9, 8, 9, pad)
            page.box(x + 8 + step * 18, y + down, 8, 9, pad)
    for step in range(12):
        for x, y, across, down in (
            (middle_x - 121 + step * 20, 200, 10, 22), (middle_x - 121 + step * 20, 438, 10, 22),
            (510, middle_y - 121 + step * 20, 22, 10), (748, middle_y - 121 + step * 20, 22, 10),
        ):  # fmt: skip
            page.box(x, y, across, down, pad)
    page.box(526, 218, 236, 236, mix(board, "#000000", 0.55), round_by=12)
    page.box(522, 212, 236, 236, chip, round_by=12)
    page.box(560, 250, 160, 160, mix(chip, "#ffffff", 0.09), round_by=6)
    for step in range(8):
        for other in range(8):
            tone = accent if page.random.random() < 0.2 else mix(chip, trace, page.random.uniform(0.15, 0.6))
            page.box(568 + step * 18.5, 258 + other * 18.5, 14, 14, tone, round_by=2)
    page.disc(542, 232, 7, mix(chip, "#ffffff", 0.4))
    page.glow(640, 330, 300, accent, strength=0.22)


def chart(page: Canvas, colours: Palette) -> None:
    """Paper, ink, bars, line, accent; rises when the last colour is ``up``, falls when it is ``down``."""
    paper, ink, bar, stroke, accent, way = colours
    page.gradient(paper, mix(paper, "#ffffff", 0.25), mix(paper, bar, 0.25))
    page.disc(950 if way == "up" else 270, 210, 150, mix(accent, paper, 0.1))
    for y in range(130, 560, 72):
        page.line([(90, y), (1110, y)], mix(paper, ink, 0.16), 1.2)
    count, bars, points = 17, [], []
    for index in range(count):
        share = index / (count - 1)
        trend = share if way == "up" else 1 - share
        value = 0.16 + 0.62 * trend**1.25 + 0.1 * math.sin(index * 1.35) + page.random.uniform(-0.03, 0.03)
        x, height = 100 + index * 60, 420 * max(0.08, value)
        bars.append((x, 562 - height * 0.72, mix(bar, ink, 0.1 + 0.35 * trend)))
        points.append((x + 19, 540 - height))
    page.shape([(points[0][0], 562), *points, (points[-1][0], 562)], stroke, paper, alpha=0.2)
    for x, y, tone in bars:
        page.shape([(x, y), (x + 38, y), (x + 38, 562), (x, 562)], tone, mix(tone, paper, 0.35))
    page.line(points, stroke, 7)
    for x, y in points:
        page.disc(x, y, 8, paper)
        page.disc(x, y, 5, stroke)
    x, y = points[-1]
    page.disc(x, y, 18, stroke)
    page.disc(x, y, 9, paper)
    page.box(80, 562, 1040, 5, ink)
    for index in range(count):
        page.box(116 + index * 60, 576, 5, 10 if index % 4 else 20, ink)


def abstract_chart(page: Canvas, colours: Palette) -> None:
    """Ground and four tones: rings, quarters and columns, as on the cover of a yearbook."""
    ground, one, two, three, four = colours
    page.gradient(ground, mix(ground, "#000000", 0.12))
    for index in range(24):
        height = 60 + 190 * (0.5 + 0.5 * math.sin(index * 0.55)) + index * 7
        page.shape(
            [
                (index * 50, HEIGHT - height),
                (index * 50 + 34, HEIGHT - height),
                (index * 50 + 34, HEIGHT),
                (index * 50, HEIGHT),
            ],
            mix(one, ground, 0.25),
            mix(one, ground, 0.85),
        )
    for radius, tone, start, end, width in (
        (230, two, 200, 420, 54), (166, three, 150, 330, 46), (110, four, 280, 560, 40), (58, one, 90, 350, 32),
    ):  # fmt: skip
        page.arc(790, 310, radius, 0, 360, mix(ground, tone, 0.22), width)
        page.arc(790, 310, radius, start, end, tone, width)
    page.disc(270, 210, 96, three)
    page.shape([(270, 210), *((270 + 96 * math.cos(a / 20), 210 + 96 * math.sin(a / 20)) for a in range(-31, 12))], two)
    page.shape(
        [(284, 196), *((284 + 112 * math.cos(a / 20), 196 + 112 * math.sin(a / 20)) for a in range(-31, 1))], four
    )


def _mask(page: Canvas, x: float, y: float, width: float, height: float) -> Image.Image:
    mask = Image.new("L", page.image.size)
    mask.paste(255, (round(x * 2), round(y * 2), round((x + width) * 2), round((y + height) * 2)))
    return mask


def _spine(page: Canvas, x: float, base: float, width: float, height: float, cloth: Colour) -> None:
    page.box(x, base - height, width, height, cloth, round_by=2)
    page.box(x + width * 0.72, base - height, width * 0.28, height, mix(cloth, "#000000", 0.16))
    page.box(x, base - height, width * 0.12, height, mix(cloth, "#ffffff", 0.14))
    ink = mix(cloth, "#fff1cf", 0.72)
    kind = page.random.randrange(4)
    if kind == 0:
        page.box(x, base - height + 16, width, 4, ink)
        page.box(x, base - 28, width, 4, ink)
    elif kind == 1:
        page.box(x + width * 0.28, base - height * 0.78, width * 0.42, height * 0.36, ink)
    elif kind == 2:
        for step in range(4):
            page.box(x + width * 0.2, base - height * 0.72 + step * 9, width * 0.5, 3, ink)
    else:
        page.disc(x + width * 0.46, base - height * 0.7, min(9, width * 0.24), ink)
        page.box(x, base - height * 0.22, width, 9, mix(cloth, "#000000", 0.3))


def _still_life(page: Canvas, x: float, base: float, tone: Colour, wood: Colour) -> float:
    """Return the room that a vase with a twig takes on a shelf."""
    page.oval(x + 46, base - 38, 32, 38, mix(tone, "#ffffff", 0.35))
    page.box(x + 36, base - 92, 20, 24, mix(tone, "#ffffff", 0.35))
    page.line([(x + 46, base - 92), (x + 40, base - 128), (x + 60, base - 158)], mix(wood, "#000000", 0.3), 3)
    for dx, dy in ((40, 128), (52, 142), (60, 158), (34, 116)):
        page.disc(x + dx, base - dy, 6.5, "#e8b7a4")
    return 104


def _turn(point: Point, side: int, x: float, y: float) -> Point:
    along, across = point
    return ((x + along, y + across), (x - across, y + along), (x - along, y - across), (x + across, y - along))[side]
