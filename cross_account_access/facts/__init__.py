"""What AWS publishes: numbers, names and tables, never a judgement; both sides may import it."""
