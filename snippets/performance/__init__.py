"""Programs of chapter 6, performance optimization and debugging."""
