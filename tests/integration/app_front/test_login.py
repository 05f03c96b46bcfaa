"""The form's log-in for one ward, in Chromium: who is not in sees nothing, and who was in leaves nothing."""
