"""A headless browser walks the dialogs of a real Home Assistant; run by hand."""
