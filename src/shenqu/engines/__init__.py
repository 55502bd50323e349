"""Adapters to outside models and analysers; nothing else of shenqu knows their names."""
