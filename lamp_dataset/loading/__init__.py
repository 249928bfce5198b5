"""Official files as Arrow tables, and the name ``"lamp"`` in ``datasets``."""
