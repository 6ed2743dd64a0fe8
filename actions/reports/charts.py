"""Charts as SVG pictures, one for light and one for dark pages."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Eleven tones that colour-blind readers tell apart (after Paul Tol), light to read on
# either ground; whatever they show stands in a table beside the chart as well.
TONES = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377",
    "#bb9944", "#7788cc", "#99aa33", "#cc7799", "#889999",
)  # fmt: skip
INK = {"light": "#3d474f", "dark": "#c3ccd4"}
# Text stays text, and the same data give the same file.
STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "guichet", "font.size": 9}


@dataclass(frozen=True)
class Chart:
    """One chart as `data:` addresses."""

    light: str
    dark: str


def stacked(
    labels: Sequence[str], series: Mapping[str, Sequence[int]], *, width: float = 12.0
) -> Chart:
    """Bars side by side, one for each label, made of the series.

    Args:
        labels: Under the bars; some are left out where there are many.
        series: Name for the legend to one value for each label.
        width: In inches at 72 points.
    """
    return Chart(*(_stacked(labels, series, INK[ground], width) for ground in INK))


def bars(values: Mapping[str, int], *, width: float = 4.0) -> Chart:
    """Lying bars, in the order given."""
    return Chart(*(_bars(values, INK[ground], width) for ground in INK))


def _stacked(
    labels: Sequence[str], series: Mapping[str, Sequence[int]], ink: str, width: float
) -> str:
    with rc_context(STYLE):
        figure = Figure(figsize=(width, 3.2), layout="constrained")
        axes = figure.add_subplot()
        floor = [0] * len(labels)
        for tone, (name, values) in zip(TONES, series.items(), strict=False):
            axes.bar(range(len(labels)), values, bottom=floor, color=tone, label=name)
            floor = [a + b for a, b in zip(floor, values, strict=True)]
        step = max(1, -(-len(labels) // 10))
        axes.set_xticks(range(0, len(labels), step), labels[::step])
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        if len(series) > 1:
            figure.legend(
                loc="outside right upper", frameon=False, labelcolor=ink, fontsize=8
            )
        return _drawn(figure, ink)


def _bars(values: Mapping[str, int], ink: str, width: float) -> str:
    with rc_context(STYLE):
        figure = Figure(
            figsize=(width, 0.5 + 0.26 * max(1, len(values))), layout="constrained"
        )
        axes = figure.add_subplot()
        drawn = axes.barh(list(values), list(values.values()), color=TONES[0])
        axes.bar_label(drawn, padding=3, color=ink)
        axes.invert_yaxis()
        axes.set_xticks([])
        return _drawn(figure, ink)


def _drawn(figure: Figure, ink: str) -> str:
    for axes in figure.axes:
        for side in ("top", "right", "bottom", "left"):
            axes.spines[side].set_visible(side == "left")
            axes.spines[side].set_color(ink)
        axes.tick_params(colors=ink, length=0)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    return f"data:image/svg+xml;base64,{b64encode(drawn.getvalue()).decode()}"
