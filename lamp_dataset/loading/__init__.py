"""Official files as Arrow tables, and how ``datasets`` finds the name ``"lamp"``."""
