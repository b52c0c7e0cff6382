"""Predictors of cost, learned from tables of measurements: one a file, found by importing this folder."""
