"""The data set outside of this library: Parquet files with a card, in a folder or in a private repository of the Hub.

``folders`` writes folders that are whole or not there; ``parquet`` writes the rows; ``export`` puts both together.
``remote`` speaks to the Hub, ``guard`` says when not to send, ``push`` what to send; ``readback`` reads it.
"""
