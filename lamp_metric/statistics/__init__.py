"""Intervals, tests and corrections: what is drawn, and how systems compare."""
