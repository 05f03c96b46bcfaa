"""Triggers the DAGs through Airflow's REST API and follows them, from any place."""
