"""Statistics: measures, bootstrap, intervals, folds and quantiles, by patient."""
