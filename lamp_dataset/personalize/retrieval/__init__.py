"""Which items of a profile belong to a sample's input: queries, documents and rankers."""
