"""A user's history as training data: pairs of input and output made of profile items, each user once."""
