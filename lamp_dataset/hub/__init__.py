"""The dataset outside this library: Parquet files with a card, in a folder or in a private repository of the Hub."""
