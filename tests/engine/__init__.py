"""Tests of the engine, which run where Home Assistant is not installed too."""
