"""The program of the story; the engine runs it as a folder of plain modules."""
