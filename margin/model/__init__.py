"""What a person entered, its JSON and its link, and how it becomes the engine's books."""
