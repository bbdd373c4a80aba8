"""The daily index: observations of the spot market become one price that can be audited."""
