"""The personalized prompt: the chosen items and the input in one text, within a budget of tokens."""
