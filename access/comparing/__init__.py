"""What differs in access between two inventories, and what no text tells apart."""
