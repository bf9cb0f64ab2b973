"""A nursery made by code, and a Home Assistant that listens to it."""
