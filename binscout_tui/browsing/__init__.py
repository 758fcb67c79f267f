"""Looking through the library without a screen: which images, in which order, where one is, and the trash."""
