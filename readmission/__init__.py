"""Predicts whether a diabetic patient will be readmitted to hospital within 30 days."""
