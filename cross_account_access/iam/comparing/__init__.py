"""What differs in access between two inventories of policy documents, and how to say it."""
