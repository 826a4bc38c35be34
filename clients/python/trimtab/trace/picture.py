"""An iteration as SVG: a row for each rank, instructions as boxes, bubbles by what caused them.

The colours are Okabe and Ito's, which stay apart for colour-blind readers; kinds of bubble also differ by hatching, so
that they stay apart in print.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from .instructions import Executed
from .iterations import Iteration

WIDTH, LEFT, RIGHT, ROW, TOP = 1100, 70, 40, 34, 64
COLOURS = {"forward": "#56b4e9", "backward": "#e69f00", "inputGradient": "#e69f00", "weightGradient": "#009e73",
           "recompute": "#cc79a7", "recomputeBackward": "#d55e00"}
OVERLAPPED = "#f0e442"
NAMES = {"forward": "forward", "backward": "backward", "inputGradient": "input gradient",
         "weightGradient": "weight gradient", "recompute": "recompute", "recomputeBackward": "recompute + backward"}


def _box(x: float, y: float, width: float, fill: str, title: str, stroke: str = "#333") -> str:
    return (f'<rect x="{x:.2f}" y="{y:.1f}" width="{max(width, 0.3):.2f}" height="{ROW - 8}" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="0.5"><title>{escape(title)}</title></rect>')


def to_svg(iteration: Iteration, title: str) -> str:
    """The picture; boxes have tooltips. `title` stands above it."""
    scale = (WIDTH - LEFT - RIGHT) / (iteration.end - iteration.start)

    def x(time: int) -> float:
        return LEFT + (time - iteration.start) * scale

    parts: list[str] = []
    ranks = [share.rank for share in iteration.shares]
    for row, rank in enumerate(ranks):
        y = TOP + row * ROW
        parts.append(f'<text x="{LEFT - 8}" y="{y + ROW / 2 - 1:.1f}" text-anchor="end">rank {rank}</text>')
        parts.append(_box(LEFT, y, WIDTH - LEFT - RIGHT, "#f4f4f4", "no instruction", "none"))
        parts.extend(_row(iteration, rank, y, x))
    height = TOP + len(ranks) * ROW + 60
    parts.extend(_axis(iteration, TOP + len(ranks) * ROW, x))
    parts.extend(_legend(iteration.instructions, height - 14))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12">'
        '<defs><pattern id="transfer" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff"/>'
        '<rect width="3" height="6" fill="#d55e00"/></pattern></defs>'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f'<text x="{LEFT}" y="22" font-size="15">One iteration, {iteration.seconds:.4f} s</text>'
        f'<text x="{LEFT}" y="44" fill="#444">{escape(title)}</text>{"".join(parts)}</svg>')


def _row(iteration: Iteration, rank: int, y: float, x: object) -> Iterable[str]:
    assert callable(x)
    came = {(one.receiver, one.direction, one.stage, one.microbatch): one for one in iteration.transfers}
    free = iteration.start
    for ran in (one for one in iteration.instructions if one.rank == rank):
        for direction, stage, microbatch in ran.action.producers(1 << 30):
            transfer = came.get((rank, direction, stage, microbatch))
            if transfer is None:
                continue
            arrived = min(max(ran.arrival if ran.arrival is not None else ran.start, free), ran.start)
            left = arrived - round(transfer.exposed_seconds * 1e9)
            if left > free:
                yield _box(x(free), y, x(left) - x(free), "#c8c8c8",
                           f"waits for {stage}{direction}{microbatch}: {(left - free) / 1e9:.4f} s", "none")
            if arrived > left:
                yield _box(x(left), y, x(arrived) - x(left), "url(#transfer)",
                           f"{stage}{direction}{microbatch} is on its way: {(arrived - left) / 1e9:.4f} s", "none")
        fill = COLOURS.get(ran.action.kind, OVERLAPPED)
        width = x(ran.end) - x(ran.start)
        yield _box(x(ran.start), y, width, fill, f"{ran.action.cell}: {ran.seconds:.4f} s")
        if width > 9 * len(ran.action.cell):
            yield (f'<text x="{x(ran.start) + width / 2:.1f}" y="{y + ROW / 2 - 1:.1f}" '
                   f'text-anchor="middle">{ran.action.cell}</text>')
        free = ran.end


def _axis(iteration: Iteration, y: float, x: object) -> Iterable[str]:
    assert callable(x)
    for tick in range(6):
        time = iteration.start + (iteration.end - iteration.start) * tick // 5
        yield (f'<text x="{x(time):.1f}" y="{y + 14}" text-anchor="middle" fill="#444">'
               f"{(time - iteration.start) / 1e9:.3f} s</text>")


def _legend(instructions: Iterable[Executed], y: float) -> Iterable[str]:
    kinds = {ran.action.kind for ran in instructions}
    entries = [(NAMES[kind], COLOURS[kind]) for kind in COLOURS if kind in kinds]
    if kinds - set(COLOURS):
        entries.append(("forward with backward", OVERLAPPED))
    entries += [("waits for a sender that computes", "#c8c8c8"), ("message on its way", "url(#transfer)"),
                ("other", "#f4f4f4")]
    position = float(LEFT)
    for name, fill in entries:
        yield (f'<rect x="{position:.0f}" y="{y - 11}" width="14" height="13" fill="{fill}" stroke="#333" '
               f'stroke-width="0.5"/><text x="{position + 19:.0f}" y="{y}">{name}</text>')
        position += 19 + 7.2 * len(name) + 18
