"""`POST /predict/batch`: up to 10,000 encounters in one request, one commit of the log and one answer."""
