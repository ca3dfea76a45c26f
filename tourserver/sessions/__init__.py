"""Webinars and guided tours: when they are, in which zone, what they show, who leads them."""
