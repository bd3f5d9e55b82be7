"""What may be shown: every block accounted for, on the pages as on the site."""
