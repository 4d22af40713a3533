"""Personal data: what is stored about a person, its history, and the download of it."""
