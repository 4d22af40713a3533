"""The tables' history. Files are applied in the order of their names; each depends on the one before."""
