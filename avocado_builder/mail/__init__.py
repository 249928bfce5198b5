"""Subject and body of a mail, exactly as the benchmark has them."""
