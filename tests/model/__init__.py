"""The model-based test: the real services beside a small model of the job, step by step."""
