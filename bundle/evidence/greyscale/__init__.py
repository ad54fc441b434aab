"""What the window that is found is worth: how little metal moves it, and what becomes of bone."""
