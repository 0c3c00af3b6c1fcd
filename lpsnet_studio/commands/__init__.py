"""What the actions do: a class a group, one small method an action. Questions are asked here, the session knows."""
