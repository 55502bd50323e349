"""How well it arranges."""
