"""Break programs in turn: their tests must notice."""
