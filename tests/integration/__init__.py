"""Tests of the integration, in a real Home Assistant core, on sound that is really decoded."""
