"""The scores of the LaMP benchmark, exact and repeatable."""
