"""MTCNN as a dysfw detector and FaceNet as a dysfw backbone, with facenet-pytorch's networks."""
