"""How training and evaluation grow with the number of images, conditions and dimensions."""
