"""Tests of what is measured with: a measurement that cannot fail measures nothing."""
