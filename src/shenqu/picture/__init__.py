"""From a Performance to shots and captions, and how they are drawn."""
