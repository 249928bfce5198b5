"""The commands of ``lamp-metric``: thin edges around the library."""
