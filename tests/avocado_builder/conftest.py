import os
import shutil
from pathlib import Path

import fake_avocado
import pytest


@pytest.fixture(scope="session")
def stock(tmp_path_factory):
    """A collection and its id files, made once; tests that change them take a copy."""
    root = tmp_path_factory.mktemp("stock")
    names = fake_avocado.write_collection(root / "avocado-1.0.2")
    fake_avocado.write_ids(root / "ids", names, rows=12, items=9)
    fake_avocado.write_ids(root / "time_ids", names, time_based=True, rows=12, items=9)
    return root


@pytest.fixture
def place(stock, tmp_path):
    """A copy of the stock: ``avocado-1.0.2``, ``ids``, ``time_ids``."""
    shutil.copytree(stock, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def snapshot():
    def take(root):
        """Everything below a folder: kind, permissions, content, times of change."""
        found = {}
        for folder, _, names in os.walk(root):
            for path in [Path(folder), *(Path(folder, name) for name in names)]:
                stat = path.stat()
                content = path.read_bytes() if path.is_file() else None
                found[path] = (stat.st_mode, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, content)
        return found

    return take
