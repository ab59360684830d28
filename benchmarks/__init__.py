"""What is measured, with the peer beside it where one exists."""
