"""Sweeps over a recipe's fields: what each point costs and gives, and which of them are worth having."""
