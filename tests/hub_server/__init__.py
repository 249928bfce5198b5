"""A Hub on loopback: what a private push and a load rely on, and no more.

``store.py`` keeps repositories, ``routes.py`` says how the Hub answers, ``xet.py`` reads what the Xet client stored,
``server.py`` puts it behind TLS, logs each request and makes faults on order; ``pushing.py`` is for its clients.
Standard library, ``trustme`` for the certificates, and ``hf_xet`` in Xet mode.
"""

from hub_server.server import Fault, Hub

#: What reading a repository imports; datasets looks into scipy when it streams.
READING = ("datasets", "huggingface_hub.hf_api", "fsspec.implementations.http", "scipy.io")

__all__ = ["READING", "Fault", "Hub"]
