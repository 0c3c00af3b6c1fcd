"""What frames the canvas: banner, welcome, status bar, notifications, the card of shortcuts."""
