"""The map: who reaches what, as a graph and in three formats."""
