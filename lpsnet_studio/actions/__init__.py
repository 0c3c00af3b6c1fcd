"""Every action of the window in one table, a file a menu, and what is built from it."""
