"""Windows over a screen: questions, menus, forms, and text to read."""
