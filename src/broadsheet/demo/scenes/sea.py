"""Scenes by the sea: harbour, ferry, lighthouse, moon, storm, terns."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import ImageChops

from broadsheet.demo.canvas import HEIGHT, WIDTH, Canvas, Colour, Palette, Point, mix


def harbour(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, sun, far hills, sea, silhouettes."""
    top, low, sun, hills, sea, dark = colours
    page.gradient(top, mix(top, low, 0.55), low, bottom=400)
    page.glow(790, 340, 420, sun, strength=0.75)
    page.disc(790, 330, 74, mix(sun, "#ffffff", 0.25))
    page.cloud(250, 150, 90, mix(top, low, 0.7), alpha=0.55)
    page.cloud(980, 110, 70, mix(top, low, 0.8), alpha=0.5)
    page.ridge(400, 90, mix(hills, low, 0.45), waves=1.2, rough=0.08)
    page.ridge(402, 48, mix(hills, low, 0.12), waves=2.1, rough=0.1)
    page.sea(398, mix(sea, dark, 0.35), mix(sea, low, 0.5), mix(sun, "#ffffff", 0.3), light=790)
    page.shape([(0, 470), (0, 432), (380, 424), (410, 452), (410, 470)], mix(dark, hills, 0.35))
    page.flat([(362, 424), (370, 330), (390, 330), (398, 424)], mix(dark, low, 0.25))
    page.box(368, 312, 24, 20, sun)
    page.flat([(362, 312), (380, 296), (398, 312)], dark)
    page.glow(380, 322, 70, sun, strength=0.5)
    for x, base, size in ((560, 500, 0.8), (980, 520, 1.1), (200, 590, 1.5), (680, 610, 1.35)):
        _sailing_boat(page, x, base, size, dark, mix(dark, low, 0.35))


