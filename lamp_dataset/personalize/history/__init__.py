"""A user's history as training data: pairs of input and output made of profile items, user by user.

Three rules need the whole split; ``rows_by_user.py`` has them, and what is distinct in the profiles, mostly copies:

* Whose rows are they? Rows without ``user_id`` belong together if their profiles do, see
  :func:`~lamp_dataset.personalize.users.inference.users_of`.
* What is a leak? What any row of the user asks about, or its gold, in this split and in those to exclude.
* In which order do they come? Users by their ids, and the rows of a user by theirs, whatever their order in the file.

All else looks at one user: ``pair_profiles.py`` at what a pair sees of the other items, and ``pair_texts.py`` at what
it asks and answers.
"""
