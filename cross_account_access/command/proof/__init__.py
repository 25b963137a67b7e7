"""Whether documents allow what is declared and nothing more, decided for every request."""
