"""Files and folders that appear whole or not at all.

A leaf: it imports nothing of ours, and every package may use it.
"""

from lamp_dataset.atomic.file import real_path, write_whole
from lamp_dataset.atomic.folder import whole_folder, work_folder

__all__ = ["real_path", "whole_folder", "work_folder", "write_whole"]
