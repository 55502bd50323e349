"""Array mathematics that never heard of songs."""
