"""What a person looks up: signs by a few letters, the signs of a condition, and the ranking of all diseases."""
