"""How ``load_dataset("lamp", …)`` and ``evaluate.load("lamp_metric", …)`` find our modules by those names.

The function by which a library finds what it loads is wrapped as soon as the library is imported, and not before:
``import lamp_dataset`` must not cost the second and the 140 MB that ``import datasets`` costs, yet
``datasets.load_dataset("lamp")`` must work after it, whichever of the two comes first. Which functions these are, and
what they answer, say ``datasets_internals`` and ``evaluate_internals``.
"""

import functools
import importlib.abc
import importlib.util
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from types import ModuleType


def when_imported(name: str, callback: Callable[[ModuleType], None]) -> None:
    """Call ``callback(module)`` whenever the module ``name`` is loaded: now if it already is, and at each import.

    It may be called twice, as after a reload. What is in ``sys.modules`` need not be the real module: tests put stubs
    and mocks there.
    """
    sys.meta_path.insert(0, _Finder(name, callback))
    if sys.modules.get(name) is not None:  # None: its import is blocked; it may be allowed again later
        callback(import_module(name))  # waits if another thread is still importing it


def patch_factory(name: str, module: ModuleType, factory: str, answer: Callable[..., object]) -> None:
    """Wrap ``module.<factory>(path, …)``, by which a library finds what it loads: ``name`` gets ``answer(…)``.

    Another spelling of that name, as in ``"LaMP"``, is an error with a hint unless it is a path: the library would look
    for it on the Hub, for a long time. Wrapping a module again for the same name does nothing, and a stub without such
    a function or a mock is left alone.
    """
    find = getattr(module, factory, None)
    known = getattr(find, "knows", ())
    if find is None or not isinstance(known, tuple) or name in known:  # a mock has something else as ``knows``
        return

    @functools.wraps(find)
    def find_ours_too(path, *args, **kwargs):
        if path == name:
            return answer(*args, **kwargs)
        if isinstance(path, str) and path.lower().replace("-", "_") == name and not os.path.exists(path):
            raise FileNotFoundError(f"found nothing under the name {path!r}; did you mean {name!r}?")
        return find(path, *args, **kwargs)

    find_ours_too.knows = (*known, name)
    setattr(module, factory, find_ours_too)


class _Finder(importlib.abc.MetaPathFinder):
    """Lets the other finders find, and wraps the loader of the one module it waits for."""

    def __init__(self, name: str, callback: Callable[[ModuleType], None]) -> None:
        self.name, self.callback = name, callback
        self._busy = threading.local()

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name or getattr(self._busy, "finding", False):
            return None
        self._busy.finding = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy.finding = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self.callback)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader, callback: Callable[[ModuleType], None]) -> None:
        self.loader, self.callback = loader, callback

    def __getattr__(self, name: str):
        if name == "loader":  # while it is copied
            raise AttributeError(name)
        return getattr(self.loader, name)

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # The module gets its own loader back, since inspect and pickle look at it; a tool's wrapper stays.
        for holder, name in ((module, "__loader__"), (module.__spec__, "loader")):
            if getattr(holder, name, None) is self:
                setattr(holder, name, self.loader)
        self.loader.exec_module(module)
        self.callback(module)
