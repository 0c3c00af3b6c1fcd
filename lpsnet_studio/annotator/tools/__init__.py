"""What the mouse does on the canvas while annotating: one class a tool, in image coordinates and without Qt."""
