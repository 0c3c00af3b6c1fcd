"""Tables whose rows are sorted by any column: their order, their models and how they are shown."""
