"""Risk-coverage curves as files: the points as JSON, and a picture."""

from __future__ import annotations

import json
from pathlib import Path

from knowledge.errors import BadInput
from knowledge.evaluation import Report


def write_curve(report: Report, folder: Path, name: str) -> list[Path]:
    """Write `NAME.risk-coverage.json` and `.png`, baselines beside.

    Raises:
        BadInput: The folder cannot be written to.
    """
    curves = {"guichet": report.curve} | {
        system: baseline.curve for system, baseline in report.baselines.items()
    }
    points = folder / f"{name}.risk-coverage.json"
    picture = points.with_suffix(".png")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        points.write_text(json.dumps(curves, indent=1) + "\n", "utf-8")
        _draw(curves, report.title, picture)
    except OSError as exc:
        raise BadInput(f"{folder} cannot be written to: {exc.strerror}") from exc
    return [points, picture]


def _draw(curves: dict[str, list[dict[str, float]]], title: str, file: Path) -> None:
    # The figure draws on the Agg canvas of its own: no display, no global state.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for system, curve in curves.items():
        coverage = [point["coverage"] for point in curve]
        risk = [point["risk"] for point in curve]
        is_ours = system == "guichet"
        axes.step(
            coverage,
            risk,
            where="post",
            label=system,
            linewidth=2 if is_ours else 1,
            zorder=3 if is_ours else 2,
        )
    axes.set(
        title=title,
        xlabel="coverage: share of questions answered",
        ylabel="risk: share of answers that are wrong",
        xlim=(0, 1),
        ylim=(0, 1),
    )
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=120)
