"""What becomes of pages as a whole: made anew when due, searched, explained."""
