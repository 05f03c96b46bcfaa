"""What a shadow said beside the version that answered, over the logged predictions of both."""
