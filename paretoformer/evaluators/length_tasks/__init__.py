"""Text-format problems of graded size, by which generalisation to greater lengths is measured."""
