"""Scores to learn from: rewards, feedback on the items of profiles, and pairs of a better and a worse answer."""
