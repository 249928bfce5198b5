"""From a row with its profile to what a model reads: retrieval, prompts, :class:`Personalizer`."""
