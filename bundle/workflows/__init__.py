"""The front door: commands that start the workflows of the configs, with short options and from any folder."""
