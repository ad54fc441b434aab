"""What tools, evidence and release have in common."""
