"""The dataset outside this library: Parquet files with a card, in a folder or in a private repository of the Hub.

``parquet`` writes the rows, ``card`` the README. ``export`` puts them into a folder; ``push`` sends them: ``remote``
speaks to the Hub and says when not to send, ``request_watch`` checks each request, and ``failures`` says which are
repeated.
"""
