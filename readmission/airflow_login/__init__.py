"""Who may log in to Airflow where people have accounts in it: in Docker and on Kubernetes."""
