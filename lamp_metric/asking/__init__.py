"""Asking a model for answers. Each is on disk as soon as it arrives; a served model gets several questions at a time.

This is not in an example because every script that asks needs the same care: nothing is asked twice or lost at a stop,
no key is shown, and texts under a license stay on this machine.
"""
