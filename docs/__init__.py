"""The pages of the guide, and what builds them."""
