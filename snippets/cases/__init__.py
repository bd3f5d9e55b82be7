"""Programs of chapter 7, real-world application cases."""
