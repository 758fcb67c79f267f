"""Files beside pictures: what is wrong with them, and mending it through the operations log."""
