"""Programs of chapter 4, asynchronous programming and coroutines."""
