# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws a table of bench/debuggers and one of bench/code-cache.

    bench/plot.py TABLE TABLE >PICTURE

A line of the first has the number of functions, and the times in ms in gdb for them
sharing images, for one of them, and with an image for each; one of the second the
number, and the times in µs of a replacement without a debugger, with an image for each
and, behind two others, with the library.
"""

import math
import sys

PANEL, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 500, 380, 70, 56, 165, 48
COLOURS = {"the library": "#3a8f5c", "an image each": "#c4472f"}


def read(path, columns):
    curves = {how: [] for how in columns}
    with open(path, encoding="utf-8") as table:
        for line in table:
            words = line.split()
            for how, (column, scale) in columns.items():
                curves[how].append((float(words[0]), float(words[column]) * scale))
    return curves


def panel(title, unit, curves, x0):
    counts = [count for count, _ in next(iter(curves.values()))]
    times = [time for curve in curves.values() for _, time in curve]
    low = math.floor(math.log10(min(times)))
    high = max(low + 1, math.ceil(math.log10(max(times))))
    left, right = x0 + LEFT, x0 + PANEL - RIGHT

    def x(count):
        part = math.log(count / counts[0]) / math.log(counts[-1] / counts[0])
        return left + part * (right - left)

    def y(time):
        part = (math.log10(time) - low) / (high - low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    print(f'<text x="{x0 + 16}" y="26" class="title">{title}</text>')
    for power in range(low, high + 1):
        at = y(10.0**power)
        print(f'<path class="grid" d="M{left} {at:.1f}H{right}"/>')
        place = f'x="{left - 8}" y="{at + 4:.1f}"'
        print(f'<text {place} class="end">{10.0**power:g} {unit}</text>')
    for count in counts:
        at = x(count)
        print(f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        print(f'<text x="{at:.1f}" y="{HEIGHT - 26}" class="mid">{count:.0f}</text>')
    print(f'<text x="{left}" y="{HEIGHT - 8}">functions</text>')
    for how, curve in curves.items():
        line = "L".join(f"{x(count):.1f} {y(time):.1f}" for count, time in curve)
        print(f'<path stroke="{COLOURS[how]}" d="M{line}"/>')
        count, time = curve[-1]
        place = f'x="{x(count) + 8:.1f}" y="{y(time) + 4:.1f}"'
        print(f"<text {place}>{how}: {time:.{0 if time >= 10 else 1}f} {unit}</text>")


def main():
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * PANEL} {HEIGHT}"'
        f' width="{2 * PANEL}" height="{HEIGHT}">\n'
        "<style>text { font: 13px sans-serif; fill: #222 } "
        ".title { font-weight: bold } "
        ".end { text-anchor: end } .mid { text-anchor: middle }"
        " path { fill: none; stroke-width: 2 } "
        ".grid { stroke: #ddd; stroke-width: 1 }</style>\n"
        '<rect width="100%" height="100%" fill="#fff"/>'
    )
    in_gdb = read(sys.argv[1], {"the library": (1, 0.001), "an image each": (3, 0.001)})
    panel("With gdb: registered one at a time, in all", "s", in_gdb, 0)
    replaced = read(sys.argv[2], {"the library": (4, 1), "an image each": (1, 1)})
    panel("Without a debugger: one of them replaced", "µs", replaced, PANEL)
    print("</svg>")


main()
