"""Tests of the training; its programs lie in model/, which is no package."""
