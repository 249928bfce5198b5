"""What talking to any server needs: secrets that are not shown, and pauses as the server says."""
