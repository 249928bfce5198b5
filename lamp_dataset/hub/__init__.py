"""The dataset outside this library: Parquet files with a card, in a folder or in a private repository of the Hub.

``plan`` says which files there will be, ``parquet`` writes the rows and ``card`` the README; ``export`` puts them into
a folder. ``push`` sends them: ``remote`` speaks to the Hub, ``request_watch`` checks each request, ``retry`` repeats
them, and ``guard`` says when not to send.
"""
