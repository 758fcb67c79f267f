"""Images that look alike: what is known of them, who is near whom, and the vectors of the active model."""
