"""Files and folders that appear whole or not at all.

A leaf: it imports nothing of ours, and every package may use it.
"""

from lamp_dataset.atomic.file import PRIVATE, check_not_input, check_replaceable, real_path, write_whole
from lamp_dataset.atomic.folder import one_run, whole_folder, work_folder

__all__ = [
    "PRIVATE",
    "check_not_input",
    "check_replaceable",
    "one_run",
    "real_path",
    "whole_folder",
    "work_folder",
    "write_whole",
]
