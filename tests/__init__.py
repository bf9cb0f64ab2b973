"""Tests of Cry Detector."""
