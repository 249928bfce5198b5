"""Evaluation harnesses: the rows that they ask, and the answers that they log."""
