// Draws the trend of the dashboard from the table beside it, which is the source and stays for everybody.
// Without echarts the table stands open, as it does without JavaScript.

const LINES = [
  { colour: "--blue-ink", line: "solid", symbol: "circle" },
  { colour: "--amber-ink", line: "dashed", symbol: "rect" },
  { colour: "--green-ink", line: "solid", symbol: "triangle" },
  { colour: "--violet-ink", line: "dotted", symbol: "diamond" },
];

function readTable(table) {
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].reverse();
  return {
    days: rows.map((row) => row.cells[0].textContent.trim()),
    series: names.map((name, column) => ({
      name,
      links: rows.map((row) => row.cells[column + 1].querySelector("a")),
    })),
  };
}

function lineOf({ name, links }, { colour, line, symbol }, ink) {
  return {
    name,
    type: "line",
    data: links.map((link) => Number(link.textContent)),
    symbol,
    symbolSize: links.length > 31 ? 4 : 7,
    color: ink(colour),
    lineStyle: { type: line, width: 2 },
  };
}

function optionOf(numbers, isStill) {
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue(name).trim();
  const text = { color: ink("--ink-soft"), fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    animation: !isStill,
    textStyle: text,
    grid: { left: 8, right: 16, top: 44, bottom: 8, containLabel: true },
    // Hiding a line would need the mouse; the table says each number to everybody.
    legend: { top: 4, selectedMode: false, textStyle: text, itemWidth: 34 },
    // Drawn on the canvas: the policy forbids the styles of an HTML tooltip.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: ink("--surface-raised"),
      borderColor: ink("--line-strong"),
      textStyle: { ...text, color: ink("--ink") },
    },
    xAxis: {
      type: "category",
      data: numbers.days,
      axisLabel: { color: ink("--ink-soft"), formatter: (day) => day.slice(5) },
      axisLine: { lineStyle: { color: ink("--line-strong") } },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      axisLabel: { color: ink("--ink-soft") },
      splitLine: { lineStyle: { color: ink("--line") } },
    },
    series: numbers.series.map((one, number) => lineOf(one, LINES[number % LINES.length], ink)),
  };
}

function drawTrend(panel) {
  const numbers = readTable(panel.querySelector("table"));
  const place = panel.querySelector(".chart");
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  place.hidden = false;
  const chart = window.echarts.init(place, null, { renderer: "canvas" });
  const draw = () => chart.setOption(optionOf(numbers, stillness.matches), true);
  draw();
  chart.on("click", ({ seriesIndex, dataIndex }) => numbers.series[seriesIndex].links[dataIndex].click());
  new ResizeObserver(() => chart.resize()).observe(place);
  for (const query of [stillness, matchMedia("(prefers-color-scheme: dark)")]) {
    query.addEventListener("change", draw);
  }
  panel.querySelector("details").open = false;
}

if (window.echarts) document.querySelectorAll("[data-trend]").forEach(drawTrend);
