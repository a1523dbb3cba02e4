"""Reading and writing of bundles: trained recipes on disk."""
