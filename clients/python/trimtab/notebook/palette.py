"""Colours that survive colour-blindness and print (Okabe and Ito, 2008), and a scale for clocks."""

from __future__ import annotations

BOUND = "#0072B2"
PLAN = "#D55E00"
CHOSEN = "#000000"
BASELINE = "#CC79A7"
PRICE = "#009E73"
WAITING = "#E8E8E8"
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
# Slow clocks dark, fast ones light; its lightness rises evenly, so that it can be read in grey.
CLOCK_SCALE = "cividis"
