"""Run a function when a module is imported, without importing it, and teach a library one more name.

``import lamp_dataset`` must not cost the second and the 140 MB that ``import datasets`` costs, yet
``datasets.load_dataset("lamp")`` must work after it, whichever of the two comes first.
"""

from __future__ import annotations

import functools
import importlib.abc
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType


def when_imported(name: str, callback: Callable[[ModuleType], None]) -> None:
    """Call ``callback(module)`` once the module ``name`` is loaded: now if it already is, else when it is imported.

    Args:
        name: dotted name of the module to wait for.
        callback: called with the loaded module; may be called twice, as after a reload.
    """
    if name not in sys.modules:
        sys.meta_path.insert(0, _Finder(name, callback))
    if name in sys.modules:  # another thread may have begun between these two lines
        callback(import_module(name))  # waits if another thread is still importing it


def patch_factory(name: str, module: ModuleType, factory: str, answer: Callable[[], object]) -> None:
    """Wrap ``module.<factory>(path, …)``, by which a library finds what it loads, so that it knows one more name.

    Args:
        name: the path to answer; the library's own function answers all others.
        module: the library's module; wrapping it again for the same name does nothing.
        factory: name of the function in it.
        answer: gives what the function returns for ``name``.
    """
    find = getattr(module, factory)
    if name in getattr(find, "knows", ()):
        return

    @functools.wraps(find)
    def find_ours_too(path, *args, **kwargs):
        return answer() if path == name else find(path, *args, **kwargs)

    find_ours_too.knows = (*getattr(find, "knows", ()), name)
    setattr(module, factory, find_ours_too)


class _Finder(importlib.abc.MetaPathFinder):
    """Lets the other finders find, and wraps the loader of the one module it waits for."""

    def __init__(self, name: str, callback: Callable[[ModuleType], None]) -> None:
        self.name, self.callback = name, callback

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        finders = sys.meta_path[sys.meta_path.index(self) + 1 :]
        specs = (finder.find_spec(fullname, path, target) for finder in finders if hasattr(finder, "find_spec"))
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self.callback)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader, callback: Callable[[ModuleType], None]) -> None:
        self.loader, self.callback = loader, callback

    def __getattr__(self, name: str):
        return getattr(self.loader, name)

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # The module gets its own loader back: inspect and pickle look at it.
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.callback(module)
