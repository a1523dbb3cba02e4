"""Pretraining of backbones on identities, and their verification on pairs of images."""
