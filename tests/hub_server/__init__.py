"""A Hub on loopback: what a private push and a load rely on, and no more.

``store.py`` keeps repositories, ``routes.py`` says how the Hub answers, ``xet.py`` reads what the Xet client stored,
``server.py`` puts it behind TLS, logs each request and makes faults on order. Standard library, ``trustme`` for the
certificates, and ``hf_xet`` in Xet mode.
"""

from hub_server.server import Fault, Hub

__all__ = ["Fault", "Hub"]
