"""Finds and loads plugins, and looks up what they register."""
