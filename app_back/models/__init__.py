"""The model that answers: followed in the registry, proven before it serves, kept on disk for when MLflow is gone."""
