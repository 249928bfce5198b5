"""The users of samples: who they are, who resembles whom, subsets, figures, and swapped profiles."""
