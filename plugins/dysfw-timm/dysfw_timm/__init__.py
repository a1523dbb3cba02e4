"""Any timm model as a dysfw backbone."""
