"""Which of many images look alike: vectors on disk, exact search, groups, a map. Pure numpy; files of its own alone."""
