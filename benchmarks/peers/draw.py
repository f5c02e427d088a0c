"""Draws the plots of RESULTS.md, which benchmarks/report.py describes as JSON on its input."""

import json
import sys
from math import log10
from pathlib import Path
from typing import Any

import pygal
from pygal.style import Style

STYLE = Style(
    background="white", plot_background="white", foreground="#333", foreground_strong="#000",
    foreground_subtle="#999", font_family="sans-serif", label_font_size=13, legend_font_size=13,
    title_font_size=16, major_label_font_size=13, guide_stroke_color="#ddd", major_guide_stroke_color="#bbb",
    # Told apart by those who do not see red or green too (Okabe and Ito).
    colors=("#0072b2", "#d55e00", "#009e73", "#000000", "#cc79a7"),
)  # fmt: skip


def draw(plot: dict[str, Any]) -> None:
    """Write one plot: milliseconds from nothing upwards, over leads that grow by factors of ten."""
    chart = pygal.XY(
        title=plot["title"], x_title="leads", y_title=plot["unit"], style=STYLE, width=860, height=430,
        dots_size=4, js=(), no_prefix=True, range=(0, plot["top"]), margin_right=50,
        legend_at_bottom=True, value_formatter=lambda ms: f"{ms:,.0f}", stroke_style={"width": 2},
    )  # fmt: skip
    chart.x_labels = [{"value": log10(leads), "label": f"{leads:,}"} for leads in plot["sizes"]]
    for name, points in plot["curves"].items():
        chart.add(name, [(log10(leads), ms) for leads, ms in points])
    Path(plot["file"]).write_bytes(chart.render())


if __name__ == "__main__":
    for one in json.load(sys.stdin):
        draw(one)
