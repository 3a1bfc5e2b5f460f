"""What an operator can ask of koppel, as functions: the CLI calls them, a web page can too."""
