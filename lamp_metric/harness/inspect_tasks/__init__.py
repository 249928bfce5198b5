"""LaMP in inspect_ai: the task ``lamp_metric/lamp``, found by the entry point of the installed package."""
