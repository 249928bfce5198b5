"""Predictions on their way in: files, records and values, joined to their golds and checked."""
