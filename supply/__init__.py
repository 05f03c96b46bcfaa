"""What the platform is built of: known vulnerabilities, dangerous code, secrets, and bills of materials."""
