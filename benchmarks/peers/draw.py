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
    chart = pygal.XY(
        title=plot["title"], x_title="leads", y_title="ms", style=STYLE, logarithmic=True, width=860,
        height=430, dots_size=3, js=(), no_prefix=True, legend_at_bottom=False, show_minor_x_labels=False,
        x_value_formatter=lambda leads: f"{leads:,.0f}", value_formatter=lambda ms: f"{ms:,.0f}",
    )  # fmt: skip
    chart.x_labels = plot["sizes"]
    for name, points in plot["curves"].items():
        chart.add(name, [tuple(point) for point in points])
    Path(plot["file"]).write_bytes(chart.render())


if __name__ == "__main__":
    for one in json.load(sys.stdin):
        draw(one)
