"""What is known of signs, diseases and typical faces beside the training data of a recipe. Plugins provide it."""
