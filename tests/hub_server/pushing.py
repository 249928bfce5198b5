"""What processes that push import."""

import lamp_dataset.__main__
import lamp_dataset.commands.export_push
import lamp_dataset.hub.push
import lamp_dataset.lamp  # noqa: F401
