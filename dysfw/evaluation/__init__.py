"""Evaluates and compares recipes on labelled images."""
