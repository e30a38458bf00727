"""Drawn pictures for the invented reports: flat scenes, saved as a telephone would, with place and maker."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from datetime import datetime

from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

WIDTH, HEIGHT = 1024, 768
FLOOR = 560
QUALITY = 78
CITY = (36.1, 114.35)
"""Latitude and longitude about which the invented places lie, in degrees."""

Draw = ImageDraw.ImageDraw
Scene = Callable[[Draw, random.Random], None]

INK = "#2b2f33"
WOODS = ("#b98a52", "#a87844", "#c79b62", "#8f6638")
STEELS = ("#7b8894", "#68757f", "#8e9aa5")
PAINTS = ("#b3362b", "#2f6690", "#3a7d44", "#d9a521", "#5d4a66")


def photograph(kind: str, seed: str, at: datetime) -> bytes:
    """Return a JPEG of a scene; the same seed gives the same picture. Unknown kinds show a yard."""
    dice = random.Random(seed)
    image = Image.new("RGB", (WIDTH, HEIGHT), "#dfe3e6")
    SCENES.get(kind, barrels)(ImageDraw.Draw(image), dice)
    saved = io.BytesIO()
    image.save(saved, "JPEG", quality=QUALITY, exif=_traces(dice, at))
    return saved.getvalue()


def _traces(dice: random.Random, at: datetime) -> Image.Exif:
    """Return what telephones write into a picture, so that one can see that the clean copy has none of it."""
    exif = Image.Exif()
    exif[Base.Make] = "Demonstration"
    exif[Base.Model] = "Telephone 12"
    exif[Base.DateTime] = at.strftime("%Y:%m:%d %H:%M:%S")
    latitude, longitude = (degrees + dice.uniform(-0.2, 0.2) for degrees in CITY)
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: _parts(latitude),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: _parts(longitude),
        }
    )
    return exif


def _parts(degrees: float) -> tuple[float, float, float]:
    """Degrees, minutes and seconds."""
    minutes = (degrees % 1) * 60
    return float(int(degrees)), float(int(minutes)), round((minutes % 1) * 60, 2)


def _room(draw: Draw, dice: random.Random, wall: str = "#cfcabd", floor: str = "#8d8a83") -> None:
    draw.rectangle((0, 0, WIDTH, FLOOR), fill=wall)
    draw.rectangle((0, FLOOR, WIDTH, HEIGHT), fill=floor)
    draw.line((0, FLOOR, WIDTH, FLOOR), fill=INK, width=4)
    for _ in range(9):
        x, y = dice.randrange(WIDTH), dice.randrange(FLOOR + 10, HEIGHT)
        draw.line((x, y, x + dice.randrange(30, 120), y), fill="#7a776f", width=3)


def _outside(draw: Draw, dice: random.Random, sky: str = "#b9d0df", ground: str = "#a39a86") -> None:
    _room(draw, dice, sky, ground)
    for x in range(-40, WIDTH, 160):
        top = dice.randrange(300, 420)
        draw.rectangle((x, top, x + 130, FLOOR), fill=dice.choice(("#a9b4bb", "#b4bcc0", "#9fabb3")))
        for row in range(top + 24, FLOOR - 40, 52):
            for column in range(x + 16, x + 110, 38):
                draw.rectangle((column, row, column + 20, row + 26), fill="#8494a0")


def _person(draw: Draw, x: int, foot: int, coat: str, scale: float = 1.0) -> None:
    tall = int(210 * scale)
    head = int(26 * scale)
    top = foot - tall
    draw.ellipse((x - head, top, x + head, top + 2 * head), fill="#d7b08c", outline=INK, width=3)
    draw.rounded_rectangle((x - 38 * scale, top + 2 * head, x + 38 * scale, foot - 80 * scale), 14, fill=coat)
    for side in (-1, 1):
        knee = x + side * 18 * scale
        draw.line((knee, foot - 82 * scale, knee, foot), fill="#33404d", width=int(24 * scale))


def _wheel(draw: Draw, x: float, y: float, radius: float) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#23272b", outline="#55606a", width=6)
    draw.ellipse((x - radius / 3, y - radius / 3, x + radius / 3, y + radius / 3), fill="#aab3ba")


def stack(draw: Draw, dice: random.Random) -> None:
    """A door under a green sign, with planks and boxes before it."""
    _room(draw, dice)
    draw.rectangle((380, 150, 660, FLOOR), fill="#5c6d60", outline=INK, width=8)
    draw.rectangle((430, 88, 610, 136), fill="#1f8a4c")
    draw.polygon(((450, 112), (480, 98), (480, 126)), fill="white")
    draw.line((480, 112, 580, 112), fill="white", width=10)
    draw.rectangle((500, 350, 545, 410), fill="#d9b23a", outline=INK, width=4)
    for row in range(dice.randrange(4, 7)):
        left = 300 + dice.randrange(0, 60)
        for column in range(3):
            x, y = left + column * 150, FLOOR + 90 - row * 62
            draw.rectangle((x, y - 60, x + 146, y), fill=dice.choice(WOODS), outline=INK, width=3)
    for _ in range(6):
        x = dice.randrange(60, 280)
        draw.line((x, FLOOR + 120, x + 90, 180), fill=dice.choice(WOODS), width=18)


def bikes(draw: Draw, dice: random.Random) -> None:
    """Electric bikes in a stairwell, with wires hanging from above."""
    _room(draw, dice, "#c9c6bd", "#86837d")
    for step in range(7):
        draw.rectangle(
            (660 + step * 55, 470 - step * 62, WIDTH, 532 - step * 62), fill="#a8a49b", outline=INK
        )
    for number in range(dice.randrange(3, 5)):
        x = 110 + number * 190
        coat = dice.choice(PAINTS)
        wire = [(x + 60 + 30 * math.sin(y / 60), y) for y in range(0, 500, 20)]
        draw.line(wire, fill="#e8e4d8" if number % 2 else "#1d1d1d", width=5)
        _wheel(draw, x, 600, 52)
        _wheel(draw, x + 160, 600, 52)
        draw.line(((x, 600), (x + 70, 590), (x + 130, 480), (x + 160, 600)), fill=coat, width=18)
        draw.rectangle((x + 30, 500, x + 90, 580), fill=coat, outline=INK, width=3)
        draw.rounded_rectangle((x - 10, 470, x + 70, 496), 10, fill="#2b2b2b")
    draw.rectangle((60, 250, 210, 290), fill="#f3efe2", outline=INK, width=4)
    for number in range(4):
        draw.rectangle((76 + number * 32, 262, 96 + number * 32, 278), fill="#444444")


def barrels(draw: Draw, dice: random.Random) -> None:
    """A yard with barrels, some with a danger sign, one leaking."""
    _outside(draw, dice)
    for row in range(2):
        for number in range(dice.randrange(4, 7)):
            x, y = 90 + number * 150 + row * 60, 430 + row * 110
            paint = dice.choice(("#2f6690", "#35719f", "#b3362b", "#4b5a64"))
            draw.rectangle((x, y, x + 116, y + 170), fill=paint, outline=INK, width=4)
            draw.ellipse((x, y - 22, x + 116, y + 22), fill="#8aa4b8", outline=INK, width=4)
            if dice.random() < 0.5:
                middle = (x + 58, y + 92)
                points = [(middle[0] + 38 * dx, middle[1] + 38 * dy) for dx, dy in _DIAMOND]
                draw.polygon(points, fill="#f2b632", outline=INK)
                draw.line((middle[0], middle[1] - 16, middle[0], middle[1] + 8), fill=INK, width=8)
    draw.ellipse((300, 690, 620, 750), fill="#3f4a35")


_DIAMOND = ((0, -1), (1, 0), (0, 1), (-1, 0))


def scaffold(draw: Draw, dice: random.Random) -> None:
    """A house front behind a scaffold that leans."""
    draw.rectangle((0, 0, WIDTH, HEIGHT), fill="#c3d5e0")
    draw.rectangle((180, 80, 860, HEIGHT), fill="#b7a58f")
    for row in range(130, 700, 150):
        for column in range(230, 820, 150):
            draw.rectangle((column, row, column + 80, row + 90), fill="#5f7382", outline=INK, width=3)
    lean = dice.randrange(10, 40)
    for column in range(140, 920, 120):
        draw.line((column, HEIGHT, column + lean, 40), fill="#d0a13a", width=12)
    for row in range(110, HEIGHT, 140):
        if dice.random() < 0.8:
            draw.line((140, row, 900, row + 8), fill="#c08f2e", width=10)
            draw.rectangle((170, row - 12, 600, row), fill="#8a6a3d")
    _person(draw, 420, 390, "#e0762b", 0.7)


def sparks(draw: Draw, dice: random.Random) -> None:
    """A welder, sparks, and yellow foam boards beside."""
    _room(draw, dice, "#707a82", "#5b5f63")
    for number in range(5):
        draw.rectangle((640 + number * 62, 220, 696 + number * 62, FLOOR), fill="#ecd98a", outline="#bba44c")
    _person(draw, 330, 690, "#3e5468", 1.7)
    draw.rounded_rectangle((285, 330, 390, 440), 18, fill="#1e2226")
    draw.rectangle((310, 370, 365, 395), fill="#4a7f63")
    draw.line((370, 510, 520, 600), fill="#2b2f33", width=16)
    draw.rectangle((470, 620, 760, 650), fill="#8a949c", outline=INK, width=3)
    for _ in range(90):
        angle, reach = dice.uniform(-math.pi, 0.2), dice.uniform(30, 260)
        end = (525 + reach * math.cos(angle), 610 + reach * math.sin(angle))
        draw.line(((525, 610), end), fill=dice.choice(("#ffd75e", "#ff9c2a", "#fff3c4")), width=3)
    draw.ellipse((500, 585, 550, 635), fill="#fffbe0")


def bunks(draw: Draw, dice: random.Random) -> None:
    """Beds above and beside a work table, behind a barred window."""
    _room(draw, dice, "#d3cabb", "#7d766c")
    draw.rectangle((60, 90, 300, 300), fill="#a9c4d4", outline=INK, width=6)
    for x in range(85, 300, 30):
        draw.line((x, 90, x, 300), fill=INK, width=5)
    for row in range(2):
        y = 250 + row * 200
        draw.rectangle((480, y, 960, y + 26), fill=dice.choice(STEELS), outline=INK, width=3)
        draw.rounded_rectangle((500, y - 60, 940, y), 16, fill=dice.choice(PAINTS))
        draw.rounded_rectangle((840, y - 84, 930, y - 40), 14, fill="#f0ece2")
    for x in (480, 948):
        draw.rectangle((x, 120, x + 14, 660), fill="#59636c")
    draw.rectangle((70, 480, 400, 510), fill=WOODS[0], outline=INK, width=3)
    for number in range(6):
        left = 90 + number * 48
        draw.rectangle((left, 420 - dice.randrange(60), left + 44, 480), fill=dice.choice(WOODS), outline=INK)


def lorry(draw: Draw, dice: random.Random) -> None:
    """A lorry with far too much on it."""
    _outside(draw, dice, "#33475a" if dice.random() < 0.5 else "#b9d0df", "#5f5d58")
    draw.polygon(((250, 420), (330, 250), (760, 230), (880, 420)), fill="#b79d6a")
    for _ in range(120):
        x, y = dice.randrange(290, 840), dice.randrange(270, 415)
        draw.ellipse((x, y, x + 14, y + 10), fill=dice.choice(("#9c8453", "#cbb483", "#8a7348")))
    draw.rectangle((230, 410, 900, 560), fill=dice.choice(PAINTS), outline=INK, width=5)
    draw.rounded_rectangle((70, 340, 230, 590), 20, fill="#d7dde1", outline=INK, width=5)
    draw.rectangle((92, 365, 190, 450), fill="#6d8698")
    for x in (150, 350, 470, 720, 840):
        _wheel(draw, x, 620, 60)


def bottles(draw: Draw, dice: random.Random) -> None:
    """Gas bottles beside a stove."""
    _room(draw, dice, "#e2ddd2", "#8c857a")
    draw.rectangle((560, 400, 960, 430), fill="#9aa4ab", outline=INK, width=4)
    draw.rectangle((590, 430, 930, 640), fill="#7c878f", outline=INK, width=4)
    for x in (640, 790):
        draw.polygon(((x, 400), (x + 22, 330), (x + 46, 400)), fill="#e8772e")
        draw.ellipse((x - 40, 280, x + 90, 340), fill="#3b4248", outline=INK)
    for number in range(dice.randrange(3, 5)):
        x = 70 + number * 125
        draw.rounded_rectangle((x, 380, x + 105, 680), 44, fill=dice.choice(STEELS), outline=INK, width=4)
        draw.rectangle((x + 36, 345, x + 70, 384), fill="#a58a3c", outline=INK, width=3)
        draw.arc((x + 40, 260, x + 300, 470), 180, 300, fill="#d1622b", width=9)


def pit(draw: Draw, dice: random.Random) -> None:
    """A shaft or pit without a rail; somebody goes down, nobody watches."""
    _outside(draw, dice)
    draw.ellipse((240, 560, 780, 740), fill="#4c4942", outline="#2d2b27", width=8)
    draw.ellipse((290, 590, 730, 725), fill="#1a1917")
    _person(draw, 520, 770, "#e0762b", 0.9)
    for side in (410, 470):
        draw.line((side - 40, 470, side, 720), fill="#c9a24a", width=10)
    for rung in range(6):
        draw.line((372 + rung * 7, 500 + rung * 38, 434 + rung * 7, 500 + rung * 38), fill="#c9a24a", width=8)
    draw.ellipse((800, 610, 960, 690), fill="#777d82", outline=INK, width=6)


def dust(draw: Draw, dice: random.Random) -> None:
    """A machine and pipes under a thick layer of dust."""
    _room(draw, dice, "#b7b1a4", "#97907f")
    draw.rectangle((150, 320, 620, 620), fill="#5d6f7d", outline=INK, width=6)
    draw.ellipse((240, 380, 420, 560), fill="#3a454e", outline=INK, width=6)
    draw.line((620, 380, 820, 380, 820, 90, WIDTH, 90), fill="#8b959c", width=56)
    for _ in range(700):
        x = dice.randrange(WIDTH)
        y = int(dice.triangular(0, HEIGHT, HEIGHT))
        size = dice.randrange(2, 6)
        draw.ellipse((x, y, x + size, y + size), fill=dice.choice(("#e6dfcc", "#d8cfb6", "#f0eadb")))
    for x in (120, 420, 700):
        draw.pieslice((x, 590, x + 300, 760), 180, 360, fill="#e0d8c2")


def van(draw: Draw, dice: random.Random) -> None:
    """A small van with far too many heads behind its windows."""
    _outside(draw, dice)
    paint = dice.choice(("#d8dcdf", "#c9a23a", "#7fa3bd"))
    draw.rounded_rectangle((130, 300, 900, 610), 50, fill=paint, outline=INK, width=6)
    for window in range(4):
        left = 180 + window * 170
        draw.rectangle((left, 340, left + 140, 450), fill="#57707f", outline=INK, width=4)
        for head in range(3):
            x = left + 10 + head * 44
            draw.ellipse((x, 385 + dice.randrange(20), x + 38, 430), fill="#d7b08c")
    for x in (280, 750):
        _wheel(draw, x, 615, 64)


def crane(draw: Draw, dice: random.Random) -> None:
    """A crane with a load over people."""
    _outside(draw, dice)
    mast = dice.randrange(200, 320)
    for y in range(60, FLOOR, 40):
        draw.line((mast, y, mast + 50, y + 40), fill="#c08f2e", width=5)
    for side in (mast, mast + 50):
        draw.line((side, 60, side, FLOOR), fill="#d0a13a", width=10)
    draw.line((mast - 140, 90, 900, 90), fill="#d0a13a", width=16)
    draw.rectangle((mast - 150, 96, mast - 60, 160), fill="#6b6f73")
    draw.line((720, 95, 720, 360), fill=INK, width=4)
    draw.rectangle((590, 360, 850, 392), fill="#8e3b2e", outline=INK, width=3)
    _person(draw, 690, 690, "#e0762b", 0.8)
    _person(draw, 790, 700, "#2f6690", 0.8)


def smoke(draw: Draw, dice: random.Random) -> None:
    """Chimneys of a works at night, with a yellow cloud."""
    _room(draw, dice, "#27323d", "#3b3a37")
    for number in range(3):
        x = 180 + number * 250
        draw.polygon(((x, FLOOR), (x + 20, 220), (x + 80, 220), (x + 100, FLOOR)), fill="#525c65")
        for puff in range(9):
            size = 40 + puff * 12
            left = x + 20 + puff * dice.randrange(16, 30)
            draw.ellipse((left, 190 - puff * 20, left + size * 2, 190 - puff * 20 + size), fill="#b8a85a")
    draw.rectangle((60, 430, 960, FLOOR), fill="#434d55", outline="#1d2328", width=5)
    for x in range(100, 940, 70):
        draw.rectangle((x, 470, x + 34, 510), fill=dice.choice(("#e7c766", "#2b343b")))


def cracks(draw: Draw, dice: random.Random) -> None:
    """Glass floor panels, cracked and held with tape."""
    draw.rectangle((0, 0, WIDTH, HEIGHT), fill="#8fb39a")
    for row in range(3):
        for column in range(3):
            x, y = 60 + column * 310, 40 + row * 240
            draw.rectangle((x, y, x + 290, y + 220), fill="#b7d5dc", outline="#5b6b72", width=10)
    x, y = 520, 390
    for _ in range(26):
        angle, reach = dice.uniform(0, 2 * math.pi), dice.uniform(60, 150)
        middle = (x + reach / 2 * math.cos(angle), y + reach / 2 * math.sin(angle + 0.2))
        draw.line(
            ((x, y), middle, (x + reach * math.cos(angle), y + reach * math.sin(angle))),
            fill="white",
            width=4,
        )
    for tilt in (-50, 40):
        draw.line((390, 390 + tilt, 650, 390 - tilt), fill="#c9b37a", width=30)


def flames(draw: Draw, dice: random.Random) -> None:
    """Burning straw at the edge of a wood."""
    _room(draw, dice, "#c9d3d6", "#9a8a58")
    for number in range(14):
        x, top = number * 78 - 20, dice.randrange(170, 300)
        draw.rectangle((x + 42, top + 120, x + 56, FLOOR), fill="#5b4632")
        draw.polygon(
            ((x, FLOOR - 40), (x + 49, top), (x + 98, FLOOR - 40)), fill="#3d6146", outline="#31503a"
        )
    for number in range(11):
        x, tall = 180 + number * 62, dice.randrange(60, 150)
        draw.polygon(((x, 680), (x + 30, 680 - tall), (x + 62, 680)), fill="#e2662a")
        draw.polygon(((x + 16, 680), (x + 32, 680 - tall // 2), (x + 48, 680)), fill="#f7c948")
    for puff in range(12):
        x = 260 + puff * 55
        draw.ellipse((x, 420 - puff * 30, x + 150, 500 - puff * 30), fill="#aeb4b4")


def boat(draw: Draw, dice: random.Random) -> None:
    """A boat full of people without life jackets."""
    _room(draw, dice, "#bcd6e4", "#5f93ab")
    for number in range(8):
        _person(draw, 250 + number * 72, 600, dice.choice(PAINTS), 0.75)
    draw.polygon(((140, 560), (890, 560), (800, 680), (230, 680)), fill="#c7402f", outline=INK)
    draw.line((190, 470, 840, 470), fill="#f3efe2", width=14)


def wires(draw: Draw, dice: random.Random) -> None:
    """Power lines that hang low over a road."""
    _outside(draw, dice)
    for x in (150, 860):
        draw.rectangle((x, 140, x + 26, 690), fill="#6d5a44", outline=INK, width=3)
        draw.rectangle((x - 50, 170, x + 76, 188), fill="#6d5a44")
    for offset in (-40, 10, 60):
        line = [(150 + x, 180 + 1.55 * x * (710 - x) / 710) for x in range(0, 711, 30)]
        draw.line([(x + offset / 2, y) for x, y in line], fill="#1d1d1d", width=5)
    draw.rectangle((420, 500, 620, 640), fill=dice.choice(PAINTS), outline=INK, width=4)
    for x in (460, 580):
        _wheel(draw, x, 650, 36)


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        stack, bikes, barrels, scaffold, sparks, bunks, lorry, bottles, pit, dust, van, crane, smoke, cracks,
        flames, boat, wires,
    )
}  # fmt: skip
