"""An evidence file on paper: A4, in a font that every reader has because the paper brings it.

Loaded only when a paper is drawn: the library and the font take longer than a page. What is drawn are plain
texts, and no mark in them does anything. The same sheet gives the same bytes.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Table, TableStyle

from lead_system.web.evidence_sheet import Grid, PaperSheet, PaperStep

FONT_FILE = Path(__file__).resolve().parent.parent / "vendor" / "NotoSansSC_400Regular.ttf"
"""Fetched by scripts/fetch_assets; it lies outside of static/, since no browser is sent ten megabytes."""

_INK, _SOFT, _LINE, _BRAND, _BAND = (
    HexColor(f"#{code}") for code in ("1a1d21", "59616c", "d5d9de", "07703a", "f3f5f6")
)
_MARGIN, _FOOT = 18 * mm, 20 * mm
_PADDING = 6
"""What the library puts inside of a page's margins."""

_WIDTH = A4[0] - 2 * _MARGIN
_TIME = 19 * mm
"""How far the steps stand from the margin, in which their times stand."""


def draw_paper(sheet: PaperSheet) -> bytes:
    """Return the paper as PDF."""
    drawn = BytesIO()
    document = SimpleDocTemplate(
        drawn, pagesize=A4, invariant=1, title=sheet.title, author="", lang=sheet.language,
        leftMargin=_MARGIN - _PADDING, rightMargin=_MARGIN - _PADDING,
        topMargin=16 * mm, bottomMargin=_FOOT + 4 * mm,
    )  # fmt: skip
    styles = _Styles(is_chinese=sheet.language == "zh-CN")
    document.build(list(_flow(sheet, styles)), canvasmaker=_canvas_with_feet(sheet))
    return drawn.getvalue()


@cache
def _font() -> str:
    """Return the font's name, read once in the life of a process.

    Where it could not be fetched, a paper is better than none: it then names a font that readers of Chinese
    bring with them, and looks as theirs does.
    """
    if FONT_FILE.exists():
        registerFont(TTFont("Noto Sans SC", str(FONT_FILE)))
        return "Noto Sans SC"
    registerFont(UnicodeCIDFont("STSong-Light"))
    return "STSong-Light"


class _Styles:
    """The ways in which texts stand on the paper. Chinese breaks between any two characters."""

    def __init__(self, *, is_chinese: bool) -> None:
        self._breaks: dict[str, Any] = {"wordWrap": "CJK"} if is_chinese else {}
        self.title = self._style(19, 26, spaceAfter=1 * mm)
        self.lead = self._style(9.5, 14, textColor=_SOFT, spaceAfter=4 * mm)
        self.heading = self._style(
            12.5, 18, textColor=_BRAND, spaceBefore=6 * mm, spaceAfter=2 * mm, keepWithNext=1
        )
        self.day = self._style(
            9.5,
            14,
            spaceBefore=3 * mm,
            spaceAfter=1 * mm,
            keepWithNext=1,
            backColor=_BAND,
            borderPadding=(1, 3, 2, 3),
        )
        self.text = self._style(9.5, 14.5, spaceAfter=1.5 * mm)
        self.cell = self._style(8.5, 12.5)
        self.label = self._style(8.5, 12.5, textColor=_SOFT)
        step = {"leftIndent": _TIME}
        self.whom = self._style(
            9.5, 14, spaceBefore=2.4 * mm, keepWithNext=1, bulletFontName=_font(), bulletFontSize=9.5,
            bulletIndent=0, **step,
        )  # fmt: skip
        self.told = self._style(9.5, 14, **step)
        self.words = self._style(9, 13.5, textColor=_SOFT, leftIndent=_TIME + 3 * mm)
        self.who = self._style(8, 12, textColor=_SOFT, **step)

    def _style(self, size: float, leading: float, **more: Any) -> ParagraphStyle:
        said = {"fontName": _font(), "fontSize": size, "leading": leading, "textColor": _INK}
        return ParagraphStyle("", **{**said, **self._breaks, **more})


