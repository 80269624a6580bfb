"""To other systems and back; each in a module of its own, which needs that system."""
