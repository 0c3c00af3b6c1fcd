"""Training, evaluation and prediction in processes that outlive the window."""
