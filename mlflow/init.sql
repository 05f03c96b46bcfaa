-- The tracking server's schema; its account and grant are made by compose/mysql/start.sh,
-- since an SQL file gets no variables. `migrate.py` creates the tables.
CREATE DATABASE IF NOT EXISTS mlflow CHARACTER SET utf8mb4;
