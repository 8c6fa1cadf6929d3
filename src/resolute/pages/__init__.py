"""What every HTML page of Resolute shares: its style, words, tables, and how templates are filled."""
