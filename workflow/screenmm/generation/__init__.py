"""New molecules from known ones: proposers, what checks what they propose, and routes to it."""
