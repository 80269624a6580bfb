"""Conversion to other packages and back, with a module for each package."""