def ferry(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, light, sea, hull, house."""
    top, low, light, sea, hull, house = colours
    page.gradient(top, mix(top, low, 0.5), low, bottom=470)
    page.disc(940, 220, 92, mix(light, low, 0.15))
    for x, y, size in ((180, 150, 110), (520, 90, 70), (1060, 330, 90)):
        page.cloud(x, y, size, mix(low, "#ffffff", 0.45), alpha=0.75)
    page.ridge(452, 60, mix(sea, low, 0.55), waves=1.4, rough=0.05)
    page.sea(446, sea, mix(sea, low, 0.4), mix(low, "#ffffff", 0.5), light=940)
    _ferry(page, hull, house, light)
    page.swell(560, 14, 150, mix(sea, "#ffffff", 0.12), sea, phase=0.2)
    page.swell(612, 18, 230, mix(sea, "#000000", 0.14), mix(sea, "#000000", 0.35), phase=0.6)
    _gulls(page, ((330, 250, 18), (392, 216, 13), (450, 262, 10)), mix(hull, "#000000", 0.4))


def ferry_storm(page: Canvas, colours: Palette) -> None:
    """The same colours as ``ferry``, another night."""
    top, low, light, sea, hull, house = colours
    page.gradient(top, mix(top, low, 0.4), low, bottom=520)
    for x, y, size, share in (
        (150.0, 130.0, 190, 0.25),
        (560, 90, 230, 0.12),
        (960, 150, 210, 0.3),
        (330, 260, 150, 0.45),
    ):
        page.cloud(x, y, size, mix(top, low, share), alpha=0.8)
    page.swell(430, 40, 340, mix(sea, low, 0.45), mix(sea, low, 0.2), phase=0.35)
    layer = Canvas("ferry")
    blank = layer.image.copy()
    _ferry(layer, hull, house, light)
    # Where the drawn layer differs from its empty ground, the ferry is.
    mask = ImageChops.difference(layer.image, blank).convert("L").point([0] + [255] * 255)
    page.glow(620, 430, 330, light, strength=0.35)
    page.tilt(layer, mask, 9, (600, 520))
    page.swell(530, 58, 300, mix(sea, "#ffffff", 0.2), sea, phase=0.1)
    page.swell(590, 64, 390, sea, mix(sea, "#000000", 0.3), phase=0.55)
    page.swell(650, 50, 260, mix(sea, "#000000", 0.3), mix(sea, "#000000", 0.5), phase=0.8)
    page.flat([(905, 560), (960, 430), (985, 470), (1010, 380), (1060, 520), (1085, 560)], mix(top, "#000000", 0.45))
    page.flat([(1060, 570), (1095, 455), (1120, 490), (1160, 575)], mix(top, "#000000", 0.55))
    page.swell(585, 40, 410, mix(sea, "#000000", 0.12), mix(sea, "#000000", 0.45), phase=0.3)
    for _ in range(150):
        x, y = page.random.uniform(-100, WIDTH), page.random.uniform(0, HEIGHT)
        reach = page.random.uniform(18, 46)
        page.line([(x, y), (x + reach * 0.45, y + reach)], mix(low, "#ffffff", 0.35), 0.8)


def lighthouse(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, beam, rock, sea, tower stripe."""
    top, low, beam, rock, sea, stripe = colours
    page.gradient(top, mix(top, low, 0.45), low, bottom=500)
    page.stars(90, 300, mix(low, "#ffffff", 0.6))
    page.shape([(806, 176), (-40, 20), (-40, 210)], beam, alpha=0.3)
    page.shape([(806, 176), (1260, 96), (1260, 240)], beam, alpha=0.24)
    page.ridge(490, 50, mix(sea, low, 0.35), waves=1.5, rough=0.06)
    page.sea(484, sea, mix(sea, low, 0.35), beam, light=640)
    page.shape(
        [(560, 640), (600, 560), (680, 540), (720, 492), (900, 486), (960, 530), (1060, 552), (1180, 640)],
        mix(rock, low, 0.18),
        rock,
    )
    page.shape([(560, 640), (600, 560), (680, 540), (700, 600), (650, 640)], mix(rock, "#000000", 0.3), rock)
    page.flat([(756, 492), (772, 214), (840, 214), (856, 492)], "#f3ece0")
    for step in range(3):
        y0, y1 = 258 + step * 84, 258 + step * 84 + 42
        left0, left1 = 772 - (y0 - 214) * 0.0576, 772 - (y1 - 214) * 0.0576
        page.flat([(left0, y0), (1612 - left0, y0), (1612 - left1, y1), (left1, y1)], stripe)
    page.shape([(806, 214), (840, 214), (856, 492), (806, 492)], "#000000", alpha=0.16)
    page.box(758, 206, 96, 10, mix(rock, "#000000", 0.3))
    page.box(778, 152, 56, 54, mix(beam, "#ffffff", 0.4))
    for x in (778, 796, 814, 831):
        page.box(x, 152, 3, 54, mix(rock, "#000000", 0.3))
    page.flat([(768, 154), (806, 116), (844, 154)], stripe)
    page.glow(806, 178, 190, beam, strength=0.7)
    page.box(880, 452, 76, 42, "#e9dfce")
    page.flat([(872, 454), (918, 424), (964, 454)], mix(stripe, "#000000", 0.25))
    page.box(906, 466, 16, 28, mix(rock, "#000000", 0.2))
    page.swell(628, 12, 120, mix(sea, "#ffffff", 0.1), mix(sea, "#000000", 0.3))


def moon_sea(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, moon, sea, rock."""
    top, low, moon, sea, rock = colours
    page.gradient(top, mix(top, low, 0.5), low, bottom=440)
    page.stars(150, 380, mix(moon, low, 0.15))
    page.glow(720, 240, 400, moon, strength=0.5)
    page.disc(720, 240, 126, moon)
    for x, y, radius in ((680, 200, 24), (754, 270, 34), (700, 296, 14), (770, 190, 12), (658, 262, 10)):
        page.disc(x, y, radius, mix(moon, low, 0.16))
    page.cloud(380, 330, 110, mix(low, moon, 0.2), alpha=0.45)
    page.cloud(1010, 190, 90, mix(low, moon, 0.25), alpha=0.4)
    page.sea(436, mix(sea, "#000000", 0.3), mix(sea, low, 0.45), moon, light=720)
    page.shape(
        [(0, 500), (0, 392), (90, 402), (150, 436), (240, 452), (300, 486), (330, 500)], mix(rock, low, 0.12), rock
    )
    page.flat([(96, 408), (102, 344), (118, 344), (124, 408)], mix(rock, "#ffffff", 0.18))
    page.disc(110, 340, 7, "#ffd98a")
    page.glow(110, 340, 60, "#ffd98a", strength=0.7)
    _sailing_boat(page, 560, 560, 0.9, mix(rock, "#000000", 0.4), mix(rock, "#ffffff", 0.1))
    page.shape([(562, 452), (562, 546), (626, 546)], mix(moon, rock, 0.3), mix(moon, rock, 0.55))


def storm_front(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, light, cloud, sea, stone."""
    top, low, light, cloud, sea, stone = colours
    page.gradient(low, mix(low, light, 0.7), mix(low, light, 0.4), bottom=460)
    for y, size, share, reach in (
        (318.0, 66, 0.0, 860),
        (238, 78, 0.3, 1010),
        (150, 86, 0.58, 1160),
        (58, 84, 0.9, 1320),
    ):
        tone = mix(cloud, top, share)
        x = -40.0
        while x < reach:
            rise = (max(0.0, x) / reach) ** 3 * y * 0.75
            radius = size * page.random.uniform(0.62, 1.12)
            page.disc(x, y - rise - radius * 0.35, radius, tone)
            page.flat(
                [
                    (x - radius, -10),
                    (x + radius, -10),
                    (x + radius * 0.98, y - rise - radius * 0.4),
                    (x - radius * 0.98, y - rise - radius * 0.4),
                ],
                tone,
            )
            x += radius * page.random.uniform(0.85, 1.25)
    for _ in range(120):
        x = page.random.uniform(-60, 660)
        y = page.random.uniform(310, 470)
        page.line([(x, y), (x + 34, y + 70)], mix(cloud, low, 0.55), 1)
    page.flat([(520, 330), (486, 412), (510, 408), (470, 486), (548, 392), (522, 396), (552, 330)], "#ffeeb8")
    page.glow(510, 410, 150, "#ffeeb8", strength=0.4)
    page.sea(456, mix(sea, "#000000", 0.3), mix(sea, low, 0.4), light, light=1000)
    page.swell(520, 34, 260, mix(sea, "#ffffff", 0.14), sea, phase=0.4)
    page.shape([(640, 600), (700, 520), (WIDTH, 470), (WIDTH, 640)], mix(stone, light, 0.2), stone)
    for step in range(9):
        page.line(
            [(706 + step * 60, 520 - step * 6), (690 + step * 64, 602 + step * 4)], mix(stone, "#000000", 0.25), 2
        )
    page.flat([(1040, 496), (1048, 390), (1076, 390), (1084, 490)], "#efe5d4")
    page.box(1045, 420, 35, 24, "#b7412f")
    page.box(1050, 372, 24, 18, "#ffdf95")
    page.flat([(1044, 374), (1062, 354), (1080, 374)], "#b7412f")
    for dx, dy, radius in ((0, 0, 34), (-30, 20, 26), (24, 22, 22), (-8, -34, 20), (20, -26, 12), (-32, -18, 10)):
        page.disc(716 + dx, 520 + dy, radius, mix("#ffffff", sea, 0.12), alpha=0.9)
    page.swell(610, 40, 340, sea, mix(sea, "#000000", 0.4), phase=0.75)
    page.swell(660, 30, 220, mix(sea, "#000000", 0.3), mix(sea, "#000000", 0.5), phase=0.2)


def terns(page: Canvas, colours: Palette) -> None:
    """Sky top, sky low, sun, sea, rock, wing."""
    top, low, sun, sea, rock, wing = colours
    page.gradient(top, low, bottom=500)
    page.disc(330, 330, 120, mix(sun, low, 0.1))
    page.cloud(980, 300, 120, mix(low, "#ffffff", 0.4), alpha=0.6)
    page.cloud(120, 200, 70, mix(low, "#ffffff", 0.4), alpha=0.5)
    page.sea(500, sea, mix(sea, low, 0.4), mix(sun, "#ffffff", 0.3), light=330)
    page.shape(
        [
            (620, 640),
            (690, 560),
            (760, 540),
            (820, 480),
            (930, 470),
            (1010, 510),
            (1110, 520),
            (WIDTH, 570),
            (WIDTH, 640),
        ],
        mix(rock, low, 0.25),
        rock,
    )
    page.shape(
        [
            (690, 566),
            (760, 540),
            (820, 480),
            (930, 470),
            (1010, 510),
            (1110, 520),
            (WIDTH, 570),
            (WIDTH, 582),
            (1080, 540),
            (960, 500),
            (820, 516),
        ],
        mix("#7f9a5b", low, 0.1),
    )
    for x, y, size, lift in (
        (560, 250, 1.7, 0.5), (800, 150, 1.05, -0.2), (340, 130, 0.85, 0.3), (930, 330, 0.9, 0.6), (710, 390, 0.65, 0.0),
        (200, 300, 0.5, 0.5), (1080, 120, 0.55, 0.1), (480, 420, 0.45, -0.3), (1040, 430, 0.5, 0.4),
    ):  # fmt: skip
        _tern(page, x, y, size, lift, wing)
    page.swell(630, 12, 130, mix(sea, "#ffffff", 0.08), mix(sea, "#000000", 0.3))


def _sailing_boat(page: Canvas, x: float, base: float, size: float, hull: Colour, trim: Colour) -> None:
    page.line([(x, base), (x, base - 120 * size)], hull, 3 * size)
    page.line([(x, base - 118 * size), (x + 62 * size, base - 8 * size)], hull, 1.2)
    page.line([(x, base - 118 * size), (x - 58 * size, base - 8 * size)], hull, 1.2)
    page.flat(
        [(x - 64 * size, base - 10 * size), (x + 70 * size, base - 14 * size), (x + 48 * size, base + 16 * size),
         (x - 48 * size, base + 16 * size)], hull,
    )  # fmt: skip
    page.flat(
        [(x - 22 * size, base - 10 * size), (x - 18 * size, base - 30 * size), (x + 22 * size, base - 30 * size),
         (x + 30 * size, base - 12 * size)], trim,
    )  # fmt: skip
    for step in range(4):
        y = base + (24 + step * 9) * size
        half = (44 - step * 8) * size
        page.line([(x - half, y), (x + half, y)], hull, 2.4 * size)


def _ferry(page: Canvas, hull: Colour, house: Colour, light: Colour) -> None:
    page.flat([(262, 470), (900, 470), (958, 436), (930, 560), (300, 560)], hull)
    page.flat([(256, 470), (262, 452), (950, 438), (942, 470)], mix(hull, "#ffffff", 0.85))
    page.box(310, 404, 540, 52, house)
    page.box(350, 358, 430, 48, mix(house, "#000000", 0.05))
    page.flat([(640, 358), (640, 322), (770, 322), (792, 358)], house)
    page.flat([(440, 358), (448, 278), (520, 278), (528, 358)], mix(hull, light, 0.2))
    page.box(446, 296, 76, 20, light)
    page.line([(704, 322), (704, 250)], hull, 4)
    page.line([(684, 280), (724, 280)], hull, 3)
    for x in range(330, 836, 30):
        page.box(x, 420, 16, 18, mix(light, "#ffffff", 0.35), round_by=3)
    for x in range(372, 764, 28):
        page.box(x, 372, 15, 16, mix(light, "#ffffff", 0.35), round_by=3)
    for x in range(652, 764, 22):
        page.box(x, 332, 15, 13, mix(hull, "#000000", 0.2))
    for x in range(340, 880, 54):
        page.disc(x, 500, 6.5, mix(light, hull, 0.25))


def _gulls(page: Canvas, birds: Sequence[tuple[float, float, float]], colour: Colour) -> None:
    for x, y, size in birds:
        page.arc(x - size, y + size * 0.3, size, 205, 335, colour, size * 0.17 + 0.8)
        page.arc(x + size * 0.86, y + size * 0.3, size, 205, 335, colour, size * 0.17 + 0.8)


def _tern(page: Canvas, x: float, y: float, size: float, lift: float, wing: Colour) -> None:
    def at(dx: float, dy: float) -> Point:
        return x + dx * size, y + dy * size

    shade = mix(wing, "#5c6f80", 0.4)
    page.flat(
        [at(-6, 2), at(-70, -52 - 30 * lift), at(-150, -34 - 60 * lift), at(-84, -26 - 20 * lift), at(-24, 16)], shade
    )
    page.flat([at(8, 0), at(34, -70 - 20 * lift), at(110, -104 - 50 * lift), at(62, -48 - 10 * lift), at(34, 12)], wing)
    page.flat([at(-66, 22), at(-120, 16), at(-78, 30), at(-124, 42), at(-50, 34)], wing)
    page.flat(
        [at(-70, 26), at(-20, 0), at(34, -6), at(62, 2), at(66, 10), at(40, 22), at(-20, 34)], mix(wing, "#ffffff", 0.4)
    )
    page.flat([at(38, -6), at(62, 1), at(67, 8), at(50, 6), at(36, 2)], "#1d222b")
    page.flat([at(65, 4), at(92, 14), at(64, 12)], "#d6452f")
