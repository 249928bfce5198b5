"""LaMP in lm-evaluation-harness: a folder of task files for its ``--include_path``, and the functions they name."""
