"""The report's plots as SVG text: shares with intervals, intents, times.

Labels are names and numbers, so one plot serves both languages; captions and alternative texts are
the report's. The same numbers give the same bytes. No global figure: safe beside other threads.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from serving.evaluation.tally import Share

INK: Final = "#1f2933"
QUIET: Final = "#9aa5b1"
COLOURS: Final[Mapping[str, str]] = {
    "all": "#1f2933",
    "en": "#0b6e99",
    "zh": "#b4541a",
}  # tell apart without colour: marker
MARKERS: Final[Mapping[str, str]] = {"all": "D", "en": "o", "zh": "s"}
MAX_BARS: Final = 15


def shares(rows: Sequence[tuple[str, Mapping[str, Share]]]) -> str:
    """Dots with 95 % intervals: a row a metric, a marker a slice (``all``, ``en``, ``zh``)."""
    figure, axes = _figure(7.2, 0.8 + 0.42 * len(rows))
    labelled: set[str] = set()
    for place, (_, by_slice) in enumerate(rows):
        offsets = {name: (i - (len(by_slice) - 1) / 2) * 0.22 for i, name in enumerate(by_slice)}
        for name, share in by_slice.items():
            if share.value is None:
                continue
            low, high = share.interval
            y = place + offsets[name]
            colour = COLOURS.get(name, QUIET)
            axes.plot([low, high], [y, y], color=colour, linewidth=1.6, alpha=0.55)
            axes.plot(
                [share.value], [y], MARKERS.get(name, "o"), color=colour, markersize=5,
                label=None if name in labelled else name,
            )  # fmt: skip
            labelled.add(name)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(-0.01, 1.01)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.5 / len(rows) - 0.03), ncols=3, frameon=False, fontsize=9)
    return _svg(figure)


def bars(counts: Sequence[tuple[str, int]]) -> str:
    """Horizontal bars, longest first; the ones beyond ``MAX_BARS`` as one bar ``…``."""
    shown = list(counts[:MAX_BARS])
    if rest := sum(count for _, count in counts[MAX_BARS:]):
        shown.append(("…", rest))
    figure, axes = _figure(7.2, 0.6 + 0.3 * len(shown))
    axes.barh(range(len(shown)), [count for _, count in shown], color=COLOURS["en"], height=0.62)
    for place, (_, count) in enumerate(shown):
        axes.text(count, place, f" {count}", va="center", fontsize=9, color=INK)
    axes.set_yticks(range(len(shown)), [name for name, _ in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xticks([])
    axes.margins(x=0.12)
    return _svg(figure)


def times(series: Sequence[tuple[str, Sequence[float]]], limits: Sequence[float]) -> str:
    """Cumulative shares of times in seconds, with the limits as dotted lines."""
    figure, axes = _figure(7.2, 2.9)
    for (name, values), colour, style in zip(series, ("#0b6e99", "#b4541a"), ("-", "--"), strict=False):
        ordered = sorted(values)
        heights = [(i + 1) / len(ordered) for i in range(len(ordered))]
        axes.step([0.0, *ordered], [0.0, *heights], where="post", color=colour, linestyle=style, label=name)
    for limit in limits:
        axes.axvline(limit, color=QUIET, linestyle=":", linewidth=1)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    axes.set_yticks([0, 0.5, 0.95, 1], ["0 %", "50 %", "95 %", ""])
    axes.set_xlabel("s", fontsize=9)
    axes.grid(color="#e4e7eb", linewidth=0.8)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return _svg(figure)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # 0.3 s that the command line need not wait for

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#cbd2d9")
    axes.tick_params(length=0, labelsize=9, colors=INK)
    return figure, axes


def _svg(figure: Any) -> str:
    import matplotlib

    out = io.StringIO()
    # text stays text: it can be searched and read aloud, and is drawn in the reader's font
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tactful", "font.family": "DejaVu Sans"}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :].replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
