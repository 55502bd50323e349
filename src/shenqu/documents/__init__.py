"""The values that pass between the stages: frozen, equal by value, each with one JSON form."""
