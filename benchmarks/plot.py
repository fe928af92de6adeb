"""The comparison drawn: each engine's time over the limit of the machine, one row a workload."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.report import NEAR, engines_of
from benchmarks.speed import Results

STYLES: dict[str, tuple[str, str, float]] = {
    "symgrad": ("#c0392b", "D", 0.0),
    "numpy": ("#7f8c8d", "s", -0.1),
    "torch": ("#e08e0b", "o", -0.2),
    "torch.compile": ("#7b4a12", "^", -0.2),
    "jax": ("#2471a3", "o", -0.1),
    "pytensor": ("#1e8449", "v", -0.2),
    "autograd": ("#8e44ad", "P", -0.1),
}
"""Engine -> colour, marker, and how far above its row's line it stands: times that are nearly equal stay apart."""
ROW_INCHES = 0.5


def need_matplotlib() -> None:
    """Say at once if the picture could not be drawn after a long run."""
    if find_spec("matplotlib") is None:
        raise SystemExit("--plot wants matplotlib, which is not installed: pip install matplotlib")


def draw(results: Results, file: Path) -> None:
    """Write the picture; the file's ending says of which kind."""
    need_matplotlib()
    import matplotlib as mpl

    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "benchmarks"  # the same picture of the same figures
    mpl.rcParams["font.size"] = 9
    from matplotlib import pyplot

    comparisons = results.comparisons
    figure, axes = pyplot.subplots(figsize=(8.0, 1.5 + ROW_INCHES * len(comparisons)), layout="constrained")
    for engine in engines_of(comparisons):
        colour, marker, height = STYLES[engine]
        points = [
            (comparison.medians[engine] / comparison.bound[1], row - height)
            for row, comparison in enumerate(comparisons)
            if engine in comparison.times
        ]
        if not points:
            continue
        first = engine == "symgrad"
        for x, y in points if first else []:
            above: dict[str, Any] = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center"}
            axes.annotate(f"{x:.3g}x", (x, y), color=colour, fontsize=8, **above)
        axes.scatter(
            [x for x, _ in points],
            [y for _, y in points],
            s=60 if first else 34,
            color=colour,
            marker=marker,
            label=engine,
            zorder=4 if first else 3,
            edgecolors="white",
            linewidths=0.6,
        )
    _frame(axes, results)
    figure.legend(loc="outside upper center", ncols=len(STYLES), frameon=False, handletextpad=0.2, columnspacing=1.2)
    metadata = {"Date": None} if file.suffix == ".svg" else None
    figure.savefig(file, dpi=160, metadata=metadata, facecolor="white")
    pyplot.close(figure)


def _frame(axes: Any, results: Results) -> None:
    """Axes, lines for the rows, and what can be reached at best."""
    comparisons = results.comparisons
    axes.set_xscale("log")
    axes.set_ylim(len(comparisons) - 0.4, -0.6)
    axes.set_yticks(range(len(comparisons)), [comparison.workload for comparison in comparisons])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=min(0.8, axes.get_xlim()[0] * 1.5))
    for row in range(len(comparisons)):
        axes.axhline(row, color="#e5e5e5", linewidth=1, zorder=1)
    axes.axvspan(1, 1 / NEAR, color="#fadbd8", zorder=0)
    axes.axvline(1, color="#555555", linewidth=1, zorder=2)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}x")
    axes.grid(axis="x", which="major", color="#eeeeee", zorder=0)
    axes.set_xlabel(f"time of a call over the limit of this machine (shaded: {NEAR:.0%} of the limit or better)")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
