"""What is known of a patient beside the images: signs, age, sex and ancestry."""
