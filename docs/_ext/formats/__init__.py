"""The site in other forms: a book, copies for tools, an archive."""
