"""The data set outside of this library: Parquet files with a card, in a folder or in a private repository of the Hub.

``folders`` writes folders that are whole or not there; ``parquet`` writes the rows; ``export`` puts both together.
``remote`` speaks to the Hub, ``push`` decides what to send and when not to, ``readback`` reads it as a stranger would.
"""
