"""Programs of chapter 5, common concurrency issues and solutions."""
