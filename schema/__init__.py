"""What the graph offers. It reads like its SDL; how a field gets its data is in resolvers/."""
