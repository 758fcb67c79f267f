"""Where pictures come from: sources, the rules of when a file is ready, and the process that runs them."""
