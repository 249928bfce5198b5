"""The benchmark's files: each format is read and written in one module here."""