def _flow(sheet: PaperSheet, styles: _Styles) -> Sequence[Flowable]:
    flow: list[Flowable] = [_text(sheet.title, styles.title), _text(sheet.lead, styles.lead)]
    flow.append(_facts(sheet.facts, styles))
    for section in sheet.sections:
        flow.append(_text(section.title, styles.heading))
        flow += [_text(text, styles.text) for text in section.texts]
        if section.grid is not None:
            flow.append(_grid(section.grid, styles))
        for day, steps in section.days:
            flow.append(_text(day, styles.day))
            flow += [_step(step, styles) for step in steps]
    return flow


def _text(text: str, style: ParagraphStyle, bullet: str | None = None) -> Paragraph:
    """Return a text as it is: what looks like marks in it was typed by people, and is shown, not obeyed."""
    return Paragraph(_shown(text), style, bulletText=bullet)


def _titled(title: str, rule: str, style: ParagraphStyle) -> Paragraph:
    """Return what happened, and beside it in another colour by which rule."""
    return Paragraph(f'<font color="{_BRAND.hexval()}">{_shown(title)}</font>  {_shown(rule)}', style)


def _shown(text: str) -> str:
    seen = "".join(one for one in text if one >= " " or one == "\n")
    return escape(seen, quote=False).replace("\n", "<br/>")


def _facts(facts: Sequence[tuple[str, str]], styles: _Styles) -> Flowable:
    rows = [[_text(label, styles.label), _text(text, styles.cell)] for label, text in facts]
    table = Table(rows, colWidths=[0.24 * _WIDTH, 0.76 * _WIDTH], splitInRow=1)
    table.setStyle(TableStyle([*_RULED, ("LINEABOVE", (0, 0), (-1, 0), 1, _BRAND)]))
    return table


_RULED = (
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
    ("LEFTPADDING", (0, 0), (-1, -1), 2),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 2.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
)


def _grid(grid: Grid, styles: _Styles) -> Flowable:
    if not grid.rows:
        return _text(grid.nothing, styles.text)
    head = [_text(heading, styles.label) for heading in grid.headings]
    rows = [[_text(cell, styles.cell) for cell in row] for row in grid.rows]
    widths = [part * _WIDTH for part in grid.widths]
    table = Table([head, *rows], colWidths=widths, repeatRows=1, splitInRow=1)
    table.setStyle(TableStyle([*_RULED, ("BACKGROUND", (0, 0), (-1, 0), _BAND)]))
    return table


def _step(step: PaperStep, styles: _Styles) -> Flowable:
    told = [_titled(title, rule, styles.told) for title, rule in step.told]
    words = [_text(text, styles.words) for text in step.words]
    whom = _text(step.whom, styles.whom, bullet=step.time)
    return KeepTogether([whom, *told, *words, _text(step.who, styles.who)])


def _canvas_with_feet(sheet: PaperSheet) -> type[Canvas]:
    """Return a canvas that writes the foot of every page once it knows how many there are."""

    class FootedCanvas(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "initialFontName": _font()})
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the library's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                _draw_foot(self, sheet, sheet.page.format(page=number, pages=len(self._pages)))
                super().showPage()
            super().save()

    return FootedCanvas


def _draw_foot(canvas: Canvas, sheet: PaperSheet, page: str) -> None:
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.5)
    canvas.line(_MARGIN, _FOOT, A4[0] - _MARGIN, _FOOT)
    canvas.setFillColor(_SOFT)
    canvas.setFont(_font(), 7.5)
    canvas.drawString(_MARGIN, _FOOT - 4.2 * mm, sheet.foot)
    canvas.drawRightString(A4[0] - _MARGIN, _FOOT - 4.2 * mm, page)
    canvas.setFont(_font(), 6.5)
    canvas.drawString(_MARGIN, _FOOT - 8 * mm, sheet.foot_more)
