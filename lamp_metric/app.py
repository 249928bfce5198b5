"""The entry point of a Space on the Hub: the metric's page."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # This folder holds lamp_metric.py, the script for evaluate, which would hide the package of the same name.
    here = Path(__file__).resolve().parent
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != here]

    from lamp_metric.space.page import MAX_UPLOAD, build

    build().launch(max_file_size=MAX_UPLOAD, show_error=True, ssr_mode=False)
