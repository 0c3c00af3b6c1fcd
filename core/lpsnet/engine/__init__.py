"""What works through many files: prediction, and drawing data sets of scenes."""
