"""Draws the plots of RESULTS.md, which benchmarks/report.py describes as JSON on its input."""

import json
import sys
from pathlib import Path
from typing import Any

import pygal
from pygal.style import Style

STYLE = Style(
    background="white", plot_background="white", foreground="#333", foreground_strong="#000",
    foreground_subtle="#999", font_family="sans-serif", label_font_size=13, legend_font_size=13,
    title_font_size=16, major_label_font_size=13,
)  # fmt: skip


def draw(plot: dict[str, Any]) -> None:
    """Write one plot: milliseconds over the number of leads, both growing by factors of ten."""
    most = _whole_power_above(plot)
    chart = pygal.XY(
        title=plot["title"], x_title="leads", y_title="ms", style=STYLE, logarithmic=True, width=860,
        height=430, dots_size=3, js=(), no_prefix=True, range=(1, most), margin_right=50,
        x_value_formatter=lambda leads: f"{leads:,.0f}", value_formatter=lambda ms: f"{ms:,.0f}",
    )  # fmt: skip
    chart.x_labels = plot["sizes"]
    chart.y_labels = [
        step * power for power in (1, 10, 100, 1000) for step in (1, 2, 5) if step * power <= most
    ]
    for name, points in plot["curves"].items():
        chart.add(name, [tuple(point) for point in points])
    Path(plot["file"]).write_bytes(chart.render())


def _whole_power_above(plot: dict[str, Any]) -> int:
    """Return a power of ten above all points: from 1 ms to there, little growth looks little."""
    most = max(ms for points in plot["curves"].values() for _leads, ms in points)
    return int(10 ** max(2, len(str(int(most)))))


if __name__ == "__main__":
    for one in json.load(sys.stdin):
        draw(one)
