"""Draws a table of bench/debuggers: bench/plot.py <TABLE >PICTURE.svg.

A line of it has the number of functions, the time in ms for them merged, that for one
of them, and the time with an image for each.
"""

import math
import sys

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 700, 400, 70, 56, 160, 48


def main():
    curves = {"merged": [], "an image each": []}
    for line in sys.stdin:
        count, merged, _, single = [float(word) for word in line.split()[:4]]
        curves["merged"].append((count, merged / 1000))
        curves["an image each"].append((count, single / 1000))
    counts = [count for count, _ in curves["merged"]]
    times = [time for curve in curves.values() for _, time in curve]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def x(count):
        share = math.log(count / counts[0]) / math.log(counts[-1] / counts[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(seconds):
        share = (math.log10(seconds) - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="{WIDTH}" height="{HEIGHT}">\n'
        "<style>text { font: 13px sans-serif; fill: #222 } "
        ".title { font-weight: bold } "
        ".end { text-anchor: end } .mid { text-anchor: middle }"
        " path { fill: none; stroke-width: 2 } "
        ".grid { stroke: #ddd; stroke-width: 1 }</style>\n"
        '<rect width="100%" height="100%" fill="#fff"/>\n'
        '<text x="16" y="26" class="title">Functions registered one at a time '
        "while gdb is attached: how long it takes</text>"
    )
    for power in range(low, high + 1):
        at = y(10.0**power)
        print(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        place = f'x="{LEFT - 8}" y="{at + 4:.1f}"'
        print(f'<text {place} class="end">{10.0**power:g} s</text>')
    for count in counts:
        at = x(count)
        print(f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        place = f'x="{at:.1f}" y="{HEIGHT - 26}"'
        print(f'<text {place} class="mid">{count:.0f}</text>')
    print(f'<text x="{LEFT}" y="{HEIGHT - 8}">functions</text>')
    colours = {"merged": "#3a8f5c", "an image each": "#c4472f"}
    for how, curve in curves.items():
        line = "L".join(f"{x(count):.1f} {y(time):.1f}" for count, time in curve)
        print(f'<path stroke="{colours[how]}" d="M{line}"/>')
        count, time = curve[-1]
        place = f'x="{x(count) + 8:.1f}" y="{y(time) + 4:.1f}"'
        print(f"<text {place}>{how}: {time:.3g} s</text>")
    print("</svg>")


main()
