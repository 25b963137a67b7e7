"""The engine, judged by AWS's own pages."""
