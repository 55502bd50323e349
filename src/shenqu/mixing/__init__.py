"""From stems to the finished mix."""
