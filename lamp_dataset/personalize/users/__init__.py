"""The users of samples: who they are, subsets of them, their figures, and their profiles swapped."""
