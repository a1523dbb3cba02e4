"""MTCNN as a dysfw detector, with the networks of facenet-pytorch."""
