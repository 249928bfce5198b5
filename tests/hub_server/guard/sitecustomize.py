"""Loaded by each process of the tests: a look-up or connection outside loopback fails and is written down.

Waits of half a second and more are written down, too, instead of waited for.
"""

import os
import socket
import time

LOOPBACK = ("127.0.0.1", "localhost", "::1", None, "", b"127.0.0.1", b"localhost")


def _note(kind, what):
    with open(os.path.join(os.environ["LOOPBACK_GUARD"], f"{kind}.txt"), "a", encoding="utf-8") as file:
        file.write(f"{what}\n")


def _outside(host):
    if host in LOOPBACK:
        return
    _note("outside", host)
    raise OSError(f"{host}: outside loopback")


_getaddrinfo, _connect = socket.getaddrinfo, socket.socket.connect


def getaddrinfo(host, *args, **kwargs):
    _outside(host)
    return _getaddrinfo(host, *args, **kwargs)


def connect(self, address):
    if isinstance(address, tuple):
        _outside(address[0])
    return _connect(self, address)


_sleep = time.sleep


def sleep(seconds):
    if seconds < 0.5:
        return _sleep(seconds)
    _note("waits", seconds)


if "LOOPBACK_GUARD" in os.environ:
    socket.getaddrinfo, socket.socket.connect, time.sleep = getaddrinfo, connect, sleep
