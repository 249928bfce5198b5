"""The metric's page on the Hub."""
