"""Fine-tuning of a backbone for each region."""
