"""New molecules from known ones: proposers, what checks their proposals, and routes to make them."""
