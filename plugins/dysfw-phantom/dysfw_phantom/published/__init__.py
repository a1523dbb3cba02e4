"""Published cases and annotations of diseases, from which data sets are drawn. LICENCES.md names their sources."""
