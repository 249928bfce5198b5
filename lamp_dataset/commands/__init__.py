"""The subcommands of ``lamp-dataset``, one module per family."""
