"""What this terminal can show, and the bytes that show it: kitty graphics, sixel, half blocks."""
