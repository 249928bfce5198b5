"""A user's history as training data: pairs of an input and an output made of profile items, user by user.

``user_items.py`` has what depends on the whole split: whose each row is, which items a user has, and which of them are
leaks. ``pairs.py`` has what depends on the user's items alone: what a pair asks, answers and sees.
"""
