"""From an Arrangement to a Performance, and from that to the sung voice."""
