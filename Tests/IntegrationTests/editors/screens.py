"""Screens of a terminal as SVG: one as a picture, several as a film that repeats."""

from html import escape

COLUMN, ROW, MARGIN = 8.0, 17.0, 12.0  # of a cell, in pixels
STYLE = "text{font:13.3px 'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}"


def _rows(screen):
    shapes = []
    for number, runs in enumerate(screen):
        column = 0
        for text, color, bold in runs:
            word = text.strip(" ")
            if word:
                lead = len(text) - len(text.lstrip(" "))
                look = (f' fill="{color}"' if color else "") + (' font-weight="700"' if bold else "")
                # The length keeps columns in line, whatever font the reader has.
                shapes.append(
                    f'<text x="{MARGIN + COLUMN * (column + lead):g}" y="{MARGIN + ROW * (number + 0.8):g}" '
                    f'textLength="{COLUMN * len(word):g}" lengthAdjust="spacingAndGlyphs"{look}>{escape(word)}</text>')
            column += len(text)
    return "".join(shapes)


def svg(screens, seconds):
    """The screens after each other, each for its seconds; a single one stands still."""
    rows, columns = len(screens[0]), sum(len(text) for text, _, _ in screens[0][0])
    width, height = 2 * MARGIN + COLUMN * columns, 2 * MARGIN + ROW * rows
    frames, count = [], len(screens)
    for number, screen in enumerate(screens):
        film = ""
        if count > 1:
            states = ["visible" if number == one else "hidden" for one in range(count)]
            film = (f'<animate attributeName="visibility" calcMode="discrete" values="{";".join(states)}" '
                    f'dur="{seconds * count:g}s" repeatCount="indefinite"/>')
        hidden = ' visibility="hidden"' if number > 0 else ""
        frames.append(f"<g{hidden}>{film}{_rows(screen)}</g>")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">'
            f'<style>{STYLE}</style><rect width="100%" height="100%" rx="6" fill="#262626"/>'
            f'<g fill="#e4e4e4">{"".join(frames)}</g></svg>\n')
