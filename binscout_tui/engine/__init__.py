"""The local inference process: its server, and the client that the app and the commands use."""
